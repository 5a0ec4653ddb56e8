//! A question: what is looked for, what it is narrowed by, and the order of what is found.

use crate::domain::attributes::Attributes;
use crate::domain::event_facts::EventFacts;
use crate::domain::invalid::{Invalid, WrongFields};
use crate::domain::money::Currency;
use crate::domain::search::event_to_find;
use crate::domain::ticket::{Details, Offer, Ticket};
use crate::domain::time::Timestamp;

use super::terms::{Wanted, wanted};
use super::{Errors, Facet, Moment, SearchEntry, SearchTexts, attributes_to_find, name_to_find};

/// A question within its bounds, so that answering it is bounded work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    text: Option<Wanted>,
    filters: Filters,
    sort: SearchSort,
    now: Timestamp,
}

/// What a question is narrowed by; every given filter must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// The whole category, compared by [`name_to_find`].
    pub category: Option<String>,
    /// The whole city, compared in the same way.
    pub city: Option<String>,
    /// The whole country, the attribute `country`, compared in the same way.
    pub country: Option<String>,
    /// The event starts then or later.
    pub from: Option<Moment>,
    /// The event starts before then.
    pub to: Option<Moment>,
    /// The days of the week, on the clocks of the place.
    pub days: Days,
    /// The price of one place.
    pub price: Option<PriceRange>,
    /// How many places must be left.
    pub places: Places,
    /// A ticket has each of these, with an equal value.
    pub attributes: Attributes,
    /// The event, as [`event_to_find`] recognises it.
    pub event: Option<String>,
}

/// Days of the week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Days {
    /// Any day, or none.
    #[default]
    Any,
    /// Saturdays and Sundays.
    Weekends,
}

/// Prices of one currency: amounts of two currencies say nothing of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    /// The currency.
    pub currency: Currency,
    /// In minor units; inclusive.
    pub least: Option<u64>,
    /// In minor units; inclusive.
    pub most: Option<u64>,
}

/// How many places must be left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Places {
    /// None: what is sold out is found too.
    #[default]
    Any,
    /// At least so many.
    Left(u32),
    /// At least so many, side by side.
    Together(u32),
}

impl Places {
    /// The most that may be asked for: of more places an index need not know how many are left, and most sales of a
    /// large event make no difference to it.
    pub const MOST: u32 = 50;
}

/// The order of hits; equal ones are ordered newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SearchSort {
    /// What matches the words best; newest first if there are none.
    #[default]
    BestMatch,
    /// Newest first.
    Newest,
    /// Event soonest; those without a time come last.
    Soonest,
    /// Lowest price of a currency; others are not found.
    Cheapest(Currency),
    /// Highest price of a currency; others are not found.
    Dearest(Currency),
}

impl Question {
    /// The longest text of a question, in characters.
    pub const LONGEST: usize = 200;

    /// Everything on sale, newest first.
    #[must_use]
    pub fn all(now: Timestamp) -> Self {
        Self { text: None, filters: Filters::default(), sort: SearchSort::Newest, now }
    }

    /// A question as somebody asks it. `now` leaves out tickets whose sales have ended; those of an event end with its
    /// start at the latest.
    ///
    /// A text in which nothing is drawn is none.
    ///
    /// # Errors
    ///
    /// What is wrong with it: a text that is too long, a range that is reversed or empty, or two currencies.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::search::{Filters, PriceRange, Question, SearchSort};
    /// use ticketing_core::domain::time::Timestamp;
    ///
    /// let price = PriceRange { currency: "EUR".parse()?, least: Some(5000), most: Some(2000) };
    /// let filters = Filters { price: Some(price), ..Filters::default() };
    /// let wrong = Question::parse("opera", filters, SearchSort::BestMatch, Timestamp::EPOCH).unwrap_err();
    /// assert_eq!(wrong.to_string(), "maxPrice must not be below minPrice");
    /// # Ok::<(), ticketing_core::domain::invalid::Invalid>(())
    /// ```
    pub fn parse(text: &str, filters: Filters, sort: SearchSort, now: Timestamp) -> Result<Self, WrongFields> {
        let mut wrong = WrongFields::default();
        let text = wrong.keep(parsed(text));
        wrong.keep(filters.may_be_asked());
        wrong.keep(sort.may_be_asked(&filters));
        wrong.finish(text.map(|text| Self { text, filters, sort, now }))
    }

