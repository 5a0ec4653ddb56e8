//! Tickets on sale: some with few places, so that they sell out, and then others.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use parking_lot::RwLock;
use rand::RngExt;
use rand::rngs::StdRng;
use ticketing_api::client::Client;
use ticketing_api::money::MoneyBody;
use ticketing_api::paths;
use ticketing_api::tickets::{OfferBody, ScheduleBody};
use ticketing_core::domain::ids::{OrderId, TicketId};
use uuid::Uuid;

use crate::market::{Door, Errand};
use crate::people::{Answer, Person};

use super::Shop;

/// How many people sell.
pub(super) const SELLERS: usize = 3;

/// After so many buyers who were told that it is sold out, a ticket makes room for another.
const TIRED_AFTER: u32 = 40;

const TITLE: &str = "A night of faults";
const ZONE: &str = "Europe/Vienna";

/// So many orders of an event that was moved are given back, if they were paid.
const GIVE_BACK: usize = 3;

/// The most places of a ticket.
const MOST: u32 = 1_000;

/// What is on sale, and who sells.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    on_sale: RwLock<Vec<Offer>>,
    sellers: RwLock<Vec<Arc<Person>>>,
}

/// A ticket on sale.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) ticket: Uuid,
    pub(crate) seller: Arc<Person>,
    /// When the event begins, on the clocks of its place.
    starts_at: String,
    quantity: u32,
    disappointed: u32,
}

impl Offers {
    /// Everybody who sells.
    pub(crate) fn sellers(&self) -> Vec<Arc<Person>> {
        self.sellers.read().clone()
    }

    pub(super) fn sells(&self, seller: Arc<Person>) {
        self.sellers.write().push(seller);
    }

    /// Some ticket.
    pub(crate) fn any(&self, chance: &mut StdRng) -> Option<Offer> {
        let on_sale = self.on_sale.read();
        (!on_sale.is_empty()).then(|| on_sale.get(chance.random_range(0..on_sale.len())).cloned())?
    }

    fn add(&self, offer: Offer) {
        self.on_sale.write().push(offer);
    }

    /// Notes that a ticket is sold out; returns it if it was taken off because of that.
    fn disappoints(&self, ticket: Uuid) -> Option<Offer> {
        let mut on_sale = self.on_sale.write();
        let place = on_sale.iter().position(|offer| offer.ticket == ticket)?;
        let offer = on_sale.get_mut(place)?;
        offer.disappointed += 1;
        (offer.disappointed >= TIRED_AFTER).then(|| on_sale.swap_remove(place))
    }

    fn remove(&self, ticket: Uuid) {
        self.on_sale.write().retain(|offer| offer.ticket != ticket);
    }

    fn change(&self, ticket: Uuid, change: impl FnOnce(&mut Offer)) {
        let mut on_sale = self.on_sale.write();
        if let Some(offer) = on_sale.iter_mut().find(|offer| offer.ticket == ticket) {
            change(offer);
        }
    }
}

impl Shop {
    /// Puts another ticket on sale.
    ///
    /// Nobody gives a key for that: one whose answer was lost is on sale, and nobody buys it.
    pub(crate) async fn offer_another(&self, chance: &mut StdRng) -> Option<()> {
        let sellers = self.offers.sellers();
        let seller = Arc::clone(sellers.get(chance.random_range(0..sellers.len().max(1)))?);
        let quantity = [8, 40, 200, MOST].get(chance.random_range(0..4)).copied()?;
        let starts_at = evening(chance);
        let offer = &offer(chance, quantity, &starts_at);
        let create = |client: Client| async move { client.create_ticket(offer, None).await };
        let answer = seller.insist(&self.market, Errand::new("offer"), create).await;
        let ticket = match answer {
            Some(Answer { outcome: Ok(ticket), .. }) => ticket,
            Some(Answer { outcome: Err(refusal), .. }) => {
                self.ledger().missing(format!("a ticket cannot be put on sale: {refusal:?}"));
                crate::tell(format_args!("a ticket cannot be put on sale: {refusal:?}"));
                return None;
            }
            None => {
                self.ledger().unanswered("a ticket that was put on sale");
                return None;
            }
        };
        let ticket = ticket.id.uuid();
        self.ledger().tickets.insert(ticket, seller.id);
        self.offers.add(Offer { ticket, seller, starts_at, quantity, disappointed: 0 });
        Some(())
    }

    /// Somebody was told that a ticket is sold out.
    pub(super) async fn disappointed(&self, ticket: Uuid) {
        let Some(tired) = self.offers.disappoints(ticket) else { return };
        let withdraw = |client: Client| async move {
            client.call(Method::DELETE, paths::ticket(TicketId::new(ticket))).done().await
        };
        tired.seller.insist(&self.market, Errand::new("withdraw"), withdraw).await;
        self.offer_another(&mut rand::make_rng()).await;
    }

