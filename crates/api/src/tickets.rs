//! Tickets.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::{EventFacts, Seating};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::{Money, Quantity};
use ticketing_core::domain::search::{Choice, Facets};
use ticketing_core::domain::ticket::{Listing, Offer, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;

use crate::as_text;
use crate::event_facts::FactsKnownBody;
use crate::money::MoneyBody;

/// What a seller offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferBody {
    /// 1 to 120 characters.
    #[cfg_attr(feature = "openapi", schema(example = "La traviata, stalls", max_length = 120))]
    pub title: String,
    /// Up to 4,000 characters on several lines.
    #[cfg_attr(feature = "openapi", schema(max_length = 4000))]
    pub description: Option<String>,
    /// The venue.
    #[cfg_attr(feature = "openapi", schema(example = "State Opera", max_length = 120))]
    pub venue: Option<String>,
    /// The city.
    #[cfg_attr(feature = "openapi", schema(example = "Vienna", max_length = 80))]
    pub city: Option<String>,
    /// The category.
    #[cfg_attr(feature = "openapi", schema(example = "opera", max_length = 40))]
    pub category: Option<String>,
    /// When the event begins: a time in RFC 3339, or one on the clocks of the place, such as `2030-06-01T19:30`. In the
    /// future, and within ten years.
    #[cfg_attr(feature = "openapi", schema(example = "2030-06-01T19:30"))]
    pub starts_at: Option<String>,
    /// The time zone of the place, a name of the IANA database; required with `startsAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "Europe/Vienna"))]
    pub time_zone: Option<String>,
    /// No orders from then on, written as `startsAt`; the start of the event if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_end_at: Option<String>,
    /// Where one sits or stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "Stalls", max_length = 60))]
    pub section: Option<String>,
    /// The row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "F", max_length = 20))]
    pub row: Option<String>,
    /// The seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "12-14", max_length = 120))]
    pub seats: Option<String>,
    /// Whether all places are side by side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// The price of one place; above zero.
    pub price: MoneyBody,
    /// The number of places in all.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000, example = 4))]
    pub quantity: u32,
    /// The most places one buyer may have, held and bought together; the marketplace's own limit if absent.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000, example = 4))]
    pub max_per_buyer: Option<u32>,
    /// Up to 16 values of the application's own, 2,048 bytes in all. A key is 1 to 32 letters, digits, `-` or `_`, and
    /// begins with a letter; a value is any JSON up to 4 deep. A change without this field leaves them as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>, example = json!({ "seatRow": "F" })))]
    pub attributes: Option<BTreeMap<String, Value>>,
}

/// The facts of an event that is sold, as they are from now on: all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleBody {
    /// 1 to 120 characters.
    #[cfg_attr(feature = "openapi", schema(example = "La traviata, stalls", max_length = 120))]
    pub title: String,
    /// The venue.
    #[cfg_attr(feature = "openapi", schema(example = "State Opera", max_length = 120))]
    pub venue: Option<String>,
    /// The city.
    #[cfg_attr(feature = "openapi", schema(example = "Vienna", max_length = 80))]
    pub city: Option<String>,
    /// When the event begins, as in an offer.
    #[cfg_attr(feature = "openapi", schema(example = "2030-06-02T19:30"))]
    pub starts_at: Option<String>,
    /// The time zone of the place; required with `startsAt`.
    #[cfg_attr(feature = "openapi", schema(example = "Europe/Vienna"))]
    pub time_zone: Option<String>,
    /// No orders from then on; the start of the event if absent.
    pub sales_end_at: Option<String>,
    /// Where one sits or stands.
    #[cfg_attr(feature = "openapi", schema(max_length = 60))]
    pub section: Option<String>,
    /// The row.
    #[cfg_attr(feature = "openapi", schema(max_length = 20))]
    pub row: Option<String>,
    /// The seats.
    #[cfg_attr(feature = "openapi", schema(max_length = 120))]
    pub seats: Option<String>,
    /// Whether all places are side by side.
    #[serde(default)]
    pub together: bool,
}

/// Whether a ticket may be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(as = StatusBody))]
pub enum TicketStatusBody {
    /// There are places left.
    OnSale,
    /// There are none left for now.
    SoldOut,
    /// The event has begun, or its seller ended the sales.
    SalesEnded,
    /// Its seller took it off sale.
    Withdrawn,
    /// The event does not take place.
    CalledOff,
}

