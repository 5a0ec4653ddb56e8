//! What a seller writes: details, price, quantity and a limit per buyer.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::domain::attributes::{Attributes, Value};
use crate::domain::event_facts::{EventFacts, Seating};
use crate::domain::invalid::{Invalid, WrongFields};
use crate::domain::money::{Price, Quantity};
use crate::domain::time::Timestamp;
use crate::domain::time_zone::TimeZone;

use super::{Details, Ticket, TicketRefusal};

/// A seller's offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The texts, the time and the attributes.
    pub details: Details,
    /// The price of one place.
    pub price: Price,
    /// The total number of places.
    pub quantity: Quantity,
    /// The most places per buyer, held and bought together; `None` leaves it to the marketplace.
    pub max_per_buyer: Option<Quantity>,
}

/// What may be changed of an event that is sold: its facts, and until when they are sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The facts of the event, all of them.
    pub event: Arc<EventFacts>,
    /// No orders from then on; the start of the event if absent.
    pub sales_end_at: Option<Timestamp>,
}

impl Schedule {
    /// Validates the facts of an event, over those that it has. Price, quantity and all else of the input are ignored.
    ///
    /// # Errors
    ///
    /// Every invalid field, not only the first; show them to the user.
    pub fn parse_over(input: &OfferInput<'_>, old: &Details) -> Result<Self, WrongFields> {
        let mut wrong = WrongFields::default();
        let Details { event, sales_end_at, .. } = Details::parse(input, Some(old), &mut wrong);
        wrong.finish(Some(Self { event, sales_end_at }))
    }
}

/// An offer before validation.
#[derive(Debug, Clone, Default)]
pub struct OfferInput<'a> {
    /// Required.
    pub title: &'a str,
    /// White space alone counts as absent, as in the other optional texts.
    pub description: Option<&'a str>,
    /// The place of the event.
    pub venue: Option<&'a str>,
    /// The city.
    pub city: Option<&'a str>,
    /// The kind of event, such as `concert`.
    pub category: Option<&'a str>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place, a name of the IANA database such as `Europe/London`; required with a start.
    pub time_zone: Option<&'a str>,
    /// Where one sits or stands, such as `Stalls`.
    pub section: Option<&'a str>,
    /// The row.
    pub row: Option<&'a str>,
    /// The seats, such as `12-14`.
    pub seats: Option<&'a str>,
    /// Whether all places are side by side.
    pub together: bool,
    /// No orders from then on; the start of the event if absent.
    pub sales_end_at: Option<Timestamp>,
    /// The price of one place in minor units, such as cents; above zero.
    pub amount: u64,
    /// The currency of ISO 4217, such as `EUR`.
    pub currency: &'a str,
    /// The total number of places; above zero.
    pub quantity: u32,
    /// The most places per buyer, held and bought together.
    pub max_per_buyer: Option<u32>,
    /// What the application adds; `None` leaves those of an offer that is replaced as they are.
    pub attributes: Option<BTreeMap<String, Value>>,
}

