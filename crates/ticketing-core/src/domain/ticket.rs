//! Tickets: what a seller offers, and its sales.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::attributes::{Attributes, Value};
use super::event::Event;
use super::ids::{AccountId, TicketId};
use super::invalid::{Invalid, Lines, TextRule, WrongFields};
use super::money::{Currency, Price, Quantity};
use super::order::IdempotencyKey;
use super::text::composed;
use super::time::Timestamp;

const TITLE: TextRule = TextRule { field: "title", max_chars: 120, lines: Lines::One };
const DESCRIPTION: TextRule = TextRule { field: "description", max_chars: 4000, lines: Lines::Many };
const VENUE: TextRule = TextRule { field: "venue", max_chars: 120, lines: Lines::One };
const CITY: TextRule = TextRule { field: "city", max_chars: Details::LONGEST_CITY, lines: Lines::One };
const CATEGORY: TextRule = TextRule { field: "category", max_chars: Details::LONGEST_CATEGORY, lines: Lines::One };

/// What describes an offer.
///
/// Made by [`Offer::parse`], so every text is trimmed and within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// 1 to 120 characters.
    pub title: Arc<str>,
    /// Up to 4,000 characters, several lines.
    pub description: Option<String>,
    /// Up to 120 characters.
    pub venue: Option<String>,
    /// Up to 80 characters.
    pub city: Option<String>,
    /// Up to 40 characters.
    pub category: Option<String>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// What an application adds.
    pub attributes: Attributes,
}

impl Details {
    /// The longest name of a city, in characters.
    pub const LONGEST_CITY: usize = 80;
    /// The longest category, in characters.
    pub const LONGEST_CATEGORY: usize = 40;

    fn parse(input: &OfferInput<'_>, old: Option<&Self>, wrong: &mut WrongFields) -> Self {
        let was = |of: fn(&Self) -> Option<&str>| old.and_then(of);
        let title = TITLE.parse_over(input.title, was(|old| Some(&old.title)));
        let title = wrong.keep(title).unwrap_or_default();
        let mut keep = |rule: TextRule, text, old| wrong.keep(rule.parse_optional_over(text, old)).flatten();
        Self {
            attributes: old.map(|old| old.attributes.clone()).unwrap_or_default(),
            title: title.into(),
            description: keep(DESCRIPTION, input.description, was(|old| old.description.as_deref())),
            venue: keep(VENUE, input.venue, was(|old| old.venue.as_deref())),
            city: keep(CITY, input.city, was(|old| old.city.as_deref())),
            category: keep(CATEGORY, input.category, was(|old| old.category.as_deref())),
            starts_at: input.starts_at,
        }
    }
}

impl Details {
    /// The distinct words by which a search finds the ticket: those of title, venue, city and description.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let optional = [&self.venue, &self.city, &self.description];
        let texts = optional.into_iter().filter_map(Option::as_deref).chain([&*self.title]);
        // A text may be older than the rule that composes it.
        let mut found: Vec<String> = texts.flat_map(|text| words(&composed(text)).collect::<Vec<_>>()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The words of a text, in lower case: its runs of letters and digits.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

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
    /// assert_eq!(&*Offer::parse(opera)?.details.title, "Opera");
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
        let Details { title, description, venue, city, category, starts_at, attributes } = details;
        let mut digest = FieldDigest::default();
        digest.add("title", Some(title));
        digest.add("description", description.as_deref());
        digest.add("venue", venue.as_deref());
        digest.add("city", city.as_deref());
        digest.add("category", category.as_deref());
        digest.add("startsAt", starts_at.map(|at| at.millis().to_string()).as_deref());
        digest.add("amount", Some(&price.money().amount.to_string()));
        digest.add("currency", Some(price.money().currency.code()));
        digest.add("quantity", Some(&quantity.get().to_string()));
        digest.add("maxPerBuyer", max_per_buyer.map(|most| most.get().to_string()).as_deref());
        digest.add("attributes", (!attributes.is_empty()).then(|| attributes.json()).as_deref());
        digest.0.finalize().into()
    }
}

impl Offer {
    /// A currency that is no longer in use may only be kept.
    fn may_be_priced_like(&self, old: Option<&Self>) -> Result<(), TicketRefusal> {
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

/// The request that put a ticket on sale, to recognise a repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationRequest {
    /// The request's idempotency key; unique per seller.
    pub key: IdempotencyKey,
    /// The digest of the offer, see [`Offer::digest`].
    pub digest: [u8; 32],
}

/// Whether a ticket may be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketStatus {
    /// Anybody may order the places that are left.
    OnSale,
    /// No new orders; open ones continue.
    Withdrawn,
}

