//! One purchase, from the order to whatever becomes of it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use http::Method;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::ledger::{Paid, Wanted};
use crate::market::{Ask, Door, Reply};
use crate::people::{Answer, Person};

use super::Shop;
use super::offers::named;

/// What somebody is up to.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) buyer: Arc<Person>,
    pub(crate) ticket: Uuid,
    pub(crate) quantity: u32,
    pub(crate) door: Door,
    /// Whether the order is sent through both doors at once, under one key.
    pub(crate) twice: bool,
    pub(crate) fate: Fate,
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing, so that it expires.
    Forgotten,
    /// It is paid.
    Paid,
    /// It is paid by two requests at once, under one key.
    PaidTwice,
    /// It is paid with a second card, after the first was declined.
    Declined,
    /// It is paid, and the gateway keeps silent.
    Silent,
    /// It is cancelled.
    Cancelled,
    /// It is paid and cancelled at once.
    Torn,
    /// It is paid about when its time runs out, so many milliseconds after it began.
    Late(u64),
}

/// A payment that is asked for.
struct Charge<'a> {
    order: Uuid,
    card: &'a str,
    key: &'a str,
}

impl Purchase {
    /// What the next person is up to.
    pub(super) fn draw(shop: &Shop, chance: &mut StdRng) -> Option<Self> {
        Some(Self {
            buyer: shop.buyer(chance)?,
            ticket: shop.offers.any(chance)?.ticket,
            quantity: chance.random_range(1..=4),
            door: if chance.random_bool(0.35) { Door::SecondOrders } else { Door::Front },
            twice: chance.random_bool(0.08),
            fate: Fate::draw(shop.hold, chance),
        })
    }

    /// Makes it.
    pub(super) async fn make(self, shop: &Shop) {
        let Some(order) = self.order(shop).await else { return };
        match self.fate {
            Fate::Forgotten => self.look(shop, order).await,
            Fate::Paid => drop(self.pay(shop, order, "tok_visa").await),
            Fate::PaidTwice => {
                let key = new_key();
                let pay = || self.pay_under(shop, Charge { order, card: "tok_visa", key: &key });
                join(pay(), pay()).await;
            }
            Fate::Declined => {
                self.pay_under(shop, Charge { order, card: "tok_chargeDeclined", key: &new_key() }).await;
                self.pay(shop, order, "tok_visa").await;
            }
            Fate::Silent => drop(self.pay_under(shop, Charge { order, card: "tok_timeout", key: &new_key() }).await),
            Fate::Cancelled => self.cancel(shop, order).await,
            Fate::Torn => drop(join(self.pay(shop, order, "tok_visa"), self.cancel(shop, order)).await),
            Fate::Late(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                self.pay(shop, order, "tok_visa").await;
            }
        }
    }

    /// Orders; `None` if there was no order to be had.
    pub(crate) async fn order(&self, shop: &Shop) -> Option<Uuid> {
        let key = new_key();
        let wanted = Wanted { buyer: self.buyer.id, ticket: self.ticket, quantity: self.quantity };
        shop.ledger().order_asked(&key, wanted);
        let body = json!({"ticketId": self.ticket, "quantity": self.quantity});
        let ask = Ask::post("order", "/api/orders", body).under(&key).at(self.door);
        if !self.twice {
            let answer = self.buyer.insist(&shop.market, &ask).await;
            return self.ordered(shop, &key, answer).await;
        }
        let elsewhere = ask.clone().at(self.door.other());
        let answers = join(self.buyer.insist(&shop.market, &ask), self.buyer.insist(&shop.market, &elsewhere)).await;
        // Of two at once neither knows what the other was told when it was decided.
        let unsure = |answer: Option<Answer>| answer.map(|answer| Answer { unsure: true, ..answer });
        let first = self.ordered(shop, &key, unsure(answers.0)).await;
        self.ordered(shop, &key, unsure(answers.1)).await.or(first)
    }