    /// A seller changes a price, and may add places.
    pub(super) async fn edit_one(&self, chance: &mut StdRng) {
        let Some(Offer { ticket, seller, starts_at, quantity, .. }) = self.offers.any(chance) else { return };
        // Never fewer: a place that was sold meanwhile cannot be taken back.
        let quantity = (quantity + chance.random_range(0..3)).min(MOST);
        let offer = &offer(chance, quantity, &starts_at);
        let edit = |client: Client| async move {
            client.call(Method::PUT, paths::ticket(TicketId::new(ticket))).json(offer).done().await
        };
        match seller.insist(&self.market, Errand::new("edit"), edit).await {
            Some(Answer { outcome: Ok(_), .. }) => self.offers.change(ticket, |offer| offer.quantity = quantity),
            Some(Answer { outcome: Err(refusal), .. }) if refusal.problem.status == 404 => {
                self.ledger().missing(format!("ticket {ticket} cannot be edited: {refusal:?}"));
            }
            Some(_) | None => {}
        }
    }

    /// A seller calls an event off, and another comes on sale.
    pub(super) async fn call_off_one(&self, chance: &mut StdRng) {
        let Some(Offer { ticket, seller, .. }) = self.offers.any(chance) else { return };
        self.offers.remove(ticket);
        self.ledger().call_offs.asked.insert(ticket);
        let call_off = |client: Client| async move { client.call_off_ticket(TicketId::new(ticket)).await };
        match seller.insist(&self.market, Errand::new("call off"), call_off).await {
            Some(Answer { outcome: Ok(_), .. }) => drop(self.ledger().call_offs.done.insert(ticket)),
            Some(Answer { outcome: Err(refusal), .. }) => {
                self.ledger().missing(format!("ticket {ticket} cannot be called off: {refusal:?}"));
            }
            None => self.ledger().unanswered(format!("the call-off of ticket {ticket}")),
        }
        self.offer_another(chance).await;
    }

    /// A seller moves an event to another evening, and some who paid give their orders back.
    pub(super) async fn reschedule_one(&self, chance: &mut StdRng) {
        let Some(Offer { ticket, seller, .. }) = self.offers.any(chance) else { return };
        let starts_at = evening(chance);
        let to = &ScheduleBody {
            title: TITLE.to_owned(),
            starts_at: Some(starts_at.clone()),
            time_zone: Some(ZONE.to_owned()),
            ..ScheduleBody::default()
        };
        let reschedule = |client: Client| async move {
            let seen = client.ticket(TicketId::new(ticket)).await?;
            client.reschedule_ticket(&seen, to).await
        };
        let answer = seller.insist(&self.market, Errand::new("reschedule"), reschedule).await;
        // Somebody else may have changed it in between: then it is as it was, or as they said.
        if let Some(Answer { outcome: Ok(_), .. }) = answer {
            self.offers.change(ticket, |offer| offer.starts_at = starts_at);
            self.give_some_back(ticket).await;
        }
    }

    async fn give_some_back(&self, ticket: Uuid) {
        let of_ticket: Vec<_> = {
            let ledger = self.ledger();
            let orders = ledger.orders.iter().filter(|(_, wanted)| wanted.ticket == ticket);
            orders.take(GIVE_BACK).map(|(order, wanted)| (*order, wanted.buyer)).collect()
        };
        for (order, buyer) in of_ticket {
            let Some(buyer) = self.buyers().into_iter().find(|person| person.id == buyer) else { continue };
            self.ledger().refunds.asked.insert(order);
            let give_back = |client: Client| async move { client.give_back_order(OrderId::new(order)).await };
            match buyer.insist(&self.market, Errand::for_orders("give back", Door::Front), give_back).await {
                Some(Answer { outcome: Ok(_), .. }) => drop(self.ledger().refunds.done.insert(order)),
                // It was not paid, or had been given back before.
                Some(_) => {}
                None => self.ledger().unanswered(format!("the return of order {order}")),
            }
        }
    }
}

/// An evening two years from now or a little later, on the clocks of its place.
fn evening(chance: &mut StdRng) -> String {
    const YEAR: u64 = 31_556_952;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let year = 1970 + now.as_secs() / YEAR + 2;
    format!("{year}-{:02}-{:02}T19:30", chance.random_range(1..=12), chance.random_range(1..=28))
}

fn offer(chance: &mut StdRng, quantity: u32, starts_at: &str) -> OfferBody {
    OfferBody {
        title: TITLE.to_owned(),
        description: None,
        venue: None,
        city: None,
        category: None,
        starts_at: Some(starts_at.to_owned()),
        time_zone: Some(ZONE.to_owned()),
        sales_end_at: None,
        section: None,
        row: None,
        seats: None,
        together: false,
        price: MoneyBody { amount: chance.random_range(100..10_000), currency: "EUR".into() },
        quantity,
        max_per_buyer: None,
        attributes: None,
    }
}
