//! Finds a page of tickets.
//!
//! A search walks one index in the order asked for, leaves out what the other
//! filters forbid, and stops when the page is full. The index is the one with
//! the fewest tickets. Where no index has the order asked for, or a window is
//! narrow, a few tickets are collected and sorted instead.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::{Bound, RangeInclusive};

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::ticket_store::{TicketCursor, TicketQuery, TicketSort};
use uuid::Uuid;

use crate::store::Table;

use super::catalog::{Catalog, Place, Shelf, place};
use super::words;

/// So many tickets are collected and sorted rather than found by walking past others.
const FEW: usize = 4096;
/// A walk may look at so many tickets for each that it returns.
const PATIENCE: usize = 16;

pub(super) fn search(catalog: &Catalog, listings: &Table<TicketId, Listing>, query: &TicketQuery) -> Vec<Listing> {
    let wanted = Wanted::of(query);
    let search = Search { catalog, listings, wanted: &wanted };
    let matching: Box<dyn Iterator<Item = &Listing>> = match search.source() {
        None => return Vec::new(),
        Some(Source::Shelf(shelf)) => Box::new(search.walk(shelf).filter(|listing| search.matches(listing))),
        Some(Source::Newest(having)) => Box::new(search.merge(having).filter(|listing| search.matches(listing))),
        Some(Source::Few(few)) => Box::new(search.sorted(few).into_iter()),
    };
    matching.take(search.limit()).cloned().collect()
}

/// Where a search looks.
enum Source<'a> {
    /// In an index that has the order asked for.
    Shelf(&'a Shelf),
    /// Among those that have a word, newest first.
    Newest(Vec<&'a BTreeSet<TicketId>>),
    /// At these, which are to be sorted.
    Few(Vec<TicketId>),
}

/// A query with its texts as they are indexed.
struct Wanted<'a> {
    query: &'a TicketQuery,
    words: Vec<String>,
    beginnings: Vec<String>,
    category: Option<String>,
    city: Option<String>,
}

impl<'a> Wanted<'a> {
    fn of(query: &'a TicketQuery) -> Self {
        let words: Vec<String> = query.text.as_deref().into_iter().flat_map(words::split).collect();
        Self {
            query,
            beginnings: words.iter().map(|word| words::beginning(word)).collect(),
            words,
            category: query.category.as_deref().map(str::to_lowercase),
            city: query.city.as_deref().map(str::to_lowercase),
        }
    }

    /// The ranks that the filters leave in an order.
    fn window(&self, sort: TicketSort) -> RangeInclusive<u64> {
        let query = self.query;
        let (cheapest, dearest) = (query.min_price.unwrap_or(0), query.max_price.unwrap_or(u64::MAX));
        match sort {
            TicketSort::Newest => 0..=u64::MAX,
            TicketSort::Cheapest => cheapest..=dearest,
            TicketSort::Dearest => u64::MAX - dearest..=u64::MAX - cheapest,
            TicketSort::Soonest => {
                let from = query.from.map_or(query.now, |from| from.max(query.now));
                let last = query.to.map_or(u64::MAX, |to| to.millis().unsigned_abs().saturating_sub(1));
                from.millis().unsigned_abs()..=last
            }
        }
    }
}

struct Search<'a> {
    catalog: &'a Catalog,
    listings: &'a Table<TicketId, Listing>,
    wanted: &'a Wanted<'a>,
}