/// A ticket: one or many equal places for one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Unique id (UUID version 7).
    pub id: TicketId,
    /// The account that offers it; only it may change the ticket.
    pub seller: AccountId,
    /// The offer.
    pub offer: Offer,
    /// Whether it may be ordered.
    pub status: TicketStatus,
    /// When it was put on sale.
    pub created_at: Timestamp,
    /// The number of events so far.
    pub version: u64,
}

/// Why a ticket cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketRefusal {
    /// Only the seller may change a ticket.
    NotSeller,
    /// A withdrawn ticket cannot be changed.
    Withdrawn,
    /// More places are held or sold than would be offered.
    QuantityBelowSales {
        /// The lowest possible quantity now.
        committed: u32,
    },
    /// The event would start in the past.
    StartsInThePast,
    /// The currency is no longer in use.
    CurrencyNotInUse {
        /// The currency.
        currency: Currency,
    },
}

impl Ticket {
    /// Puts an offer on sale.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if the event has already started, or the currency is no longer in use.
    pub fn create(
        id: TicketId,
        seller: AccountId,
        offer: Offer,
        now: Timestamp,
    ) -> Result<(Self, Event), TicketRefusal> {
        if offer.details.starts_at.is_some_and(|at| at <= now) {
            return Err(TicketRefusal::StartsInThePast);
        }
        offer.may_be_priced_like(None)?;
        let ticket = Self { id, seller, offer, status: TicketStatus::OnSale, created_at: now, version: 1 };
        let event = Event::TicketCreated(ticket.clone());
        Ok((ticket, event))
    }

    fn changed(self, change: impl FnOnce(Self) -> Self) -> Self {
        let version = self.version + 1;
        Self { version, ..change(self) }
    }
}

/// Held and sold places of a ticket, as the orders service counts them.
///
/// `version` increases with every order event of the ticket, so the count with
/// the higher version is the newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sales {
    /// Places of orders that await payment.
    pub held: u32,
    /// Places of completed orders.
    pub sold: u32,
    /// The number of order events of this ticket.
    pub version: u64,
}

impl Sales {
    /// Places that are held or sold.
    #[must_use]
    pub const fn committed(self) -> u32 {
        self.held + self.sold
    }
}

/// A ticket with its sales count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The ticket.
    pub ticket: Ticket,
    /// A replica of the orders service's count; may lag.
    pub sales: Sales,
    /// The request that created it, if it had an idempotency key.
    pub request: Option<CreationRequest>,
}

impl Listing {
    /// A listing without sales.
    #[must_use]
    pub fn new(ticket: Ticket) -> Self {
        Self { ticket, sales: Sales::default(), request: None }
    }

    /// Places that may be ordered now, according to this replica.
    #[must_use]
    pub fn available(&self) -> u32 {
        match self.ticket.status {
            TicketStatus::OnSale => self.ticket.offer.quantity.get().saturating_sub(self.sales.committed()),
            TicketStatus::Withdrawn => 0,
        }
    }

    /// Replaces the offer.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if `by` is not the seller, the ticket is withdrawn, fewer places would be
    /// offered than are held and sold, the event would be moved into the past, or the price into a currency
    /// that is no longer in use.
    pub fn update(self, by: AccountId, offer: Offer, now: Timestamp) -> Result<(Self, Event), TicketRefusal> {
        let old = &self.ticket.offer;
        self.may_change(by)?;
        if offer.quantity.get() < self.sales.committed() {
            return Err(TicketRefusal::QuantityBelowSales { committed: self.sales.committed() });
        }
        let moved = offer.details.starts_at != old.details.starts_at;
        if moved && offer.details.starts_at.is_some_and(|at| at <= now) {
            return Err(TicketRefusal::StartsInThePast);
        }
        offer.may_be_priced_like(Some(old))?;
        let ticket = self.ticket.changed(|ticket| Ticket { offer, ..ticket });
        let event = Event::TicketUpdated(ticket.clone());
        Ok((Self { ticket, ..self }, event))
    }

