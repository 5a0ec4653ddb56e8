//! Tickets, stocks, orders and payments.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction, Confirmation};
use ticketing_core::domain::door_links::{DoorKey, DoorLink, DoorLinks};
use ticketing_core::domain::ids::{AccountId, DoorLinkId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::order::{Order, OrderStatus};
use ticketing_core::domain::pass::CodeSeed;
use ticketing_core::domain::payment::{Payable, Payment, PaymentRequest};
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::{Listing, Offer, OfferInput, Ticket};

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
    let ticket = ticket_with(OfferInput {
        title: "Die Zauberflöte",
        description: Some("Second row.\nBring “opera glasses” 🎭."),
        venue: Some("Gärtnerplatz"),
        city: Some("München"),
        category: Some("Opera"),
        starts_at: Some(NOW.after(Duration::from_secs(30 * 24 * 3600))),
        time_zone: Some("Europe/Berlin"),
        section: Some("Rang links"),
        row: Some("2"),
        seats: Some("12–14"),
        together: true,
        sales_end_at: Some(NOW.after(Duration::from_secs(29 * 24 * 3600))),
        max_per_buyer: Some(6),
        attributes: Some(attributes()),
        ..OfferInput::default()
    });
    Ticket { seller_name: seller().name, ..ticket }
}

/// Somebody who sells, and has a name.
#[must_use]
pub fn seller() -> Seller {
    let name = DisplayName::parse("Bühne & Töne “Süd”").expect("a name within its bounds");
    Seller { account: AccountId::new(uuid()), name, version: 2 }
}

/// Of every kind of value, as far as its bounds go.
fn attributes() -> BTreeMap<String, Value> {
    let values = [
        ("Z9-_", json!(9_007_199_254_740_991_u64)),
        ("deep", json!([[[[], {}]]])),
        ("gate", json!({ "to": [7, "7", true], "from": null })),
        ("least", json!(-9_007_199_254_740_991_i64)),
        ("seatRow", json!("F")),
        ("share", json!(0.1)),
        ("text", json!("Grüße, 世界 🎫 \u{0} \"$\" a.b\n")),
        ("tiny", json!(-2.5e-7)),
        ("vip", json!(false)),
        ("whole", json!(-1)),
    ];
    values.map(|(key, value)| (key.to_owned(), value)).into()
}

/// A listing with all that a listing can have.
#[must_use]
pub fn listing() -> Listing {
    Listing::new(ticket())
}

/// A listing with nothing but a title.
#[must_use]
pub fn bare_listing(title: &str) -> Listing {
    Listing::new(ticket_with(OfferInput { title, ..OfferInput::default() }))
}

/// The stock of a ticket that nobody ordered yet.
#[must_use]
pub fn stock() -> Stock {
    Stock::of(&ticket())
}

/// An order of one place that awaits payment for 15 minutes.
#[must_use]
pub fn order(buyer: AccountId) -> Order {
    let request = OrderRequest {
        id: OrderId::new(uuid()),
        buyer,
        quantity: Quantity::ONE,
        price_seen: None,
        facts_seen: None,
        key: None,
    };
    let (_, order, _) = stock().hold(request, NOW, NOW.after(Duration::from_secs(900))).expect("places are left");
    order
}

/// The payable of an order that awaits payment.
#[must_use]
pub fn payable() -> Payable {
    Payable::of(&order(AccountId::new(uuid())))
}

/// All that a buyer may be asked to do.
#[must_use]
pub fn actions() -> [BuyerAction; 2] {
    let url = ActionUrl::parse("https://bank.example/act?session=42#top").expect("an address");
    let confirmation = Confirmation::parse("pi_1_secret_2", "pi_1").expect("a confirmation");
    [BuyerAction::Redirect(url), BuyerAction::Confirm(confirmation)]
}

/// A payment that waits for the gateway, and the payable that names it.
#[must_use]
pub fn payment() -> (Payable, Payment) {
    let request = PaymentRequest { id: PaymentId::new(uuid()), key: None, card: None };
    payable().attempt(None, request, NOW).expect("the order wants money")
}

/// The passes of a completed order of three places, with codes of their own.
#[must_use]
pub fn admission() -> Admission {
    let status = OrderStatus::Completed { payment: PaymentId::new(uuid()), at: NOW };
    let quantity = Quantity::new(3).expect("a few places");
    let order = Order { status, quantity, version: 2, ..order(AccountId::new(uuid())) };
    let (admission, _) = Admission::of(&order, &CodeSeed::new(rand::random())).expect("the order is completed");
    admission
}

/// The door of a ticket that nobody else has.
#[must_use]
pub fn entrance() -> Entrance {
    Entrance::of(&ticket())
}

/// The links to the door of a ticket that nobody else has.
#[must_use]
pub fn door_links() -> DoorLinks {
    let link = |label: &str| DoorLink {
        id: DoorLinkId::new(uuid()),
        label: label.parse().expect("a label"),
        digest: DoorKey::drawn(rand::random()).digest(),
        made_at: NOW,
    };
    let links =
        DoorLinks::none(TicketId::new(uuid())).with(link("North “Tür”")).and_then(|links| links.with(link("2")));
    links.expect("few links")
}

fn ticket_with(input: OfferInput<'_>) -> Ticket {
    let offer = Offer::parse(OfferInput { amount: 4250, currency: "EUR", quantity: 200, ..input });
    let offer = offer.expect("an offer within its bounds");
    let (ticket, _) =
        Ticket::create(TicketId::new(uuid()), AccountId::new(uuid()), offer, NOW).expect("the event is to come");
    ticket
}
