//! The offers of an event as a query, and the indexes of listings.

use bson::doc;
use mongodb::IndexModel;
use ticketing_core::ports::ticket_store::EventOffers;

use crate::document::{index, partial, unique};
use crate::query::Query;

use super::listing::ListingDocument;

const SOONEST: &str = "found_by.soonest";
const CLOSES: &str = "found_by.closes";
const AMOUNT: &str = "found_by.amount";
const CURRENCY: &str = "offer.price.currency";
const CATEGORY: &str = "found_by.category";
const CITY: &str = "found_by.city";
const WORDS: &str = "found_by.words";
const ATTRIBUTES: &str = "found_by.attributes";
const EVENT: &str = "found_by.event";

/// Those from `newest` to `attributes` are what a release before this one searches: they go with the release after.
pub(super) fn indexes() -> Vec<IndexModel> {
    let on_sale = |name, keys| partial(name, keys, doc! { "on_sale": true });
    vec![
        unique("key_of_seller", doc! { "seller": 1, "request.key": 1 }, doc! { "request.key": { "$gt": "" } }),
        index("of_seller", doc! { "seller": 1, "_id": -1 }),
        on_sale("newest", doc! { "on_sale": 1, "_id": -1 }),
        on_sale("soonest", doc! { SOONEST: 1, "_id": -1 }),
        on_sale("cheapest_of_currency", doc! { CURRENCY: 1, AMOUNT: 1, "_id": -1 }),
        on_sale("dearest_of_currency", doc! { CURRENCY: 1, AMOUNT: -1, "_id": -1 }),
        on_sale("category", doc! { CATEGORY: 1, "_id": -1 }),
        on_sale("city", doc! { CITY: 1, "_id": -1 }),
        on_sale("words", doc! { WORDS: 1, "_id": -1 }),
        partial(
            "attributes",
            doc! { ATTRIBUTES: 1, "_id": -1 },
            doc! { "on_sale": true, ATTRIBUTES: { "$exists": true } },
        ),
        partial(
            "cheapest_of_event",
            doc! { EVENT: 1, AMOUNT: 1, "_id": -1 },
            doc! { "on_sale": true, EVENT: { "$exists": true } },
        ),
    ]
}

/// Walks the offers of the event in their order. Few have another currency, or ended before the event begins.
pub(super) fn of_event(wanted: &EventOffers) -> Query {
    let now = wanted.now.millis();
    let filter = doc! {
        "on_sale": true,
        EVENT: &wanted.event,
        CURRENCY: wanted.currency.code(),
        SOONEST: { "$gt": now },
        CLOSES: { "$not": { "$lte": now } },
    };
    Query::of::<ListingDocument>(filter).first(wanted.limit, doc! { AMOUNT: 1, "_id": -1 })
}
