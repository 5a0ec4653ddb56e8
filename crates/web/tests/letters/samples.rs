//! One letter for each thing that letters say.

use std::sync::Arc;

use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::alert::{Alert, AlertKey, KeptQuestion};
use ticketing_core::domain::event_facts::{EventFacts, Seating};
use ticketing_core::domain::ids::{AccountId, AlertId, LetterId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::letter::LetterReason;
use ticketing_core::domain::money::{Price, Quantity};
use ticketing_core::domain::order::{Order, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::domain::search::Filters;
use ticketing_core::domain::ticket::{Details, Offer, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;
use ticketing_core::ports::contacts::{Contact, LinkToken};
use ticketing_core::ports::letter_writer::LetterToWrite;

/// A letter, and how its files are called.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) letter: LetterToWrite,
}

/// The texts of a letter that somebody else chose.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    pub(crate) title: &'static str,
    pub(crate) venue: &'static str,
    pub(crate) seats: &'static str,
    pub(crate) name: &'static str,
    pub(crate) seller: &'static str,
    pub(crate) device: &'static str,
}

pub(crate) const TEXTS: Texts = Texts {
    title: "Così fan tutte",
    venue: "Staatsoper Unter den Linden",
    seats: "12-14",
    name: "Ada Lovelace",
    seller: "Konzertbüro Süd",
    device: "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
};

const ORDER: OrderId = OrderId::from_u128(0x0198_f3a2_9d20_7a11_8c55_6e0f_9b7a_4c22);
const TICKET: TicketId = TicketId::from_u128(0x0198_f3a2_7c1e_7d40_9b1a_3f5a_0c2e_8d11);
const PAYMENT: PaymentId = PaymentId::from_u128(3);
const PERSON: AccountId = AccountId::from_u128(4);

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn event(texts: Texts) -> EventFacts {
    EventFacts {
        title: texts.title.into(),
        venue: Some(texts.venue.into()),
        city: Some("Berlin".into()),
        starts_at: Some(at("2027-03-13T18:30:00Z")),
        time_zone: Some(TimeZone::stored("Europe/Berlin")),
        seating: Seating {
            section: Some("Stalls".into()),
            row: Some("F".into()),
            seats: Some(texts.seats.into()),
            together: true,
        },
        ..EventFacts::default()
    }
}

fn moved(texts: Texts) -> EventFacts {
    let starts_at = Some(at("2027-03-14T17:00:00Z"));
    EventFacts { venue: Some("Schiller Theater".into()), starts_at, seating: Seating::default(), ..event(texts) }
}

fn bare(title: &str) -> EventFacts {
    EventFacts { title: title.into(), ..EventFacts::default() }
}

fn price() -> Price {
    Price::parse(6450, "EUR").expect("a price")
}

fn order(texts: Texts, event: EventFacts, status: OrderStatus) -> Order {
    let seller_name = DisplayName::parse(texts.seller).expect("a name");
    let (event, attributes) = (Arc::new(event), Default::default());
    let ticket = OrderedTicket { id: TICKET, seller_name, event, attributes, price: price() };
    let (quantity, placed_at) = (Quantity::new(2).expect("a quantity"), at("2026-12-01T18:03:11Z"));
    Order { id: ORDER, buyer: PERSON, ticket, quantity, status, placed_at, key: None, used: false, version: 2 }
}

fn ticket(event: EventFacts, status: TicketStatus) -> Ticket {
    let details = Details { event: Arc::new(event), ..Details::default() };
    let quantity = Quantity::new(400).expect("a quantity");
    let offer = Offer { details, price: price(), quantity, max_per_buyer: None };
    let created_at = at("2026-11-01T09:00:00Z");
    Ticket { id: TICKET, seller: PERSON, seller_name: None, offer, status, created_at, version: 3 }
}

fn paid() -> OrderStatus {
    OrderStatus::Completed { payment: PAYMENT, at: at("2026-12-01T18:04:00Z") }
}

fn refunded(reason: RefundReason) -> OrderStatus {
    OrderStatus::Refunded { payment: PAYMENT, reason, at: at("2027-02-01T09:00:00Z") }
}

fn letter(texts: Texts, reason: LetterReason) -> LetterToWrite {
    let to = Contact {
        email: "ada@example.org".parse().expect("an address"),
        display_name: Some(texts.name.into()),
        token: Some(LinkToken::new("eyJ0aGlzIjoiaXMgYSB0b2tlbiJ9.c2lnbmVk-_")),
    };
    let (id, caused_at) = (LetterId::from_u128(5), at("2027-02-01T09:05:00Z"));
    LetterToWrite { id, reason, caused_at, to, owner: PERSON, order: None, ticket: None, alert: None }
}

/// Every letter of these texts.
pub(crate) fn letters(texts: Texts) -> Vec<Sample> {
    account_letters(texts).into_iter().chain(order_letters(texts)).chain(change_letters(texts)).collect()
}

fn account_letters(texts: Texts) -> Vec<Sample> {
    let of = |name, reason| Sample { name, letter: letter(texts, reason) };
    vec![
        of("confirm_address", LetterReason::ConfirmAddress),
        of("reset_password", LetterReason::ResetPassword),
        of("password_changed", LetterReason::PasswordChanged),
        of("new_browser", LetterReason::NewBrowser { device: texts.device.into() }),
        Sample {
            name: "places_sold",
            letter: LetterToWrite {
                ticket: Some(ticket(event(texts), TicketStatus::OnSale)),
                ..letter(texts, LetterReason::PlacesSold { ticket: TICKET })
            },
        },
        Sample { name: "ticket_found", letter: found(texts, 0) },
        Sample { name: "ticket_found_and_more", letter: found(texts, 7) },
    ]
}

fn found(texts: Texts, left_out: u32) -> LetterToWrite {
    let (alert, at) = (AlertId::from_u128(6), at("2026-12-01T18:00:00Z"));
    let filters = Filters { city: Some("Berlin".to_owned()), ..Filters::default() };
    let question = KeptQuestion::stored(texts.title, filters);
    let kept = Alert { id: alert, question, key: AlertKey::drawn([7; 32]), created_at: at };
    LetterToWrite {
        ticket: Some(ticket(event(texts), TicketStatus::OnSale)),
        alert: Some(kept),
        ..letter(texts, LetterReason::TicketFound { ticket: TICKET, alert, left_out })
    }
}

fn order_letters(texts: Texts) -> Vec<Sample> {
    let of = |name, reason, status| {
        let order = Some(order(texts, event(texts), status));
        let ticket = Some(ticket(event(texts), TicketStatus::OnSale));
        Sample { name, letter: LetterToWrite { order, ticket, ..letter(texts, reason) } }
    };
    let back = LetterReason::OrderRefunded { order: ORDER };
    vec![
        of("order_completed", LetterReason::OrderCompleted { order: ORDER }, paid()),
        of("order_refunded_called_off", back.clone(), refunded(RefundReason::CalledOff)),
        of("order_refunded_given_back", back.clone(), refunded(RefundReason::ByBuyer)),
        of("order_refunded_taken_back", back, refunded(RefundReason::BySeller)),
        of(
            "money_returned",
            LetterReason::MoneyReturned { order: ORDER, amount: price().money() },
            refunded(RefundReason::ByBuyer),
        ),
    ]
}

fn change_letters(texts: Texts) -> Vec<Sample> {
    let of = |name, ticket| {
        let order = Some(order(texts, event(texts), paid()));
        Sample {
            name,
            letter: LetterToWrite { order, ticket, ..letter(texts, LetterReason::EventChanged { order: ORDER }) },
        }
    };
    vec![
        of("event_changed", Some(ticket(moved(texts), TicketStatus::OnSale))),
        of("event_as_ordered", Some(ticket(event(texts), TicketStatus::Withdrawn))),
        of("event_called_off", Some(ticket(moved(texts), TicketStatus::CalledOff))),
        of("event_changed_to_what_is_not_known", None),
    ]
}

/// Letters of which little is known, or whose texts are long or read from right to left.
pub(crate) fn odd_letters() -> Vec<Sample> {
    let long = "The Complete Works of William Shakespeare, Abridged, and Then Abridged Again, in One Evening, With an \
                Interval, and Some";
    let paid_letter = |event| LetterToWrite {
        order: Some(order(TEXTS, event, paid())),
        ..letter(TEXTS, LetterReason::OrderCompleted { order: ORDER })
    };
    let arabic =
        EventFacts { venue: Some("مسرح المدينة".into()), city: Some("بيروت".into()), ..event(TEXTS) };
    let arabic =
        EventFacts { title: "أمسية شعرية: قصائد 2027 (الجزء الأول)".into(), ..arabic };
    let unknown = LetterReason::MoneyReturned { order: ORDER, amount: price().money() };
    let nobody = Contact { display_name: None, ..letter(TEXTS, unknown.clone()).to };
    vec![
        Sample { name: "order_completed_long", letter: paid_letter(EventFacts { title: long.into(), ..event(TEXTS) }) },
        Sample { name: "order_completed_right_to_left", letter: paid_letter(arabic) },
        Sample { name: "order_completed_bare", letter: without_seller(paid_letter(bare("A jam session"))) },
        Sample {
            name: "money_returned_of_an_unknown_order",
            letter: LetterToWrite { to: nobody, ..letter(TEXTS, unknown) },
        },
    ]
}

fn without_seller(mut letter: LetterToWrite) -> LetterToWrite {
    if let Some(order) = &mut letter.order {
        order.ticket.seller_name = None;
    }
    letter
}
