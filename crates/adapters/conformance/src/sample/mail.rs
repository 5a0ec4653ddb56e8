//! Letters.

use ticketing_core::domain::alert::{Alert, AlertKey, Alerts, KeptQuestion, Told};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, AlertId, OrderId, TicketId};
use ticketing_core::domain::letter::{Letter, LetterCause, LetterReason};
use ticketing_core::domain::search::{Days, Filters, Moment, Places, PriceRange, SearchEntry};
use ticketing_core::domain::ticket::Sales;

use super::{NOW, price, ticket, uuid};

/// A letter that is due.
#[must_use]
pub fn letter() -> Letter {
    letter_about(LetterReason::PasswordChanged)
}

/// A letter that is due, for this reason.
#[must_use]
pub fn letter_about(reason: LetterReason) -> Letter {
    let cause = LetterCause { subject: uuid(), number: u64::from(u32::MAX) * 8, at: NOW };
    Letter::new(AccountId::new(uuid()), reason, cause)
}

/// Every reason to write.
#[must_use]
pub fn letter_reasons() -> Vec<LetterReason> {
    let order = OrderId::new(uuid());
    vec![
        LetterReason::ConfirmAddress,
        LetterReason::ResetPassword,
        LetterReason::PasswordChanged,
        LetterReason::NewBrowser { device: "Firefox “ü” \u{1F3AB}".into() },
        LetterReason::OrderCompleted { order },
        LetterReason::EventChanged { order },
        LetterReason::OrderRefunded { order },
        LetterReason::MoneyReturned { order, amount: price(4500).money() },
        LetterReason::PlacesSold { ticket: TicketId::new(uuid()) },
        LetterReason::TicketFound { ticket: TicketId::new(uuid()), alert: AlertId::new(uuid()), left_out: 7 },
    ]
}

/// The alerts of an account: two questions, one of which has every filter.
#[must_use]
pub fn alerts() -> Alerts {
    let everything = Filters {
        category: Some("Öper".to_owned()),
        city: Some("Zürich".to_owned()),
        country: Some("CH".to_owned()),
        from: Some(Moment::AtPlace("2030-06-01T20:00".parse().expect("a time"))),
        to: Some(Moment::At(NOW)),
        days: Days::Weekends,
        price: Some(PriceRange { currency: price(1).money().currency, least: Some(1), most: Some(1 << 40) }),
        places: Places::Together(2),
        attributes: Attributes::parse([("seatRow", "F “ü”")]).expect("an attribute"),
        event: Some("0123456789abcdef".repeat(2)),
    };
    let alerts = vec![alert("così “ü” \u{1F3AB}", Filters::default()), alert("", everything)];
    let told = Told { day: 20_833, letters: 3, left_out: 7 };
    Alerts { alerts, told, version: 2, ..Alerts::none(AccountId::new(uuid())) }
}

/// One question that is kept.
#[must_use]
pub fn alert(text: &str, filters: Filters) -> Alert {
    let id = AlertId::new(uuid());
    let key = AlertKey::drawn([id.uuid().into_bytes()[15]; 32]);
    Alert { id, question: KeptQuestion::stored(text, filters), key, created_at: NOW }
}

/// A ticket with its sales, as alerts last saw it.
#[must_use]
pub fn search_entry() -> SearchEntry {
    let facts = ticket();
    SearchEntry {
        id: facts.id,
        facts: Some(facts),
        sales: Sales { held: 1, sold: 2, version: u64::from(u32::MAX) * 8 },
    }
}
