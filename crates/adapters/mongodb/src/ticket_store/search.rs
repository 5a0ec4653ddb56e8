//! A search as a query, and the indexes that answer it.
//!
//! Each order that a list may have is an index, so a page costs as much as the
//! page, however many tickets there are. Words, categories and cities have
//! indexes of their own, for searches that few tickets match; the server races
//! the plans that there are and remembers the winner.

use bson::{Bson, Document, Uuid, doc};
use mongodb::IndexModel;
use ticketing_core::domain::ticket::words;
use ticketing_core::ports::ticket_store::{TicketCursor, TicketQuery, TicketSort};

use crate::document::{Record, index, partial, signed, unique};
use crate::store::Query;

use super::listing::ListingDocument;

const SOONEST: &str = "found_by.soonest";
const AMOUNT: &str = "found_by.amount";
const CATEGORY: &str = "found_by.category";
const CITY: &str = "found_by.city";
const WORDS: &str = "found_by.words";

pub(super) fn indexes() -> Vec<IndexModel> {
    let on_sale = |name, keys| partial(name, keys, doc! { "on_sale": true });
    vec![
        unique("key_of_seller", doc! { "seller": 1, "request.key": 1 }, doc! { "request.key": { "$gt": "" } }),
        index("of_seller", doc! { "seller": 1, "_id": -1 }),
        on_sale("newest", doc! { "on_sale": 1, "_id": -1 }),
        on_sale("soonest", doc! { SOONEST: 1, "_id": -1 }),
        on_sale("cheapest", doc! { AMOUNT: 1, "_id": -1 }),
        on_sale("dearest", doc! { AMOUNT: -1, "_id": -1 }),
        on_sale("category", doc! { CATEGORY: 1, "_id": -1 }),
        on_sale("city", doc! { CITY: 1, "_id": -1 }),
        on_sale("words", doc! { WORDS: 1, "_id": -1 }),
    ]
}

pub(super) fn query(query: &TicketQuery) -> Query {
    let mut all = vec![doc! { "on_sale": true }, doc! { SOONEST: { "$gte": query.now.millis() } }];
    all.extend(times(query));
    all.extend(query.min_price.map(|least| doc! { AMOUNT: { "$gte": signed(least) } }));
    all.extend(query.max_price.map(|most| doc! { AMOUNT: { "$lte": signed(most) } }));
    all.extend(query.category.as_deref().map(|name| doc! { CATEGORY: name.to_lowercase() }));
    all.extend(query.city.as_deref().map(|name| doc! { CITY: name.to_lowercase() }));
    all.extend(query.text.as_deref().into_iter().flat_map(words).map(|word| beginning(&word)));
    all.extend(query.page.after.map(|cursor| behind(query.sort, cursor)));
    let filter = doc! { "$and": all };
    Query { collection: ListingDocument::COLLECTION, filter, sort: order(query.sort), limit: query.page.limit }
}

/// The event's time as it was asked for; a ticket without one is after every time.
fn times(query: &TicketQuery) -> Option<Document> {
    if query.from.is_none() && query.to.is_none() {
        return None;
    }
    let from = query.from.map_or(i64::MIN, |from| from.millis());
    let to = query.to.map_or(i64::MAX, |to| to.millis());
    Some(doc! { SOONEST: { "$gte": from, "$lt": to } })
}

/// Some word begins like this; both bounds hold for the same word.
fn beginning(word: &str) -> Document {
    doc! { WORDS: { "$elemMatch": { "$gte": word, "$lt": format!("{word}{}", char::MAX) } } }
}

fn order(sort: TicketSort) -> Document {
    match sort {
        TicketSort::Newest => doc! { "on_sale": 1, "_id": -1 },
        TicketSort::Soonest => doc! { SOONEST: 1, "_id": -1 },
        TicketSort::Cheapest => doc! { AMOUNT: 1, "_id": -1 },
        TicketSort::Dearest => doc! { AMOUNT: -1, "_id": -1 },
    }
}

/// What comes after a place in the list.
fn behind(sort: TicketSort, TicketCursor { rank, id }: TicketCursor) -> Document {
    let older: Bson = doc! { "$lt": Uuid::from(id.uuid()) }.into();
    let from = |field: &str, not_before: &str, after: &str, value: i64| {
        let same_or_after = doc! { field: { not_before: value } };
        let further = doc! { "$or": [{ field: { after: value } }, { "_id": &older }] };
        doc! { "$and": [same_or_after, further] }
    };
    match sort {
        TicketSort::Newest => doc! { "_id": &older },
        TicketSort::Soonest => from(SOONEST, "$gte", "$gt", signed(rank)),
        TicketSort::Cheapest => from(AMOUNT, "$gte", "$gt", signed(rank)),
        // The rank of the dearest is the lowest.
        TicketSort::Dearest => from(AMOUNT, "$lte", "$lt", signed(u64::MAX - rank)),
    }
}