    /// A question that was parsed before, as one that nobody is still typing: all of its words are whole words.
    pub(in crate::domain) fn again(text: &str, filters: Filters, now: Timestamp) -> Self {
        let text = Some(wanted(text).in_whole_words()).filter(|wanted| !wanted.is_empty());
        Self { text, filters, sort: SearchSort::BestMatch, now }
    }

    /// What a ticket with these sales and texts earns for it, zero without a text; `None` if it is no answer.
    ///
    /// An index of any size must find the same; this looks at one ticket.
    #[must_use]
    pub fn points(&self, entry: &SearchEntry, texts: &SearchTexts, errors: Errors) -> Option<u32> {
        let points = self.text.as_ref().map_or(Some(0), |wanted| texts.points(wanted, errors))?;
        self.leaves(entry).then_some(points)
    }

    /// Whether a ticket answers it as it is spelled.
    #[must_use]
    pub fn is_answered_by(&self, entry: &SearchEntry, texts: &SearchTexts) -> bool {
        self.points(entry, texts, Errors::Keep).is_some()
    }

    /// What it looks for in texts; none if it asks for everything.
    #[must_use]
    pub const fn text(&self) -> Option<&Wanted> {
        self.text.as_ref()
    }

    /// What it is narrowed by.
    #[must_use]
    pub const fn filters(&self) -> &Filters {
        &self.filters
    }

    /// The order of what it finds.
    #[must_use]
    pub const fn sort(&self) -> SearchSort {
        self.sort
    }

    /// When it is asked.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The only currency of what it finds, if there is one.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.sort.currency().or(self.filters.price.map(|price| price.currency))
    }

    /// Whether another question asks for the same, at this or at another time.
    #[must_use]
    pub fn asks_like(&self, other: &Self) -> bool {
        self.text == other.text && self.filters == other.filters && self.sort == other.sort
    }

    /// The same question without the filter of a facet, to count its other choices. A range of prices is one of its
    /// currency.
    #[must_use]
    pub fn without(&self, facet: Facet) -> Self {
        let mut question = self.clone();
        match facet {
            Facet::Category => question.filters.category = None,
            Facet::City => question.filters.city = None,
            Facet::Country => question.filters.country = None,
            Facet::Currency => {
                question.filters.price = None;
                if question.sort.currency().is_some() {
                    question.sort = SearchSort::Newest;
                }
            }
        }
        question
    }

    /// Whether a ticket is left by the filters, and its tickets are still sold; the text aside.
    #[must_use]
    pub fn leaves(&self, entry: &SearchEntry) -> bool {
        entry.shown().is_some_and(|ticket| {
            let offer = &ticket.offer;
            self.leaves_time(&offer.details)
                && self.leaves_price(offer)
                && self.leaves_names(ticket)
                && self.leaves_places(entry)
        })
    }

    fn leaves_time(&self, details: &Details) -> bool {
        let Filters { from, to, days, .. } = &self.filters;
        let event = &details.event;
        let is_bounded = from.is_some() || to.is_some();
        (!is_bounded || event.starts_at.is_some())
            && from.is_none_or(|from| !from.is_after_start(event))
            && to.is_none_or(|to| to.is_after_start(event))
            && days.have(event)
            && details.closes_at().is_none_or(|at| at >= self.now)
    }

    fn leaves_price(&self, offer: &Offer) -> bool {
        let money = offer.price.money();
        self.currency().is_none_or(|currency| currency == money.currency)
            && self.filters.price.is_none_or(|range| {
                range.least.is_none_or(|least| money.amount >= least)
                    && range.most.is_none_or(|most| money.amount <= most)
            })
    }

    fn leaves_names(&self, ticket: &Ticket) -> bool {
        let Filters { category, city, country, attributes, event, .. } = &self.filters;
        let details = &ticket.offer.details;
        let is = |name: Option<&str>, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| name.is_some_and(|name| name_to_find(name) == name_to_find(wanted)))
        };
        is(details.category.as_deref(), category)
            && is(details.event.city.as_deref(), city)
            && is(country_of(&details.attributes), country)
            && details.attributes.have_all(attributes)
            && event.as_ref().is_none_or(|event| event_to_find(&details.event).as_ref() == Some(event))
    }

    fn leaves_places(&self, entry: &SearchEntry) -> bool {
        let is_together = entry.shown().is_some_and(|ticket| ticket.offer.details.event.seating.together);
        match self.filters.places {
            Places::Any => true,
            Places::Left(places) => entry.left() >= places,
            Places::Together(places) => entry.left() >= places && (places < 2 || is_together),
        }
    }
}