impl TicketStatusBody {
    /// The state of a ticket with so many places left.
    #[must_use]
    pub const fn new(status: TicketStatus, available: u32) -> Self {
        match (status, available) {
            (TicketStatus::Withdrawn, _) => Self::Withdrawn,
            (TicketStatus::CalledOff, _) => Self::CalledOff,
            (TicketStatus::OnSale, 0) => Self::SoldOut,
            (TicketStatus::OnSale, _) => Self::OnSale,
        }
    }
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TicketBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: TicketId,
    /// The account that sells it.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub seller_id: AccountId,
    /// What its owner is called. Not unique, and no proof of who somebody is; absent if it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "Ada Lovelace"))]
    pub seller_name: Option<Arc<str>>,
    /// What is sold.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub title: Arc<str>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub description: Option<Arc<str>>,
    /// The venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub venue: Option<Arc<str>>,
    /// The city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub city: Option<Arc<str>>,
    /// The category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub category: Option<Arc<str>>,
    /// When the event begins.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place, a name of the IANA database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub time_zone: Option<Arc<str>>,
    /// Where one sits or stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub section: Option<Arc<str>>,
    /// The row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub row: Option<Arc<str>>,
    /// The seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub seats: Option<Arc<str>>,
    /// Whether all places are side by side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// Which of these facts are known; all if absent.
    #[serde(default, skip_serializing_if = "FactsKnownBody::is_all")]
    pub facts_known: FactsKnownBody,
    /// No orders from then on, if sales end before the event begins.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub sales_end_at: Option<Timestamp>,
    /// The price of one place.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub price: Money,
    /// The number of places in all.
    pub quantity: u32,
    /// The most places one buyer may have, if the seller set a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_buyer: Option<u32>,
    /// What the application added.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub attributes: Attributes,
    /// How many are left, as far as is known.
    pub available: u32,
    /// Whether it may be ordered.
    pub status: TicketStatusBody,
    /// Places of orders that await payment; only for the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u32>,
    /// Places of completed orders; only for the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold: Option<u32>,
    /// When it was put on sale.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub created_at: Timestamp,
    /// Stands for what, where and when: title, venue, city, start, time zone and seats. An order may name it. Only where
    /// one ticket is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts_tag: Option<String>,
    /// Rises with every change of the offer; the first part of the `ETag`, which `If-Match` compares.
    pub version: u64,
    /// Rises with every change of what is held and sold; the second part of the `ETag`.
    pub sales_version: u64,
}

/// What a visitor looks for. A parameter without a value is as good as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TicketSearch {
    /// What to find in title, venue, city, category, seats and description: every word, the last one may be a beginning.
    /// Accents, case, width and script variants make no difference. Of more than eight words the longest count.
    /// If nothing has a word as it was typed, one typing error is corrected, and `instead` tells so.
    #[cfg_attr(feature = "openapi", param(max_length = 200))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// The whole category.
    #[cfg_attr(feature = "openapi", param(max_length = 40))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The whole city.
    #[cfg_attr(feature = "openapi", param(max_length = 80))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The whole country: the attribute `country`.
    #[cfg_attr(feature = "openapi", param(max_length = 80))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The event begins then or later: a time, or a day at the place of the event.
    #[cfg_attr(feature = "openapi", param(example = "2030-06-01"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The event begins before then, or on that day at the place of the event.
    #[cfg_attr(feature = "openapi", param(example = "2030-06-30T18:00:00Z"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Only events on these days at their place: `weekends`.
    #[cfg_attr(feature = "openapi", param(example = "weekends"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<String>,
    /// At least so many places are left.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u32>, minimum = 1, maximum = 1000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<String>,
    /// Those `places` are side by side.
    #[cfg_attr(feature = "openapi", param(value_type = Option<bool>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<String>,
    /// Only tickets in this currency of ISO 4217. Needed with `minPrice`, `maxPrice` and a sort by price.
    #[cfg_attr(feature = "openapi", param(example = "EUR"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// In minor units; inclusive.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u64>, minimum = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_price: Option<String>,
    /// In minor units; inclusive.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u64>, minimum = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_price: Option<String>,
    /// An object of attributes in JSON: a ticket has each of them, with an equal value. Values are texts, numbers and booleans.
    #[cfg_attr(feature = "openapi", param(example = r#"{"seatRow":"F"}"#))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<String>,
    /// Which come first: `newest`, `soonest`, `cheapest`, `dearest`, or `best`, what matches the words best.
    #[cfg_attr(feature = "openapi", param(example = "newest"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Where the page before ended: its `nextCursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Where the page behind began: its `previousCursor`. Not together with `cursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Whether to count the choices that narrow the search, which costs as much as the search.
    #[cfg_attr(feature = "openapi", param(value_type = Option<bool>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<String>,
    /// How many entries; 1 to 100, 20 if nobody says.
    #[cfg_attr(feature = "openapi", param(value_type = Option<u32>, minimum = 1, maximum = 100))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// A page of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TicketPage {
    /// The tickets, in the order asked for.
    pub items: Vec<TicketBody>,
    /// Asks for the next page, together with the same filters; null after the last.
    pub next_cursor: Option<String>,
}