    /// Stops new orders; open ones continue.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if `by` is not the seller or the ticket is already withdrawn.
    pub fn withdraw(self, by: AccountId) -> Result<(Self, Event), TicketRefusal> {
        self.may_change(by)?;
        let ticket = self.ticket.changed(|ticket| Ticket { status: TicketStatus::Withdrawn, ..ticket });
        let event = Event::TicketWithdrawn(ticket.clone());
        Ok((Self { ticket, ..self }, event))
    }

    /// Whether this seller already has exactly this offer on sale.
    #[must_use]
    pub fn is_offered_by(&self, seller: AccountId, offer: &Offer) -> bool {
        self.may_change(seller).is_ok() && self.ticket.offer.digest() == offer.digest()
    }

    /// Whether this seller withdrew it.
    #[must_use]
    pub fn is_withdrawn_by(&self, seller: AccountId) -> bool {
        self.may_change(seller) == Err(TicketRefusal::Withdrawn)
    }

    /// Applies a newer sales count; `None` if this count is not newer.
    #[must_use]
    pub fn follow(self, sales: Sales) -> Option<Self> {
        (sales.version > self.sales.version).then_some(Self { sales, ..self })
    }

    fn may_change(&self, by: AccountId) -> Result<(), TicketRefusal> {
        if by != self.ticket.seller {
            return Err(TicketRefusal::NotSeller);
        }
        match self.ticket.status {
            TicketStatus::OnSale => Ok(()),
            TicketStatus::Withdrawn => Err(TicketRefusal::Withdrawn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn seller() -> AccountId {
        AccountId::new(Uuid::from_u128(1))
    }

    const OPERA: OfferInput<'_> = OfferInput {
        title: "Opera",
        description: None,
        venue: None,
        city: None,
        category: None,
        starts_at: None,
        amount: 1200,
        currency: "EUR",
        quantity: 1,
        max_per_buyer: None,
        attributes: None,
    };

    fn seat_in_row(row: &str) -> Option<BTreeMap<String, Value>> {
        Some(BTreeMap::from([("seatRow".to_owned(), row.into())]))
    }

    fn offer(quantity: u32) -> Offer {
        Offer::parse(OfferInput { quantity, ..OPERA }).unwrap()
    }

    fn listing(quantity: u32) -> Listing {
        Listing::new(Ticket::create(TicketId::new(Uuid::from_u128(9)), seller(), offer(quantity), NOW).unwrap().0)
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = OfferInput {
            title: " ",
            city: Some("a\u{0}"),
            amount: 0,
            currency: "euro",
            quantity: 0,
            max_per_buyer: Some(1001),
            attributes: Some(BTreeMap::from([("seat row".to_owned(), "F".into())])),
            ..OPERA
        };
        let wrong = Offer::parse(wrong).unwrap_err();
        let fields: Vec<_> = wrong.0.iter().map(|invalid| invalid.field).collect();

        assert_eq!(fields, ["title", "city", "attributes", "price", "currency", "quantity", "maxPerBuyer"]);
        assert_eq!(
            WrongFields(wrong.0[..2].to_vec()).to_string(),
            "title must not be empty; city must not contain control characters"
        );
    }

    #[test]
    fn a_text_that_was_stored_decomposed_is_found_by_its_words() {
        let old = Details { title: "Zauberflo\u{308}te".into(), ..offer(1).details };

        assert_eq!(old.words(), ["zauberflöte"]);
    }

    #[test]
    fn every_text_of_a_ticket_may_stay_as_it_is() {
        let old = "a\u{2028}b";
        let texts = OfferInput {
            title: old,
            description: Some("a\u{202E}b"),
            venue: Some(old),
            city: Some(old),
            category: Some(old),
            ..OPERA
        };
        let details = Details {
            attributes: Attributes::NONE,
            title: old.into(),
            description: texts.description.map(str::to_owned),
            venue: Some(old.into()),
            city: Some(old.into()),
            category: Some(old.into()),
            starts_at: None,
        };

        let kept = Offer { details, ..offer(1) };

        assert_eq!(Offer::parse(texts.clone()).unwrap_err().0.len(), 5);
        assert_eq!(Offer::parse_over(texts, Some(&kept)), Ok(kept));
    }

    #[test]
    fn attributes_stay_if_a_new_offer_says_nothing_of_them() {
        let in_row_f = Offer::parse(OfferInput { attributes: seat_in_row("F"), ..OPERA }).unwrap();
        let replaced = |attributes| Offer::parse_over(OfferInput { attributes, ..OPERA }, Some(&in_row_f));

        assert_eq!(replaced(None), Ok(in_row_f.clone()));
        assert_eq!(replaced(Some(BTreeMap::new())), Ok(offer(1)));
        assert_eq!(replaced(seat_in_row("G")), Offer::parse(OfferInput { attributes: seat_in_row("G"), ..OPERA }));
    }

    #[test]
    fn offers_have_the_same_digest_if_they_are_the_same() {
        let limited = Offer { max_per_buyer: Some(Quantity::ONE), ..offer(2) };
        let moved = |text: &str| Some(text.to_owned());
        let here = Details { venue: moved("ab"), city: moved("c"), ..offer(2).details };
        let there = Details { venue: moved("a"), city: moved("bc"), ..offer(2).details };

        let in_row = |row| Offer::parse(OfferInput { attributes: seat_in_row(row), quantity: 2, ..OPERA }).unwrap();
        assert_eq!(offer(2).digest(), offer(2).digest());
        assert_eq!(in_row("F").digest(), in_row("F").digest());
        assert_ne!(in_row("F").digest(), in_row("G").digest());
        assert_ne!(in_row("F").digest(), offer(2).digest());
        assert_ne!(offer(2).digest(), offer(3).digest());
        assert_ne!(offer(2).digest(), limited.digest());
        assert_ne!(Offer { details: here, ..offer(2) }.digest(), Offer { details: there, ..offer(2) }.digest());
    }

    #[test]
    fn only_the_seller_changes_a_ticket() {
        let stranger = AccountId::new(Uuid::from_u128(2));

        assert_eq!(listing(2).update(stranger, offer(3), NOW), Err(TicketRefusal::NotSeller));
        assert_eq!(listing(2).withdraw(stranger), Err(TicketRefusal::NotSeller));
    }

    #[test]
    fn an_update_moves_the_version_and_never_undercuts_sales() {
        let listing = listing(5).follow(Sales { held: 1, sold: 2, version: 3 }).unwrap();

        assert_eq!(
            listing.clone().update(seller(), offer(2), NOW),
            Err(TicketRefusal::QuantityBelowSales { committed: 3 })
        );
        let (updated, event) = listing.update(seller(), offer(3), NOW).unwrap();
        assert_eq!((updated.available(), updated.ticket.version), (0, 2));
        assert_eq!(event, Event::TicketUpdated(updated.ticket));
    }

    #[test]
    fn a_withdrawn_ticket_stays_withdrawn() {
        let (withdrawn, _) = listing(5).withdraw(seller()).unwrap();

        assert_eq!(withdrawn.available(), 0);
        assert_eq!(withdrawn.clone().withdraw(seller()), Err(TicketRefusal::Withdrawn));
        assert_eq!(withdrawn.update(seller(), offer(6), NOW), Err(TicketRefusal::Withdrawn));
    }

    #[test]
    fn an_event_does_not_begin_in_the_past() {
        let mut past = offer(1);
        past.details.starts_at = Some(NOW);

        assert_eq!(
            Ticket::create(TicketId::new(Uuid::nil()), seller(), past.clone(), NOW),
            Err(TicketRefusal::StartsInThePast)
        );
        assert_eq!(listing(1).update(seller(), past, NOW), Err(TicketRefusal::StartsInThePast));
    }

    #[test]
    fn a_currency_that_is_no_more_is_kept_and_not_taken_up() {
        let kuna: Currency = "HRK".parse().unwrap();
        let in_kuna = Offer { price: Price::new(Money { amount: 100, currency: kuna }).unwrap(), ..offer(2) };
        let refused = TicketRefusal::CurrencyNotInUse { currency: kuna };
        let of_old = Ticket { offer: in_kuna.clone(), ..listing(2).ticket };

        let create = Ticket::create(TicketId::new(Uuid::nil()), seller(), in_kuna.clone(), NOW);
        assert_eq!(create, Err(refused.clone()));
        assert_eq!(listing(2).update(seller(), in_kuna.clone(), NOW), Err(refused));
        assert!(Listing::new(of_old.clone()).update(seller(), in_kuna, NOW).is_ok());
        assert!(Listing::new(of_old).update(seller(), offer(2), NOW).is_ok());
    }

    #[test]
    fn an_old_count_of_sales_is_ignored() {
        let listing = listing(5).follow(Sales { held: 1, sold: 0, version: 2 }).unwrap();

        assert_eq!(listing.follow(Sales { held: 5, sold: 0, version: 2 }), None);
    }
}
