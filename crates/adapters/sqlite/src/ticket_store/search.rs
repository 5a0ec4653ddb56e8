//! Finds a page of tickets.
//!
//! A search walks an index in the order asked for, leaves out what the filters forbid, and stops when the page is full.
//! Where few tickets match that would take long, so their number is counted first, up to a bound, by each index that
//! narrows the search: the one of tokens, and a window of price or time. If they are few, they are all read and sorted.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use ticketing_core::domain::search::words_to_find;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::ticket_store::{TicketQuery, TicketSort};
use ticketing_core::ports::unreadable::Listed;

use crate::document::{blob, signed};
use crate::error::Failure;
use crate::store::{self, Query};

use super::ListingDocument;
use super::tokens;

/// So many tickets are sorted rather than walked to.
const FEW: usize = 2000;

pub(super) fn search(connection: &Connection, query: &TicketQuery) -> Result<Listed<Listing>, Failure> {
    let words: Vec<String> = query.text.as_deref().map(words_to_find).unwrap_or_default();
    if query.text.is_some() && words.is_empty() {
        return Ok(Listed::default());
    }
    let wanted = Wanted { query, words };
    let way = wanted.way(connection)?;
    let is_wanted = |listing: &Listing| query.has_time_for(&listing.ticket.offer.details);
    store::list::<ListingDocument>(connection, &wanted.query(&way), query.page.limit, is_wanted)
}

struct Wanted<'a> {
    query: &'a TicketQuery,
    words: Vec<String>,
}

/// Where a search begins: a table or two, and a condition.
#[derive(Default)]
struct Way {
    from: &'static str,
    only: String,
    params: Vec<Value>,
}

