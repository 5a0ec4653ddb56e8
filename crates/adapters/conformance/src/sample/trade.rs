//! Tickets, stocks, orders and payments.

use std::time::Duration;

use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::{Payable, Payment, PaymentRequest};
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::{Details, DetailsInput, Listing, Offer, Ticket};

use super::{NOW, uuid};

/// A price in euros.
#[must_use]
pub fn price(cents: u64) -> Price {
    let currency = "EUR".parse().expect("a currency");
    Price::new(Money { amount: cents, currency }).expect("a price within its bounds")
}

/// A ticket with all that a ticket can have.
#[must_use]
pub fn ticket() -> Ticket {
    let details = DetailsInput {
        title: "Die Zauberflöte",
        description: Some("Second row.\nBring “opera glasses” 🎭."),
        venue: Some("Gärtnerplatz"),
        city: Some("München"),
        category: Some("Opera"),
        starts_at: Some(NOW.after(Duration::from_secs(30 * 24 * 3600))),
    };
    ticket_with(details)
}

/// A listing with all that a listing can have.
#[must_use]
pub fn listing() -> Listing {
    Listing::new(ticket())
}

/// A listing with nothing but a title.
#[must_use]
pub fn bare_listing(title: &str) -> Listing {
    let ticket = ticket_with(DetailsInput { title, ..DetailsInput::default() });
    let offer = Offer { max_per_buyer: None, ..ticket.offer };
    Listing::new(Ticket { offer, ..ticket })
}

/// The stock of a ticket that nobody ordered yet.
#[must_use]
pub fn stock() -> Stock {
    Stock::of(&ticket())
}

/// An order of one place that awaits payment for 15 minutes.
#[must_use]
pub fn order(buyer: AccountId) -> Order {
    let request =
        OrderRequest { id: OrderId::new(uuid()), buyer, quantity: Quantity::ONE, price_seen: None, key: None };
    let (_, order, _) = stock().hold(request, NOW, NOW.after(Duration::from_secs(900))).expect("places are left");
    order
}

/// The payable of an order that awaits payment.
#[must_use]
pub fn payable() -> Payable {
    Payable::of(&order(AccountId::new(uuid())))
}

/// A payment that waits for the gateway, and the payable that names it.
#[must_use]
pub fn payment() -> (Payable, Payment) {
    let request = PaymentRequest { id: PaymentId::new(uuid()), key: None, card: None };
    payable().attempt(None, request, NOW).expect("the order wants money")
}

fn places(places: u32) -> Quantity {
    Quantity::new(places).expect("a quantity")
}

fn ticket_with(details: DetailsInput<'_>) -> Ticket {
    let details = Details::parse(details).expect("texts within their bounds");
    let offer = Offer { details, price: price(4250), quantity: places(200), max_per_buyer: Some(places(6)) };
    let (ticket, _) =
        Ticket::create(TicketId::new(uuid()), AccountId::new(uuid()), offer, NOW).expect("the event is to come");
    ticket
}
