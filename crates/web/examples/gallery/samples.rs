//! Sample data that several pages share.

use ticketing_web::{EventTime, Flash, FlashKind, HeldOrder, Money, OrderSummary, Shell, Viewer};

pub(crate) const TICKET_ID: &str = "0198f3a2-7c1e-7d40-9b1a-3f5a0c2e8d11";
pub(crate) const ORDER_ID: &str = "0198f3a2-9d20-7a11-8c55-6e0f9b7a4c22";

pub(crate) fn euros(amount: u64) -> Money {
    Money { amount, currency: "EUR", exponent: 2 }
}

pub(crate) fn visitor(path: &str) -> Shell {
    Shell { path: path.into(), ..Shell::default() }
}

pub(crate) fn member(path: &str) -> Shell {
    let viewer = Viewer {
        id: "0198f3a2-eeee-7eee-8eee-eeeeeeeeeeee".into(),
        email: "ada.lovelace@example.org".into(),
        ..Viewer::default()
    };
    Shell { viewer: Some(viewer), path: path.into(), ..Shell::default() }
}

pub(crate) fn told(path: &str, kind: FlashKind, text: &str) -> Shell {
    Shell { flash: Some(Flash { kind, text: text.into() }), ..member(path) }
}

pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).into()).collect()
}

pub(crate) fn order() -> OrderSummary {
    OrderSummary {
        seller_name: Some("Konzertbüro Süd".into()),
        id: ORDER_ID.into(),
        ticket_id: TICKET_ID.into(),
        ticket_title: "Philharmonic: Mahler's Second, the Resurrection".into(),
        starts_at: Some(EventTime::new("2026-12-04T18:30:00Z".parse().expect("a time"), Some("Europe/Vienna"))),
        place: Some("Great Hall, Vienna".into()),
        seats: Some("Stalls, row 7, 12-14, side by side".into()),
        quantity: 2,
        price: euros(6450),
        total: euros(12900),
        placed_at: "2026-11-22T18:03:11Z".into(),
    }
}

pub(crate) fn held() -> HeldOrder {
    HeldOrder {
        id: ORDER_ID.into(),
        ticket_id: TICKET_ID.into(),
        ticket_title: "Philharmonic: Mahler's Second, the Resurrection".into(),
        quantity: 2,
        pay_by: "2026-11-22T18:18:11Z".into(),
        now: "2026-11-22T18:04:11Z".into(),
    }
}
