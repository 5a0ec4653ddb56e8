//! One event of each kind, as its golden file shows it.

use serde_json::json;
use ticketing_core::domain::account::{DisplayName, PublicAccount};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown};
use ticketing_core::domain::ids::{AccountId, EventId, OrderId, PassId, PaymentId, TicketId};
use ticketing_core::domain::money::{Currency, Money, Price, Quantity};
use ticketing_core::domain::order::{CancelReason, Order, OrderChange, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::domain::pass::{Pass, PassStatus, VoidReason};
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use ticketing_core::domain::ticket::{ChangedTicket, Details, Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::wire::{EventEnvelope, Origin, seal};
use uuid::Uuid;

/// 2026-05-01T18:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_777_658_400_000);
const SOON: Timestamp = Timestamp::from_millis(NOW.millis() + 61_500);
const PAY_BY: Timestamp = Timestamp::from_millis(NOW.millis() + 15 * 60_000);
const OPENING: Timestamp = Timestamp::from_millis(NOW.millis() + 30 * 86_400_000);

/// In the order in which the enum names them.
pub(crate) fn samples() -> Vec<Event> {
    let paid = OrderStatus::Completed { payment: PaymentId::new(id(40)), at: SOON };
    let refunded =
        OrderStatus::Refunded { payment: PaymentId::new(id(40)), reason: RefundReason::CalledOff, at: PAY_BY };
    let expired = OrderStatus::Cancelled { reason: CancelReason::Expired, at: PAY_BY };
    vec![
        Event::AccountRegistered(account(1)),
        Event::AccountAddressConfirmed(PublicAccount { confirmed_at: Some(SOON), ..account(2) }),
        Event::AccountConfirmationRequested(account(2)),
        Event::AccountResetRequested(account(2)),
        Event::AccountPasswordChanged(named_account(4)),
        Event::AccountBrowserAdded { account: named_account(5), device: "Mozilla/5.0 (X11; Linux x86_64)".into() },
        Event::AccountRenamed(named_account(3)),
        Event::AccountDeleted(PublicAccount { deleted_at: Some(PAY_BY), ..account(6) }),
        Event::TicketCreated(plain_ticket().into()),
        Event::TicketUpdated(detailed_ticket(2, TicketStatus::OnSale).into()),
        Event::TicketRescheduled(seated_ticket(4, TicketStatus::OnSale).into()),
        Event::TicketCalledOff(seated_ticket(5, TicketStatus::CalledOff).into()),
        Event::TicketWithdrawn(detailed_ticket(3, TicketStatus::Withdrawn).into()),
        Event::OrderCreated(order(
            OrderStatus::AwaitingPayment { pay_by: PAY_BY },
            Sales { held: 2, sold: 0, version: 1 },
        )),
        Event::OrderCancelled(order(expired, Sales { held: 0, sold: 0, version: 2 })),
        Event::OrderCompleted(order(paid, Sales { held: 0, sold: 2, version: 2 })),
        Event::OrderRefunded(seated_order(refunded, Sales { held: 0, sold: 0, version: 3 })),
        Event::PaymentCaptured(payment(1, PaymentStatus::Captured { reference: "ch_1".into() })),
        Event::PaymentFailed(payment(1, PaymentStatus::Failed { reason: "card_declined".into() })),
        Event::PaymentRefunded(payment(2, PaymentStatus::Refunded { reference: "ch_1".into() })),
        Event::PassIssued(pass(1, PassStatus::Issued)),
        Event::PassUsed(pass(2, PassStatus::Used { at: OPENING, by: AccountId::new(id(1)) })),
        Event::PassVoided(pass(2, PassStatus::Voided { at: PAY_BY, reason: VoidReason::OrderCancelled })),
        Event::ExpirationCompleted { order: OrderId::new(id(30)), pay_by: PAY_BY },
    ]
}

/// Events of a ticket that has attributes.
pub(super) fn samples_with_attributes() -> Vec<Event> {
    let seat = json!({ "row": "F", "from": 12, "tilt": 2.5, "near": ["aisle", { "door": null }] });
    let attributes = Attributes::parse([("seat", seat), ("seatRow", json!("F")), ("shaded", json!(true))]);
    let attributes = attributes.expect("attributes within their bounds");
    let mut ticket = plain_ticket();
    ticket.offer.details.attributes = attributes.clone();
    let held = Sales { held: 2, sold: 0, version: 1 };
    let mut change = order(OrderStatus::AwaitingPayment { pay_by: PAY_BY }, held);
    change.order.ticket.attributes = attributes;
    vec![Event::TicketCreated(ticket.into()), Event::OrderCreated(change)]
}

/// Events of a ticket whose seller has a name.
pub(super) fn samples_with_seller() -> Vec<Event> {
    let seller_name = Some(DisplayName::from_stored("Ada Lovelace"));
    let ticket = Ticket { seller_name: seller_name.clone(), ..seated_ticket(1, TicketStatus::OnSale) };
    let held = Sales { held: 2, sold: 0, version: 1 };
    let mut change = seated_order(OrderStatus::AwaitingPayment { pay_by: PAY_BY }, held);
    change.order.ticket.seller_name = seller_name;
    vec![Event::TicketCreated(ticket.into()), Event::OrderCreated(change)]
}

/// An event of a ticket that was ordered before.
pub(super) fn samples_with_sales() -> Vec<Event> {
    let ticket = detailed_ticket(2, TicketStatus::OnSale);
    vec![Event::TicketUpdated(ChangedTicket { ticket, sales: Sales { held: 2, sold: 3, version: 7 } })]
}

/// The envelope of a sample.
pub(crate) fn envelope(event: &Event) -> EventEnvelope {
    let origin = Origin {
        correlation: id(60),
        causation: Some(EventId::new(id(51))),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        extensions: Vec::new(),
    };
    seal(event, EventId::new(id(50)), SOON, &origin)
}

fn id(n: u8) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(NOW.millis().unsigned_abs(), &[0, 0, 0, 0, 0, 0, 0, 0, 0, n]).into_uuid()
}

fn price() -> Price {
    let currency: Currency = "EUR".parse().expect("a currency");
    Price::new(Money { amount: 4500, currency }).expect("a price")
}

fn quantity(places: u32) -> Quantity {
    Quantity::new(places).expect("a quantity")
}

fn account(version: u64) -> PublicAccount {
    PublicAccount {
        id: AccountId::new(id(1)),
        registered_at: NOW,
        display_name: None,
        confirmed_at: None,
        deleted_at: None,
        version,
    }
}

fn named_account(version: u64) -> PublicAccount {
    let display_name = Some(DisplayName::from_stored("Ada Lovelace"));
    PublicAccount { display_name, confirmed_at: Some(SOON), ..account(version) }
}

fn ticket(input: OfferInput<'_>) -> Ticket {
    let input = OfferInput { amount: 4500, currency: "EUR", quantity: 2, ..input };
    Ticket {
        id: TicketId::new(id(20)),
        seller: AccountId::new(id(1)),
        seller_name: None,
        offer: Offer::parse(input).expect("an offer within its bounds"),
        status: TicketStatus::OnSale,
        created_at: NOW,
        version: 1,
    }
}

fn plain_ticket() -> Ticket {
    as_before(ticket(OfferInput { title: "Opera", ..OfferInput::default() }))
}

/// As it was written before tickets had all facts.
fn as_before(ticket: Ticket) -> Ticket {
    let event = (*ticket.offer.details.event).clone();
    let event = EventFacts { time_zone: None, known: FactsKnown::PlaceAndTime, ..event }.into();
    let details = Details { event, ..ticket.offer.details };
    Ticket { offer: Offer { details, ..ticket.offer }, ..ticket }
}

fn detailed_ticket(version: u64, status: TicketStatus) -> Ticket {
    let ticket = ticket(OfferInput {
        title: "Così fan tutte",
        description: Some("Two seats side by side.\nFirst balcony."),
        venue: Some("Semperoper"),
        city: Some("Dresden"),
        category: Some("opera"),
        starts_at: Some(OPENING),
        time_zone: Some("Europe/Berlin"),
        ..OfferInput::default()
    });
    Ticket { version, status, ..as_before(ticket) }
}

/// With all facts that an event can have.
fn seated_ticket(version: u64, status: TicketStatus) -> Ticket {
    let ticket = ticket(OfferInput {
        title: "Così fan tutte",
        venue: Some("Semperoper"),
        city: Some("Dresden"),
        starts_at: Some(OPENING),
        time_zone: Some("Europe/Berlin"),
        section: Some("First balcony"),
        row: Some("2"),
        seats: Some("12-13"),
        together: true,
        sales_end_at: Some(SOON),
        ..OfferInput::default()
    });
    Ticket { version, status, ..ticket }
}

fn order(status: OrderStatus, sales: Sales) -> OrderChange {
    let order = Order {
        id: OrderId::new(id(30)),
        buyer: AccountId::new(id(2)),
        ticket: OrderedTicket {
            id: TicketId::new(id(20)),
            seller_name: None,
            // As it was written before orders had more facts.
            event: EventFacts { title: "Così fan tutte".into(), known: FactsKnown::Title, ..EventFacts::default() }
                .into(),
            attributes: Attributes::NONE,
            price: price(),
        },
        quantity: quantity(2),
        status,
        placed_at: NOW,
        used: false,
        key: None,
        version: sales.version,
    };
    OrderChange { order, sales }
}

fn seated_order(status: OrderStatus, sales: Sales) -> OrderChange {
    let OrderChange { order, sales } = order(status, sales);
    let event = seated_ticket(1, TicketStatus::OnSale).offer.details.event;
    OrderChange { order: Order { ticket: OrderedTicket { event, ..order.ticket }, ..order }, sales }
}

fn payment(version: u64, status: PaymentStatus) -> Payment {
    Payment {
        id: PaymentId::new(id(40)),
        order: OrderId::new(id(30)),
        ticket: TicketId::new(id(20)),
        buyer: AccountId::new(id(2)),
        total: price().times(quantity(2)),
        status,
        started_at: SOON,
        changed_at: None,
        key: None,
        card: None,
        version,
    }
}

fn pass(version: u64, status: PassStatus) -> Pass {
    let order = OrderId::new(id(30));
    Pass {
        id: PassId::of(order, 1, SOON),
        order,
        ticket: TicketId::new(id(20)),
        buyer: AccountId::new(id(2)),
        place: 1,
        issued_at: SOON,
        status,
        version,
    }
}