    async fn ordered(&self, shop: &Shop, key: &str, answer: Option<Answer>) -> Option<Uuid> {
        let Some(Answer { reply, unsure }) = answer else {
            shop.ledger().unanswered(format!("an order under key {key}"));
            return None;
        };
        shop.pulse.beat();
        if let (201, Some(order), Some(told)) = (reply.status, named(&reply), self.told(&reply)) {
            shop.ledger().order_placed(key, order, told);
            return Some(order);
        }
        shop.ledger().order_refused(key, reply.code(), unsure);
        if reply.code() == "sold_out" {
            shop.disappointed(self.ticket).await;
        }
        None
    }

    /// What an answer says that was ordered.
    fn told(&self, reply: &Reply) -> Option<Wanted> {
        let ticket = reply.body.get("ticket")?.get("id")?.as_str()?.parse().ok()?;
        let quantity = reply.body.get("quantity").and_then(Value::as_u64)?;
        Some(Wanted { buyer: self.buyer.id, ticket, quantity: quantity.try_into().ok()? })
    }

    /// Pays, with another key where the card was declined that never is: then the attempt before was given up.
    pub(crate) async fn pay(&self, shop: &Shop, order: Uuid, card: &str) -> Option<()> {
        for _ in 0..3 {
            let reply = self.pay_under(shop, Charge { order, card, key: &new_key() }).await?;
            if reply.status != 402 {
                return (reply.status == 201).then_some(());
            }
        }
        None
    }

    async fn pay_under(&self, shop: &Shop, Charge { order, card, key }: Charge<'_>) -> Option<Reply> {
        let ask = Ask::post("payment", "/api/payments", json!({"orderId": order, "token": card})).under(key);
        let began = Instant::now();
        loop {
            let Some(Answer { reply, .. }) = self.buyer.insist(&shop.market, &ask).await else {
                shop.ledger().unanswered(format!("a payment of order {order} under key {key}"));
                return None;
            };
            match (reply.status, named(&reply)) {
                (201, Some(payment)) => {
                    let taken = reply.text("status") == "captured";
                    shop.ledger().paid(key, payment, Paid { order, taken });
                }
                // The event of a new order may still be on its way. Once its time is over, it is not worth the wait.
                (404, _) if began.elapsed() < shop.hold => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
                _ => {}
            }
            return Some(reply);
        }
    }

    async fn cancel(&self, shop: &Shop, order: Uuid) {
        let ask = Ask { method: Method::DELETE, ..Ask::get("cancel", format!("/api/orders/{order}")) }.at(self.door);
        let Some(Answer { reply, .. }) = self.buyer.insist(&shop.market, &ask).await else {
            return shop.ledger().unanswered(format!("the cancellation of order {order}"));
        };
        match reply.status {
            204 => {
                shop.ledger().cancelled.insert(order);
            }
            404 => shop.ledger().missing(format!("order {order} cannot be cancelled: {:?}", reply.body)),
            _ => {}
        }
    }

    /// Looks for an order where it was not placed.
    async fn look(&self, shop: &Shop, order: Uuid) {
        let ask = Ask::get("look", format!("/api/orders/{order}")).at(self.door.other());
        if let Some(Answer { reply, .. }) = self.buyer.insist(&shop.market, &ask).await
            && reply.status == 404
        {
            shop.ledger().missing(format!("order {order} is not found: {:?}", reply.body));
        }
    }

    /// How an order stands, if anybody says so.
    pub(crate) async fn status(&self, shop: &Shop, order: Uuid) -> Option<String> {
        let ask = Ask::get("look", format!("/api/orders/{order}"));
        Some(self.buyer.insist(&shop.market, &ask).await?.reply.text("status").to_owned())
    }
}

impl Fate {
    fn draw(hold: Duration, chance: &mut StdRng) -> Self {
        let hold = u64::try_from(hold.as_millis()).unwrap_or(u64::MAX);
        match chance.random_range(0..100) {
            0..40 => Self::Paid,
            40..46 => Self::PaidTwice,
            46..51 => Self::Declined,
            51..54 => Self::Silent,
            54..66 => Self::Cancelled,
            66..74 => Self::Torn,
            74..82 => Self::Late(chance.random_range(hold.saturating_sub(1_500)..=hold + 1_000)),
            _ => Self::Forgotten,
        }
    }
}

fn new_key() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}