/// A page of the tickets that a search finds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TicketsFound {
    /// The tickets, in the order asked for. One that has just been sold or withdrawn may be missing.
    pub items: Vec<TicketBody>,
    /// Asks for the next page as `cursor`, together with the same filters; null after the last.
    pub next_cursor: Option<String>,
    /// Asks for the page before as `before`, together with the same filters; null on the first.
    #[serde(default)]
    pub previous_cursor: Option<String>,
    /// How many there are on all pages.
    #[serde(default)]
    pub count: u64,
    /// What was looked for instead, if nothing has the words that were typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// The choices that narrow the search, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facets: Option<FacetsBody>,
}

/// Choices that narrow a search, most frequent first. Each is counted as if its own filter were not set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetsBody {
    /// Categories.
    pub categories: Vec<ChoiceBody>,
    /// Cities.
    pub cities: Vec<ChoiceBody>,
    /// Countries.
    pub countries: Vec<ChoiceBody>,
    /// Currencies.
    pub currencies: Vec<ChoiceBody>,
}

/// A value to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChoiceBody {
    /// The value of the filter.
    pub value: String,
    /// How many tickets have it.
    pub count: u64,
}

/// What somebody has typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct TypedText {
    /// So far.
    #[cfg_attr(feature = "openapi", param(max_length = 200))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Titles of tickets on sale that somebody may mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suggestions {
    /// At most eight, best first.
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub items: Vec<String>,
}

impl From<Facets> for FacetsBody {
    fn from(facets: Facets) -> Self {
        let choices = |choices: Vec<Choice>| {
            choices.into_iter().map(|Choice { value, count }| ChoiceBody { value, count }).collect()
        };
        Self {
            categories: choices(facets.categories),
            cities: choices(facets.cities),
            countries: choices(facets.countries),
            currencies: choices(facets.currencies),
        }
    }
}

/// What else is on sale of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OtherOffers {
    /// Those with places left, cheapest first.
    pub items: Vec<TicketBody>,
}

impl TicketBody {
    /// What its seller sees then, with the sales.
    #[must_use]
    pub fn of_own(listing: &Listing, now: Timestamp) -> Self {
        let sales = listing.sales;
        Self { held: Some(sales.held), sold: Some(sales.sold), ..Self::of(listing, now) }
    }

    /// What everybody sees then.
    #[must_use]
    pub fn of(listing: &Listing, now: Timestamp) -> Self {
        let body = Self::from(listing);
        match body.status {
            TicketStatusBody::OnSale | TicketStatusBody::SoldOut if listing.is_closed(now) => {
                Self { status: TicketStatusBody::SalesEnded, ..body }
            }
            _ => body,
        }
    }

    /// The facts of the event.
    #[must_use]
    pub fn event(&self) -> EventFacts {
        let (section, row, seats) = (self.section.clone(), self.row.clone(), self.seats.clone());
        EventFacts {
            title: Arc::clone(&self.title),
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.clone().map(TimeZone::stored),
            seating: Seating { section, row, seats, together: self.together },
            known: self.facts_known.into(),
        }
    }
}

impl From<&Listing> for TicketBody {
    /// What everybody sees before sales end.
    fn from(listing: &Listing) -> Self {
        let (available, ticket) = (listing.available(), &listing.ticket);
        let Offer { details, price, quantity, max_per_buyer } = &ticket.offer;
        let (event, seating) = (&details.event, &details.event.seating);
        Self {
            id: ticket.id,
            seller_id: ticket.seller,
            seller_name: ticket.seller_name.as_ref().map(DisplayName::to_shared),
            title: Arc::clone(&event.title),
            description: details.description.clone(),
            venue: event.venue.clone(),
            city: event.city.clone(),
            category: details.category.clone(),
            starts_at: event.starts_at,
            time_zone: event.time_zone.clone().map(Into::into),
            section: seating.section.clone(),
            row: seating.row.clone(),
            seats: seating.seats.clone(),
            together: seating.together,
            facts_known: event.known.into(),
            sales_end_at: details.sales_end_at,
            price: price.money(),
            quantity: quantity.get(),
            max_per_buyer: max_per_buyer.map(Quantity::get),
            attributes: details.attributes.clone(),
            available,
            status: TicketStatusBody::new(ticket.status, available),
            held: None,
            sold: None,
            created_at: ticket.created_at,
            facts_tag: None,
            version: ticket.version,
            sales_version: listing.sales.version,
        }
    }
}