impl Offer {
    /// Validates an offer.
    ///
    /// # Errors
    ///
    /// Every invalid field, not only the first; show them to the user.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::ticket::{Offer, OfferInput};
    ///
    /// let opera = OfferInput { title: "Opera", amount: 4500, currency: "EUR", quantity: 2, ..OfferInput::default() };
    /// assert_eq!(&*Offer::parse(opera)?.details.event.title, "Opera");
    ///
    /// let wrong = Offer::parse(OfferInput { quantity: 0, amount: 1, currency: "EUR", ..OfferInput::default() }).unwrap_err();
    /// assert_eq!(wrong.to_string(), "title must not be empty; quantity must be between 1 and 1000");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(input: OfferInput<'_>) -> Result<Self, WrongFields> {
        Self::parse_over(input, None)
    }

    /// As [`Offer::parse`], but accepts texts that are unchanged from `old`, even if a newer rule
    /// forbids them, and keeps its attributes if none are given.
    ///
    /// # Errors
    ///
    /// Every invalid field, not only the first; show them to the user.
    pub fn parse_over(input: OfferInput<'_>, old: Option<&Self>) -> Result<Self, WrongFields> {
        let mut wrong = WrongFields::default();
        let mut details = Details::parse(&input, old.map(|old| &old.details), &mut wrong);
        if let Some(given) = input.attributes {
            details.attributes = wrong.keep(Attributes::parse(given)).unwrap_or_default();
        }
        let price = wrong.keep(Price::parse(input.amount, input.currency));
        let quantity = wrong.keep(Quantity::new(input.quantity));
        let limit = input.max_per_buyer.map(Quantity::new).transpose();
        let limit = limit.map_err(|invalid| Invalid { field: "maxPerBuyer", ..invalid });
        let max_per_buyer = wrong.keep(limit).flatten();
        let offer = price.zip(quantity).map(|(price, quantity)| Self { details, price, quantity, max_per_buyer });
        wrong.finish(offer)
    }

    /// A digest of the whole offer, by which two requests for the same offer are recognised.
    ///
    /// Absent fields add nothing to it, so it does not change when offers get new optional fields.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let Self { details, price, quantity, max_per_buyer } = self;
        let Details { event, description, category, sales_end_at, attributes } = details;
        let EventFacts { title, venue, city, starts_at, time_zone, seating, known: _ } = &**event;
        let Seating { section, row, seats, together } = seating;
        let time = |at: &Option<Timestamp>| at.map(|at| at.millis().to_string());
        let mut digest = FieldDigest::default();
        digest.add("title", Some(title));
        digest.add("description", description.as_deref());
        digest.add("venue", venue.as_deref());
        digest.add("city", city.as_deref());
        digest.add("category", category.as_deref());
        digest.add("startsAt", time(starts_at).as_deref());
        digest.add("timeZone", time_zone.as_ref().map(TimeZone::name));
        digest.add("section", section.as_deref());
        digest.add("row", row.as_deref());
        digest.add("seats", seats.as_deref());
        digest.add("together", together.then_some("true"));
        digest.add("salesEndAt", time(sales_end_at).as_deref());
        digest.add("amount", Some(&price.money().amount.to_string()));
        digest.add("currency", Some(price.money().currency.code()));
        digest.add("quantity", Some(&quantity.get().to_string()));
        digest.add("maxPerBuyer", max_per_buyer.map(|most| most.get().to_string()).as_deref());
        digest.add("attributes", (!attributes.is_empty()).then(|| attributes.json()).as_deref());
        digest.0.finalize().into()
    }
}

impl Offer {
    /// A time that has passed may only be kept.
    pub(super) fn may_be_timed_like(&self, old: Option<&Self>, now: Timestamp) -> Result<(), TicketRefusal> {
        let times = |offer: &Self| (offer.details.event.starts_at, offer.details.sales_end_at);
        let (was_start, was_end) = old.map(times).unwrap_or_default();
        let (start, end) = times(self);
        let latest = now.after(Ticket::LATEST_START);
        match start.filter(|_| start != was_start) {
            Some(start) if start <= now => return Err(TicketRefusal::StartsInThePast),
            Some(start) if start > latest => return Err(TicketRefusal::StartsTooLate { latest }),
            Some(_) | None => {}
        }
        match end.filter(|_| end != was_end) {
            Some(end) if end <= now => Err(TicketRefusal::SalesEndInThePast),
            Some(_) | None => Ok(()),
        }
    }

    /// A currency that is no longer in use may only be kept.
    pub(super) fn may_be_priced_like(&self, old: Option<&Self>) -> Result<(), TicketRefusal> {
        let currency = self.price.money().currency;
        let is_kept = old.is_some_and(|old| old.price.money().currency == currency);
        if currency.is_in_use() || is_kept { Ok(()) } else { Err(TicketRefusal::CurrencyNotInUse { currency }) }
    }
}

#[derive(Default)]
struct FieldDigest(Sha256);

impl FieldDigest {
    fn add(&mut self, field: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        for part in [field, value] {
            // The length marks where the text ends.
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }
}
