//! Tickets on sale, by everything that a search looks for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::search::{attributes_to_find, event_to_find, name_to_find};
use ticketing_core::domain::ticket::{Listing, TicketStatus};
use ticketing_core::ports::ticket_store::TicketSort;

use super::words::Words;

/// A place in an order: rank, then newest first.
pub(super) type Place = (u64, Reverse<TicketId>);

/// Some tickets in each order that a search may ask for.
#[derive(Default)]
pub(super) struct Shelf {
    newest: BTreeSet<Place>,
    soonest: BTreeSet<Place>,
    cheapest: BTreeSet<Place>,
    dearest: BTreeSet<Place>,
}

const SORTS: [TicketSort; 4] = [TicketSort::Newest, TicketSort::Soonest, TicketSort::Cheapest, TicketSort::Dearest];

impl Shelf {
    pub(super) fn len(&self) -> usize {
        self.newest.len()
    }

    pub(super) fn by(&self, sort: TicketSort) -> &BTreeSet<Place> {
        match sort {
            TicketSort::Newest => &self.newest,
            TicketSort::Soonest => &self.soonest,
            TicketSort::Cheapest => &self.cheapest,
            TicketSort::Dearest => &self.dearest,
        }
    }

    fn by_mut(&mut self, sort: TicketSort) -> &mut BTreeSet<Place> {
        match sort {
            TicketSort::Newest => &mut self.newest,
            TicketSort::Soonest => &mut self.soonest,
            TicketSort::Cheapest => &mut self.cheapest,
            TicketSort::Dearest => &mut self.dearest,
        }
    }

    fn add(&mut self, listing: &Listing) {
        for sort in SORTS {
            self.by_mut(sort).insert(place(sort, listing));
        }
    }

    fn remove(&mut self, listing: &Listing) {
        for sort in SORTS {
            self.by_mut(sort).remove(&place(sort, listing));
        }
    }
}

pub(super) fn place(sort: TicketSort, listing: &Listing) -> Place {
    (sort.rank(listing), Reverse(listing.ticket.id))
}

/// Every ticket on sale, and where it is found.
#[derive(Default)]
pub(super) struct Catalog {
    pub(super) all: Shelf,
    categories: HashMap<String, Shelf>,
    cities: HashMap<String, Shelf>,
    currencies: HashMap<Currency, Shelf>,
    attributes: HashMap<String, Shelf>,
    events: HashMap<String, Shelf>,
    /// Words have too many tickets between them to keep each in every order.
    words: BTreeMap<Box<str>, BTreeSet<TicketId>>,
    words_of: HashMap<TicketId, Words>,
}

impl Catalog {
    pub(super) fn add(&mut self, listing: &Listing) {
        let details = &listing.ticket.offer.details;
        if listing.ticket.status != TicketStatus::OnSale {
            return;
        }
        self.all.add(listing);
        add_to(&mut self.categories, details.category.as_deref().map(name_to_find), listing);
        add_to(&mut self.cities, details.event.city.as_deref().map(name_to_find), listing);
        add_to(&mut self.attributes, attributes_to_find(&details.attributes), listing);
        add_to(&mut self.events, event_to_find(&details.event), listing);
        self.currencies.entry(currency_of(listing)).or_default().add(listing);
        let words = Words::of(details);
        for word in words.iter() {
            match self.words.get_mut(word) {
                Some(having) => {
                    having.insert(listing.ticket.id);
                }
                None => {
                    self.words.insert(word.into(), BTreeSet::from([listing.ticket.id]));
                }
            }
        }
        self.words_of.insert(listing.ticket.id, words);
    }

    pub(super) fn remove(&mut self, listing: &Listing) {
        let details = &listing.ticket.offer.details;
        let Some(words) = self.words_of.remove(&listing.ticket.id) else { return };
        self.all.remove(listing);
        remove_from(&mut self.categories, details.category.as_deref().map(name_to_find), listing);
        remove_from(&mut self.cities, details.event.city.as_deref().map(name_to_find), listing);
        remove_from(&mut self.attributes, attributes_to_find(&details.attributes), listing);
        remove_from(&mut self.events, event_to_find(&details.event), listing);
        if let Some(shelf) = self.currencies.get_mut(&currency_of(listing)) {
            shelf.remove(listing);
        }
        for word in words.iter() {
            let Some(having) = self.words.get_mut(word) else { continue };
            having.remove(&listing.ticket.id);
            if having.is_empty() {
                self.words.remove(word);
            }
        }
    }

    /// The tickets of a category, named as names are compared.
    pub(super) fn category(&self, name: &str) -> Option<&Shelf> {
        self.categories.get(name)
    }

    /// The tickets in a city, named as names are compared.
    pub(super) fn city(&self, name: &str) -> Option<&Shelf> {
        self.cities.get(name)
    }

    /// The tickets that are priced in a currency.
    pub(super) fn currency(&self, currency: Currency) -> Option<&Shelf> {
        self.currencies.get(&currency)
    }

    /// The tickets that have an attribute, as it is found.
    pub(super) fn attribute(&self, attribute: &str) -> Option<&Shelf> {
        self.attributes.get(attribute)
    }

    /// The tickets of an event, as it is recognised.
    pub(super) fn event(&self, event: &str) -> Option<&Shelf> {
        self.events.get(event)
    }

    /// The tickets that have a word with this beginning, word by word.
    pub(super) fn having(&self, prefix: &str) -> Vec<&BTreeSet<TicketId>> {
        let from = self.words.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(|(word, _)| word.starts_with(prefix)).map(|(_, having)| having).collect()
    }

    /// The words of a ticket on sale.
    pub(super) fn words_of(&self, id: TicketId) -> Option<&Words> {
        self.words_of.get(&id)
    }
}

fn currency_of(listing: &Listing) -> Currency {
    listing.ticket.offer.price.money().currency
}

fn add_to(shelves: &mut HashMap<String, Shelf>, names: impl IntoIterator<Item = String>, listing: &Listing) {
    for name in names {
        shelves.entry(name).or_default().add(listing);
    }
}

fn remove_from(shelves: &mut HashMap<String, Shelf>, names: impl IntoIterator<Item = String>, listing: &Listing) {
    for name in names {
        let Some(shelf) = shelves.get_mut(&name) else { continue };
        shelf.remove(listing);
        if shelf.len() == 0 {
            shelves.remove(&name);
        }
    }
}