impl<'a> Search<'a> {
    /// Where the page is found with the fewest looks; `None` if a filter leaves no ticket.
    fn source(&self) -> Option<Source<'a>> {
        let shelf = self.shelf()?;
        let having = self.rarest_word()?;
        let count: usize = having.iter().map(|having| having.len()).sum();
        let is_rare = !having.is_empty() && count < shelf.len();
        // A walk past all tickets finds one of these among so many.
        let steps = self.limit().saturating_mul(self.catalog.all.len()) / count.max(1);
        let is_merged = self.sort() == TicketSort::Newest && having.len() <= steps.max(self.limit());
        let is_collected = self.sort() != TicketSort::Newest && count <= steps && steps > self.limit() * PATIENCE;
        Some(match self.narrow(shelf) {
            _ if is_rare && is_merged => Source::Newest(having),
            _ if is_rare && is_collected => Source::Few(having.into_iter().flatten().copied().collect()),
            Some(few) => Source::Few(few),
            None => Source::Shelf(shelf),
        })
    }

    fn shelf(&self) -> Option<&'a Shelf> {
        let mut least = &self.catalog.all;
        if let Some(name) = &self.wanted.category {
            least = fewer(least, self.catalog.category(name)?);
        }
        if let Some(name) = &self.wanted.city {
            least = fewer(least, self.catalog.city(name)?);
        }
        Some(least)
    }

    /// The tickets that have the word which fewest have; none listed if no word is asked for.
    fn rarest_word(&self) -> Option<Vec<&'a BTreeSet<TicketId>>> {
        let each = self.wanted.words.iter().map(|word| self.catalog.having(word));
        let rarest = each.min_by_key(|having| having.iter().map(|having| having.len()).sum::<usize>());
        match rarest {
            None => Some(Vec::new()),
            Some(nobody) if nobody.is_empty() => None,
            Some(having) => Some(having),
        }
    }

    /// The tickets within a window of price or time, if they are few.
    fn narrow(&self, shelf: &'a Shelf) -> Option<Vec<TicketId>> {
        let query = self.wanted.query;
        let by_price = (query.min_price.is_some() || query.max_price.is_some()).then_some(TicketSort::Cheapest);
        let by_time = (query.from.is_some() || query.to.is_some()).then_some(TicketSort::Soonest);
        let windows = by_price.into_iter().chain(by_time).filter(|sort| *sort != self.sort());
        windows.map(|sort| self.within(shelf, sort).take(FEW + 1).collect::<Vec<_>>()).find(|few| few.len() <= FEW)
    }

    fn within(&self, shelf: &'a Shelf, sort: TicketSort) -> impl Iterator<Item = TicketId> {
        let window = self.wanted.window(sort);
        places(shelf, sort, Bound::Included((*window.start(), Reverse(LAST))), *window.end())
    }

    /// What stands on a shelf behind the cursor, in the order asked for.
    fn walk(&self, shelf: &'a Shelf) -> impl Iterator<Item = &'a Listing> {
        let window = self.wanted.window(self.sort());
        let first = (*window.start(), Reverse(LAST));
        let start = match self.after() {
            Some(after) if after >= first => Bound::Excluded(after),
            _ => Bound::Included(first),
        };
        self.known(places(shelf, self.sort(), start, *window.end()))
    }

    /// What is in any of these behind the cursor, newest first and once each.
    fn merge(&self, having: Vec<&'a BTreeSet<TicketId>>) -> impl Iterator<Item = &'a Listing> {
        let before = self.after().map_or(Bound::Unbounded, |(_, Reverse(id))| Bound::Excluded(id));
        self.known(newest_first(having, before))
    }

    /// What of these matches behind the cursor, in the order asked for and once each.
    fn sorted(&self, few: Vec<TicketId>) -> Vec<&'a Listing> {
        let sort = self.sort();
        let after = self.after();
        let matching = self.known(few.into_iter()).filter(|listing| self.matches(listing));
        let mut sorted: Vec<_> =
            matching.filter(|listing| after.is_none_or(|after| place(sort, listing) > after)).collect();
        sorted.sort_unstable_by_key(|listing| place(sort, listing));
        sorted.dedup_by_key(|listing| listing.ticket.id);
        sorted
    }

    fn matches(&self, listing: &Listing) -> bool {
        let (wanted, query, offer) = (self.wanted, self.wanted.query, &listing.ticket.offer);
        let amount = offer.price.money().amount;
        let starts_at = offer.details.starts_at;
        starts_at.is_none_or(|at| at >= query.now)
            && query.from.is_none_or(|from| starts_at.is_some_and(|at| at >= from))
            && query.to.is_none_or(|to| starts_at.is_some_and(|at| at < to))
            && query.min_price.is_none_or(|least| amount >= least)
            && query.max_price.is_none_or(|most| amount <= most)
            && wanted.category.as_deref().is_none_or(|name| is_called(offer.details.category.as_deref(), name))
            && wanted.city.as_deref().is_none_or(|name| is_called(offer.details.city.as_deref(), name))
            && self.has_words(listing.ticket.id)
    }

    fn has_words(&self, id: TicketId) -> bool {
        let wanted = &self.wanted.beginnings;
        wanted.is_empty() || self.catalog.words_of(id).is_some_and(|words| wanted.iter().all(|word| words.have(word)))
    }

    fn known(&self, ids: impl Iterator<Item = TicketId>) -> impl Iterator<Item = &'a Listing> {
        let listings = self.listings;
        ids.filter_map(move |id| listings.get(&id)).map(|stored| &stored.record)
    }

    fn limit(&self) -> usize {
        self.wanted.query.page.limit
    }

    fn sort(&self) -> TicketSort {
        self.wanted.query.sort
    }

    fn after(&self) -> Option<Place> {
        self.wanted.query.page.after.map(|TicketCursor { rank, id }| (rank, Reverse(id)))
    }
}

/// Sorts before every other id of its rank.
const LAST: TicketId = TicketId::new(Uuid::max());

fn fewer<'a>(one: &'a Shelf, other: &'a Shelf) -> &'a Shelf {
    if other.len() < one.len() { other } else { one }
}

fn is_called(name: Option<&str>, wanted: &str) -> bool {
    name.is_some_and(|name| name.chars().flat_map(char::to_lowercase).eq(wanted.chars()))
}

fn places(shelf: &Shelf, sort: TicketSort, start: Bound<Place>, last: u64) -> impl Iterator<Item = TicketId> {
    let behind = shelf.by(sort).range((start, Bound::Unbounded));
    behind.take_while(move |(rank, _)| *rank <= last).map(|(_, Reverse(id))| *id)
}

fn newest_first(sets: Vec<&BTreeSet<TicketId>>, before: Bound<TicketId>) -> impl Iterator<Item = TicketId> {
    let below = |set: &BTreeSet<TicketId>, bound| set.range((Bound::Unbounded, bound)).next_back().copied();
    let mut heads: BinaryHeap<(TicketId, usize)> =
        sets.iter().enumerate().filter_map(|(at, set)| below(set, before).map(|id| (id, at))).collect();
    let mut last = None;
    std::iter::from_fn(move || {
        loop {
            let (id, at) = heads.pop()?;
            heads.extend(sets.get(at).and_then(|set| below(set, Bound::Excluded(id))).map(|next| (next, at)));
            if last.replace(id) != Some(id) {
                return Some(id);
            }
        }
    })
}
