//! One purchase, from the order to whatever becomes of it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use rand::RngExt;
use rand::rngs::StdRng;
use ticketing_api::client::Client;
use ticketing_api::orders::{OrderBody, OrderStatusBody, PlaceOrderBody};
use ticketing_api::payments::{PayOrderBody, PaymentBody, PaymentStatusBody};
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::order::IdempotencyKey;
use tokio::time::Instant;
use uuid::Uuid;

use crate::ledger::{Paid, Wanted};
use crate::market::{Door, Errand};
use crate::people::{Answer, Person};

use super::{Offer, Shop};

/// What somebody is up to.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) buyer: Arc<Person>,
    pub(crate) ticket: Uuid,
    pub(crate) seller: Arc<Person>,
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
    /// It is paid, and the seller refunds it.
    Refunded,
    /// It is cancelled.
    Cancelled,
    /// It is paid and cancelled at once.
    Torn,
    /// It is paid about when its time runs out, so many milliseconds after it began.
    Late(u64),
}

/// A payment that is asked for.
struct Charge<'a> {
    order: OrderId,
    card: &'a str,
    key: &'a IdempotencyKey,
}

impl Purchase {
    /// What the next person is up to.
    pub(super) fn draw(shop: &Shop, chance: &mut StdRng) -> Option<Self> {
        let Offer { ticket, seller, .. } = shop.offers.any(chance)?;
        Some(Self {
            buyer: shop.buyer(chance)?,
            ticket,
            seller,
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
            Fate::Forgotten => drop(self.look(shop, order).await),
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
            Fate::Refunded => {
                if self.pay(shop, order, "tok_visa").await.is_some() {
                    self.refund(shop, order).await;
                }
            }
            Fate::Cancelled => self.cancel(shop, order).await,
            Fate::Torn => drop(join(self.pay(shop, order, "tok_visa"), self.cancel(shop, order)).await),
            Fate::Late(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                self.pay(shop, order, "tok_visa").await;
            }
        }
    }

    /// Orders; `None` if there was no order to be had.
    pub(crate) async fn order(&self, shop: &Shop) -> Option<OrderId> {
        let key = new_key();
        let wanted = Wanted { buyer: self.buyer.id, ticket: self.ticket, quantity: self.quantity };
        shop.ledger().order_asked(key.as_str(), wanted);
        if !self.twice {
            let answer = self.ask_for_order(shop, &key, self.door).await;
            return self.ordered(shop, &key, answer).await;
        }
        let answers =
            join(self.ask_for_order(shop, &key, self.door), self.ask_for_order(shop, &key, self.door.other())).await;
        // Of two at once neither knows what the other was told when it was decided.
        let unsure = |answer: Option<Answer<OrderBody>>| answer.map(|answer| Answer { unsure: true, ..answer });
        let first = self.ordered(shop, &key, unsure(answers.0)).await;
        self.ordered(shop, &key, unsure(answers.1)).await.or(first)
    }

    async fn ask_for_order(&self, shop: &Shop, key: &IdempotencyKey, door: Door) -> Option<Answer<OrderBody>> {
        let body =
            &PlaceOrderBody { ticket_id: self.ticket, quantity: Some(self.quantity), price: None, facts_tag: None };
        let place = |client: Client| async move { client.place_order(body, Some(key)).await };
        self.buyer.insist(&shop.market, Errand::for_orders("order", door), place).await
    }

    async fn ordered(&self, shop: &Shop, key: &IdempotencyKey, answer: Option<Answer<OrderBody>>) -> Option<OrderId> {
        let Some(Answer { outcome, unsure }) = answer else {
            shop.ledger().unanswered(format!("an order under key {key}"));
            return None;
        };
        shop.pulse.beat();
        match outcome {
            Ok(order) => {
                let (ticket, quantity) = (order.ticket.id.uuid(), order.quantity);
                let told = Wanted { buyer: self.buyer.id, ticket, quantity };
                shop.ledger().order_placed(key.as_str(), order.id.uuid(), told);
                Some(order.id)
            }
            Err(refusal) => {
                shop.ledger().order_refused(key.as_str(), &refusal.problem.code, unsure);
                if refusal.problem.code == "sold_out" {
                    shop.disappointed(self.ticket).await;
                }
                None
            }
        }
    }

    /// Pays, with another key where the card was declined that never is: then the attempt before was given up.
    pub(crate) async fn pay(&self, shop: &Shop, order: OrderId, card: &str) -> Option<()> {
        for _ in 0..3 {
            let answer = self.pay_under(shop, Charge { order, card, key: &new_key() }).await?;
            if !matches!(&answer.outcome, Err(refusal) if refusal.problem.status == 402) {
                return answer.outcome.ok().map(drop);
            }
        }
        None
    }

    async fn pay_under(&self, shop: &Shop, Charge { order, card, key }: Charge<'_>) -> Option<Answer<PaymentBody>> {
        let body = &PayOrderBody { order_id: order.uuid(), token: card.to_owned() };
        let pay = |client: Client| async move { client.pay_order(body, Some(key)).await };
        let began = Instant::now();
        loop {
            let Some(answer) = self.buyer.insist(&shop.market, Errand::new("payment"), pay).await else {
                shop.ledger().unanswered(format!("a payment of order {order} under key {key}"));
                return None;
            };
            match &answer.outcome {
                Ok(payment) => {
                    let taken = payment.status == PaymentStatusBody::Captured;
                    shop.ledger().paid(key.as_str(), payment.id.uuid(), Paid { order: order.uuid(), taken });
                }
                // The event of a new order may still be on its way. Once its time is over, it is not worth the wait.
                Err(refusal) if refusal.problem.status == 404 && began.elapsed() < shop.hold => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
                Err(_) => {}
            }
            return Some(answer);
        }
    }

    async fn cancel(&self, shop: &Shop, order: OrderId) {
        let cancel = |client: Client| async move { client.cancel_order(order).await };
        let errand = Errand::for_orders("cancel", self.door);
        let Some(answer) = self.buyer.insist(&shop.market, errand, cancel).await else {
            return shop.ledger().unanswered(format!("the cancellation of order {order}"));
        };
        match answer.outcome {
            Ok(()) => {
                shop.ledger().cancelled.insert(order.uuid());
            }
            Err(refusal) if refusal.problem.status == 404 => {
                shop.ledger().missing(format!("order {order} cannot be cancelled: {refusal:?}"));
            }
            Err(_) => {}
        }
    }

    /// Lets the seller refund it, once it is completed.
    async fn refund(&self, shop: &Shop, order: OrderId) {
        let began = Instant::now();
        while self.look(shop, order).await == Some(OrderStatusBody::AwaitingPayment) && began.elapsed() < shop.hold {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        shop.ledger().refunds.asked.insert(order.uuid());
        let refund = |client: Client| async move { client.refund_order(order).await };
        match self.seller.insist(&shop.market, Errand::for_orders("refund", self.door), refund).await {
            Some(Answer { outcome: Ok(_), .. }) => drop(shop.ledger().refunds.done.insert(order.uuid())),
            Some(Answer { outcome: Err(refusal), .. }) if refusal.problem.status == 404 => {
                shop.ledger().missing(format!("order {order} cannot be refunded: {refusal:?}"));
            }
            // Its money may have come too late.
            Some(_) => {}
            None => shop.ledger().unanswered(format!("the refund of order {order}")),
        }
    }

    /// How an order stands, if anybody says so; asked first where it was not placed.
    pub(crate) async fn look(&self, shop: &Shop, order: OrderId) -> Option<OrderStatusBody> {
        let look = |client: Client| async move { client.order(order).await };
        let errand = Errand::for_orders("look", self.door.other());
        match self.buyer.insist(&shop.market, errand, look).await?.outcome {
            Ok(order) => Some(order.status),
            Err(refusal) => {
                if refusal.problem.status == 404 {
                    shop.ledger().missing(format!("order {order} is not found: {refusal:?}"));
                }
                None
            }
        }
    }
}

impl Fate {
    fn draw(hold: Duration, chance: &mut StdRng) -> Self {
        let hold = u64::try_from(hold.as_millis()).unwrap_or(u64::MAX);
        match chance.random_range(0..100) {
            0..34 => Self::Paid,
            34..40 => Self::Refunded,
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

fn new_key() -> IdempotencyKey {
    IdempotencyKey::from(uuid::Builder::from_random_bytes(rand::random()).into_uuid())
}
