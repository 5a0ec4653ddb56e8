//! A search as a query, and the indexes that answer it.
//!
//! Each order that a list may have is an index, so a page costs as much as the
//! page, however many tickets there are. Words, categories, cities and attributes have
//! separate indexes, for searches that few tickets match; the server races
//! the plans that there are and remembers the winner.

use bson::{Bson, Document, Uuid, doc};
use mongodb::IndexModel;
use ticketing_core::domain::search::{MOST_WORDS, attributes_to_find, name_to_find, words_to_find};
use ticketing_core::ports::ticket_store::{Moment, TicketCursor, TicketQuery, TicketSort};

use crate::document::{Record, index, partial, signed, unique};
use crate::store::Query;

use super::listing::ListingDocument;

const SOONEST: &str = "found_by.soonest";
const LOCAL: &str = "found_by.local";
const CLOSES: &str = "found_by.closes";
const AMOUNT: &str = "found_by.amount";
const CURRENCY: &str = "offer.price.currency";
const CATEGORY: &str = "found_by.category";
const CITY: &str = "found_by.city";
const WORDS: &str = "found_by.words";
const ATTRIBUTES: &str = "found_by.attributes";
const EVENT: &str = "found_by.event";

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

/// `None` if nothing can match.
pub(super) fn query(query: &TicketQuery) -> Option<Query> {
    let words = query.text.as_deref().map(words_to_find);
    if words.as_ref().is_some_and(Vec::is_empty) {
        return None;
    }
    let mut all = vec![doc! { "on_sale": true }, doc! { SOONEST: { "$gte": query.now.millis() } }];
    // Without an index: few tickets have an end of sales.
    all.push(doc! { CLOSES: { "$not": { "$lt": query.now.millis() } } });
    all.extend(times(query));
    all.extend(query.from.and_then(|from| at_place(from, "$gte")));
    all.extend(query.to.and_then(|to| at_place(to, "$lt")));
    all.extend(query.currency.map(|currency| doc! { CURRENCY: currency.code() }));
    all.extend(query.min_price.map(|least| doc! { AMOUNT: { "$gte": signed(least) } }));
    all.extend(query.max_price.map(|most| doc! { AMOUNT: { "$lte": signed(most) } }));
    all.extend(query.category.as_deref().map(|name| doc! { CATEGORY: name_to_find(name) }));
    all.extend(query.city.as_deref().map(|name| doc! { CITY: name_to_find(name) }));
    all.extend(attributes_to_find(&query.attributes).into_iter().map(|attribute| doc! { ATTRIBUTES: attribute }));
    all.extend(query.event.as_deref().map(|event| doc! { EVENT: event }));
    all.extend(words.iter().flat_map(|words| having(words)));
    all.extend(query.page.after.map(|cursor| behind(query.sort, cursor)));
    let filter = doc! { "$and": all };
    let (collection, sort) = (ListingDocument::COLLECTION, order(query.sort));
    Some(Query { collection, filter, sort, limit: query.page.limit })
}

/// The event's time as it was asked for; a ticket without one is after every time.
fn times(query: &TicketQuery) -> Option<Document> {
    if query.from.is_none() && query.to.is_none() {
        return None;
    }
    let from = query.from.map_or(i64::MIN, |from| from.window().0.millis());
    let to = query.to.map_or(i64::MAX, |to| to.window().1.millis());
    Some(doc! { SOONEST: { "$gte": from, "$lt": to } })
}

/// A bound on the clocks of the place, which the one above has made cheap. Where they are not known it is UTC.
fn at_place(moment: Moment, compared: &str) -> Option<Document> {
    let Moment::AtPlace(time) = moment else { return None };
    let bound = doc! { compared: time.millis() };
    Some(doc! { "$or": [{ LOCAL: &bound }, { LOCAL: Bson::Null, SOONEST: &bound }] })
}

/// There is a word that begins like each of these.
///
/// The longest one leads into the index of words. The others are asked for in a form for which the server knows no
/// index, and always as many of them, so that it plans searches of any number of words once and in one way.
fn having(words: &[String]) -> Vec<Document> {
    let Some((longest, others)) = words.split_first() else { return Vec::new() };
    let others = others.iter().map(String::as_str);
    // Every word begins with nothing.
    let others = others.chain(std::iter::repeat("")).take(MOST_WORDS - 1);
    let lacks: Vec<Document> = others.map(|word| doc! { WORDS: { "$not": beginning(word) } }).collect();
    vec![doc! { WORDS: beginning(longest) }, doc! { "$nor": lacks }]
}

/// Some word begins like this; both bounds hold for the same word.
fn beginning(word: &str) -> Document {
    doc! { "$elemMatch": { "$gte": word, "$lt": format!("{word}{}", char::MAX) } }
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