impl Wanted<'_> {
    /// The first index that leaves few tickets; the one of the order where none does.
    fn way(&self, connection: &Connection) -> Result<Way, Failure> {
        for way in [self.by_tokens(), self.by_price(), self.by_time()].into_iter().flatten() {
            if way.leaves_few(connection)? {
                return Ok(way);
            }
        }
        let from = match self.query.sort {
            TicketSort::Newest => "listings INDEXED BY listings_newest",
            TicketSort::Soonest => "listings INDEXED BY listings_soonest",
            TicketSort::Cheapest => "listings INDEXED BY listings_cheapest",
            TicketSort::Dearest => "listings INDEXED BY listings_dearest",
        };
        Ok(Way { from, only: "on_sale".to_owned(), params: Vec::new() })
    }

    fn by_tokens(&self) -> Option<Way> {
        let words = self.words.iter().map(|word| format!("\"{}\"*", tokens::word(word)));
        let names = self.names().into_iter().map(|token| format!("\"{token}\""));
        let every: Vec<String> = words.chain(names).collect();
        (!every.is_empty()).then(|| Way {
            from: "found_by CROSS JOIN listings ON listings.number = found_by.rowid",
            only: "found_by MATCH ? AND on_sale".to_owned(),
            params: vec![Value::Text(every.join(" "))],
        })
    }

    fn by_price(&self) -> Option<Way> {
        let is_walked = matches!(self.query.sort, TicketSort::Cheapest | TicketSort::Dearest);
        let is_bounded = self.query.min_price.is_some() || self.query.max_price.is_some();
        let way = || self.prices("listings INDEXED BY listings_cheapest");
        (is_bounded && !is_walked).then(way)
    }

    fn by_time(&self) -> Option<Way> {
        let by_price = matches!(self.query.sort, TicketSort::Cheapest | TicketSort::Dearest);
        let is_bounded = self.query.from.is_some() || self.query.to.is_some() || by_price;
        let way = || self.times("listings INDEXED BY listings_soonest");
        (is_bounded && self.query.sort != TicketSort::Soonest).then(way)
    }

    fn prices(&self, from: &'static str) -> Way {
        let (least, most) = (self.query.min_price.unwrap_or(0), self.query.max_price.unwrap_or(u64::MAX));
        let only = "on_sale AND amount BETWEEN ? AND ?".to_owned();
        Way { from, only, params: vec![Value::Integer(signed(least)), Value::Integer(signed(most))] }
    }

    /// Wider than what is asked for, where clocks of places matter; each ticket is looked at. Of what has begun, nothing is
    /// sold: however much there was, none of it is walked.
    fn times(&self, from: &'static str) -> Way {
        let now = self.query.now;
        let first = self.query.from.map_or(now, |from| from.window().0.max(now));
        let last = self.query.to.map(|to| to.window().1);
        let bounds = [first.millis(), last.map_or(i64::MAX, |time| time.millis())];
        Way {
            from,
            only: "on_sale AND soonest BETWEEN ? AND ?".to_owned(),
            params: bounds.map(Value::Integer).to_vec(),
        }
    }

    /// The names that a ticket has as a whole.
    fn names(&self) -> Vec<String> {
        let query = self.query;
        let category = query.category.as_deref().map(tokens::category);
        let city = query.city.as_deref().map(tokens::city);
        let currency = query.currency.map(tokens::currency);
        let event = query.event.as_deref().map(tokens::event);
        category
            .into_iter()
            .chain(city)
            .chain(currency)
            .chain(event)
            .chain(tokens::attributes(&query.attributes))
            .collect()
    }

    /// Everything that is asked for, along a way.
    fn query(&self, way: &Way) -> Query {
        let mut query = Query { rest: format!("FROM {} WHERE {}", way.from, way.only), params: way.params.clone() };
        let mut also = |condition: &str, params: Vec<Value>| {
            query.rest.push_str(" AND ");
            query.rest.push_str(condition);
            query.params.extend(params);
        };
        also("closes >= ?", vec![Value::Integer(self.query.now.millis())]);
        for bounds in [self.prices(""), self.times("")] {
            also(&bounds.only, bounds.params);
        }
        for word in &self.words {
            also("instr(listings.tokens, ?)", vec![Value::Text(format!(" {}", tokens::word(word)))]);
        }
        for name in self.names() {
            also("instr(listings.tokens, ?)", vec![Value::Text(format!(" {name} "))]);
        }
        if let Some((condition, params)) = self.behind() {
            also(condition, params);
        }
        query.rest.push_str(match self.query.sort {
            TicketSort::Newest => " ORDER BY id DESC",
            TicketSort::Soonest => " ORDER BY soonest, id DESC",
            TicketSort::Cheapest => " ORDER BY amount, id DESC",
            TicketSort::Dearest => " ORDER BY amount DESC, id DESC",
        });
        query
    }

    /// What lies behind the cursor.
    fn behind(&self) -> Option<(&'static str, Vec<Value>)> {
        let after = self.query.page.after?;
        let id = blob(after.id.uuid());
        let ranked = |rank| {
            let rank = Value::Integer(signed(rank));
            vec![rank.clone(), rank, id.clone()]
        };
        Some(match self.query.sort {
            TicketSort::Newest => ("id < ?", vec![id]),
            TicketSort::Soonest => ("soonest >= ? AND (soonest > ? OR id < ?)", ranked(after.rank)),
            TicketSort::Cheapest => ("amount >= ? AND (amount > ? OR id < ?)", ranked(after.rank)),
            TicketSort::Dearest => ("amount <= ? AND (amount < ? OR id < ?)", ranked(u64::MAX - after.rank)),
        })
    }
}

impl Way {
    fn leaves_few(&self, connection: &Connection) -> Result<bool, Failure> {
        let Self { from, only, params } = self;
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {from} WHERE {only} LIMIT {})", FEW + 1);
        let mut count = connection.prepare_cached(&sql)?;
        let found: i64 = count.query_row(params_from_iter(params), |row| row.get(0))?;
        Ok(usize::try_from(found).is_ok_and(|found| found <= FEW))
    }
}
