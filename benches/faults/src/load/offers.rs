//! Tickets on sale: some with few places, so that they sell out, and then others.

use std::sync::Arc;

use http::Method;
use parking_lot::RwLock;
use rand::RngExt;
use rand::rngs::StdRng;
use ticketing_api::client::Client;
use ticketing_api::money::MoneyBody;
use ticketing_api::paths;
use ticketing_api::tickets::OfferBody;
use ticketing_core::domain::ids::TicketId;
use uuid::Uuid;

use crate::market::Errand;
use crate::people::{Answer, Person};

use super::Shop;

/// How many people sell.
pub(super) const SELLERS: usize = 3;

/// After so many buyers who were told that it is sold out, a ticket makes room for another.
const TIRED_AFTER: u32 = 40;

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
    seller: Arc<Person>,
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

    fn grow(&self, ticket: Uuid, quantity: u32) {
        let mut on_sale = self.on_sale.write();
        if let Some(offer) = on_sale.iter_mut().find(|offer| offer.ticket == ticket) {
            offer.quantity = quantity;
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
        let offer = &offer(chance, quantity);
        let create = |client: Client| async move { client.create_ticket(offer, None).await };
        let answer = seller.insist(&self.market, Errand::new("offer"), create).await;
        let Some(ticket) = answer.and_then(|answer| answer.outcome.ok()) else {
            self.ledger().unanswered("a ticket that was put on sale");
            return None;
        };
        let ticket = ticket.id.uuid();
        self.ledger().tickets.insert(ticket, seller.id);
        self.offers.add(Offer { ticket, seller, quantity, disappointed: 0 });
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
        let Some(Offer { ticket, seller, quantity, .. }) = self.offers.any(chance) else { return };
        // Never fewer: a place that was sold meanwhile cannot be taken back.
        let quantity = (quantity + chance.random_range(0..3)).min(MOST);
        let offer = &offer(chance, quantity);
        let edit = |client: Client| async move {
            client.call(Method::PUT, paths::ticket(TicketId::new(ticket))).json(offer).done().await
        };
        match seller.insist(&self.market, Errand::new("edit"), edit).await {
            Some(Answer { outcome: Ok(_), .. }) => self.offers.grow(ticket, quantity),
            Some(Answer { outcome: Err(refusal), .. }) if refusal.problem.status == 404 => {
                self.ledger().missing(format!("ticket {ticket} cannot be edited: {refusal:?}"));
            }
            Some(_) | None => {}
        }
    }
}

fn offer(chance: &mut StdRng, quantity: u32) -> OfferBody {
    OfferBody {
        title: "A night of faults".to_owned(),
        description: None,
        venue: None,
        city: None,
        category: None,
        starts_at: None,
        time_zone: None,
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