/// The country of a ticket: its attribute `country`, if that is a text.
#[must_use]
pub fn country_of(attributes: &Attributes) -> Option<&str> {
    attributes.get("country").and_then(|country| country.as_str())
}

fn parsed(text: &str) -> Result<Option<Wanted>, Invalid> {
    if text.chars().nth(Question::LONGEST).is_some() {
        return Err(Invalid::new("q", format!("must be at most {} characters long", Question::LONGEST)));
    }
    Ok(Some(wanted(text)).filter(|wanted| !wanted.is_empty()))
}

impl Filters {
    fn may_be_asked(&self) -> Result<(), WrongFields> {
        let mut wrong = WrongFields::default();
        let is_reversed = match (self.from, self.to) {
            (Some(Moment::At(from)), Some(Moment::At(to))) => from >= to,
            (Some(Moment::AtPlace(from)), Some(Moment::AtPlace(to))) => from >= to,
            (Some(from), Some(to)) => from.window().0 >= to.window().1,
            (None, _) | (_, None) => false,
        };
        if is_reversed {
            wrong.0.push(Invalid::new("to", "must be after from"));
        }
        if self.price.is_some_and(|price| price.least.zip(price.most).is_some_and(|(least, most)| least > most)) {
            wrong.0.push(Invalid::new("maxPrice", "must not be below minPrice"));
        }
        if let Places::Left(places) | Places::Together(places) = self.places
            && places > Places::MOST
        {
            wrong.0.push(Invalid::new("places", format!("must be at most {}", Places::MOST)));
        }
        if attributes_to_find(&self.attributes).len() < self.attributes.iter().count() {
            wrong.0.push(Invalid::new("attributes", "are found by texts, numbers and booleans alone"));
        }
        wrong.finish(Some(()))
    }
}

impl SearchSort {
    /// The currency that it sorts by.
    #[must_use]
    pub const fn currency(self) -> Option<Currency> {
        match self {
            Self::Cheapest(currency) | Self::Dearest(currency) => Some(currency),
            Self::BestMatch | Self::Newest | Self::Soonest => None,
        }
    }

    fn may_be_asked(self, filters: &Filters) -> Result<(), Invalid> {
        let differs = |(one, price): (Currency, PriceRange)| one != price.currency;
        if self.currency().zip(filters.price).is_some_and(differs) {
            return Err(Invalid::new("sort", "must be by the currency of the price"));
        }
        Ok(())
    }
}

impl Days {
    fn have(self, event: &EventFacts) -> bool {
        const SATURDAY: usize = 5;
        match self {
            Self::Any => true,
            Self::Weekends => event.starts_local().is_some_and(|at| at.weekday() >= SATURDAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(filters: Filters, sort: SearchSort) -> String {
        Question::parse("", filters, sort, Timestamp::EPOCH).unwrap_err().to_string()
    }

    #[test]
    fn a_range_that_is_reversed_or_empty_is_refused() {
        let at = |time: &str| Some(Moment::AtPlace(time.parse().unwrap()));
        let time = |from, to| Filters { from, to, ..Filters::default() };
        let later = "2030-06-02T00:00";
        assert_eq!(wrong(time(at(later), at("2030-06-01T00:00")), SearchSort::Newest), "to must be after from");
        assert_eq!(wrong(time(at(later), at(later)), SearchSort::Newest), "to must be after from");

        let instant = Some(Moment::At("2030-06-05T00:00:00Z".parse().unwrap()));
        assert_eq!(wrong(time(instant, at("2030-06-01T00:00")), SearchSort::Newest), "to must be after from");
        assert!(Question::parse("", time(at(later), instant), SearchSort::Newest, Timestamp::EPOCH).is_ok());
    }

    #[test]
    fn prices_are_of_one_currency() {
        let price = PriceRange { currency: "EUR".parse().unwrap(), least: None, most: Some(1) };
        let filters = Filters { price: Some(price), ..Filters::default() };
        let dollars = SearchSort::Cheapest("USD".parse().unwrap());
        assert_eq!(wrong(filters, dollars), "sort must be by the currency of the price");
    }

    #[test]
    fn a_text_of_nothing_is_none_and_a_long_one_is_refused() {
        let question = |text: &str| Question::parse(text, Filters::default(), SearchSort::BestMatch, Timestamp::EPOCH);
        assert_eq!(question(" \u{200B} ").unwrap().text(), None);
        assert!(question("?").unwrap().text().is_some());
        assert!(question(&"ü".repeat(Question::LONGEST)).is_ok());
        assert_eq!(question(&"ü".repeat(201)).unwrap_err().0[0].field, "q");
    }
}
