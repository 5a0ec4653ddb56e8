//! Tickets, buyers and a env to bench with.

use std::sync::Arc;

use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::OrderRequest;
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_memory::{RandomIds, SystemClock};
use uuid::Uuid;

pub(crate) fn env() -> ClockAndIds {
    ClockAndIds { clock: Arc::new(SystemClock::new()), ids: Arc::new(RandomIds::new()) }
}

pub(crate) fn account(n: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(n))
}

pub(crate) fn ticket(env: &ClockAndIds, quantity: u32, amount: u64) -> Ticket {
    let now = env.now();
    let offer = Offer::parse(OfferInput {
        title: "An evening at the opera",
        venue: Some("Semperoper"),
        city: Some("Dresden"),
        category: Some("opera"),
        amount,
        currency: "EUR",
        quantity,
        ..OfferInput::default()
    });
    let offer = offer.expect("the offer is within its bounds");
    let id = TicketId::new(env.uuid(now));
    Ticket::create(id, account(1), offer, now).expect("the event has no time").0
}

pub(crate) fn request(env: &ClockAndIds, now: Timestamp, buyer: u128) -> OrderRequest {
    let id = OrderId::new(env.uuid(now));
    OrderRequest { id, buyer: account(buyer), quantity: Quantity::ONE, price_seen: None, facts_seen: None, key: None }
}
