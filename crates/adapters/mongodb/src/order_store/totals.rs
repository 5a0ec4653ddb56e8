//! The orders of a ticket, added up by the server.

use std::collections::BTreeMap;

use bson::{Bson, Document, Uuid, doc};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::sales_total::{SalesTotal, Tally};

/// One sum for each status and currency.
pub(super) fn adding(ticket: TicketId) -> Vec<Document> {
    let price = doc! { "$multiply": ["$price.amount", "$quantity"] };
    vec![
        doc! { "$match": { "ticket": Uuid::from(ticket.uuid()) } },
        doc! { "$group": {
            "_id": { "currency": "$price.currency", "status": "$status" },
            "orders": { "$sum": 1_i64 },
            "places": { "$sum": "$quantity" },
            "amount": { "$sum": price },
        } },
    ]
}

/// What [`adding`] found. Orders whose currency or status this release does not know count for nothing.
pub(super) fn added(found: &[Document]) -> Vec<SalesTotal> {
    let mut totals = BTreeMap::new();
    for (currency, status, tally) in found.iter().filter_map(sum) {
        let total = totals.entry(currency).or_insert_with(|| SalesTotal::none(currency));
        match status {
            Paid::NotYet => total.held = tally,
            Paid::Kept => total.sold = tally,
            // One sum for each reason.
            Paid::Back => total.refunded = total.refunded.plus(tally),
        }
    }
    totals.into_values().collect()
}

#[derive(Clone, Copy)]
enum Paid {
    NotYet,
    Kept,
    Back,
}

fn sum(found: &Document) -> Option<(Currency, Paid, Tally)> {
    let of = found.get_document("_id").ok()?;
    let currency = of.get_str("currency").ok()?.parse().ok()?;
    let status = match of.get_str("status").ok()? {
        "awaiting_payment" => Paid::NotYet,
        "completed" => Paid::Kept,
        "refunded_by_call_off" | "refunded_by_buyer" | "refunded_by_seller" => Paid::Back,
        _ => return None,
    };
    let count = |field| whole(found.get(field));
    Some((currency, status, Tally { orders: count("orders"), places: count("places"), amount: count("amount") }))
}

/// A sum of whole numbers; the server goes on with a floating one where 63 bits are too few.
fn whole(sum: Option<&Bson>) -> u64 {
    match sum {
        Some(Bson::Int64(sum)) => u64::try_from(*sum).unwrap_or(0),
        Some(Bson::Int32(sum)) => u64::try_from(*sum).unwrap_or(0),
        Some(Bson::Double(_)) => u64::MAX,
        _ => 0,
    }
}
