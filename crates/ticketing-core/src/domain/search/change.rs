//! What an index is told of tickets, and what it knows of each.

use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::ids::TicketId;
use crate::domain::ticket::{Listing, Sales, Ticket, TicketStatus};
use crate::domain::time::Timestamp;

use super::Places;

/// News of a ticket, with the version of what it is about.
///
/// Facts and sales come from two aggregates, so each has versions of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchChange {
    /// The ticket as it is since then.
    Facts(Box<Ticket>),
    /// Its held and sold places.
    Sales {
        /// The ticket.
        ticket: TicketId,
        /// Counted by the orders service.
        sales: Sales,
    },
}

impl SearchChange {
    /// What an event says to an index, if anything.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let facts = event.ticket().map(|ticket| Self::Facts(Box::new(ticket.clone())));
        let sales =
            |sold: &crate::domain::order::OrderChange| Self::Sales { ticket: sold.order.ticket.id, sales: sold.sales };
        facts.or_else(|| event.order_change().map(sales))
    }

    /// All that a listing says.
    #[must_use]
    pub fn of_listing(listing: &Listing) -> [Self; 2] {
        let ticket = &listing.ticket;
        [Self::Facts(Box::new(ticket.clone())), Self::Sales { ticket: ticket.id, sales: listing.sales }]
    }

    /// The ticket that it is about.
    #[must_use]
    pub fn ticket(&self) -> TicketId {
        match self {
            Self::Facts(ticket) => ticket.id,
            Self::Sales { ticket, .. } => *ticket,
        }
    }
}

/// What an index knows of a ticket: the newest of each aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchEntry {
    /// The ticket.
    pub id: TicketId,
    /// Its facts; none if its sales were told before.
    pub facts: Option<Ticket>,
    /// Its sales; of version 0 if nobody ever ordered it.
    pub sales: Sales,
}

impl SearchEntry {
    /// What is known of a ticket before anything was told.
    #[must_use]
    pub const fn new(id: TicketId) -> Self {
        Self { id, facts: None, sales: Sales { held: 0, sold: 0, version: 0 } }
    }

    /// Takes over what is newer, and returns whether it was: an older or an equal version changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::ids::TicketId;
    /// use ticketing_core::domain::search::{SearchChange, SearchEntry};
    /// use ticketing_core::domain::ticket::Sales;
    ///
    /// let ticket = TicketId::from_u128(1);
    /// let mut entry = SearchEntry::new(ticket);
    /// let sold = SearchChange::Sales { ticket, sales: Sales { held: 0, sold: 2, version: 7 } };
    /// assert!(entry.follow(&sold));
    /// assert!(!entry.follow(&sold), "it is known");
    /// ```
    pub fn follow(&mut self, change: &SearchChange) -> bool {
        match change {
            SearchChange::Facts(ticket) => {
                let is_news = self.facts.as_ref().is_none_or(|known| ticket.version > known.version);
                if is_news {
                    self.facts = Some((**ticket).clone());
                }
                is_news
            }
            SearchChange::Sales { sales, .. } => {
                let is_news = sales.version > self.sales.version;
                if is_news {
                    self.sales = *sales;
                }
                is_news
            }
        }
    }

    /// The ticket, if questions find it: what is withdrawn or called off is known and not shown.
    #[must_use]
    pub fn shown(&self) -> Option<&Ticket> {
        self.facts.as_ref().filter(|ticket| ticket.status == TicketStatus::OnSale)
    }

    /// All places of the ticket, sold or not; none if no question finds it.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.shown().map_or(0, |ticket| ticket.offer.quantity.get())
    }

    /// Places that may be ordered; of more than [`Places::MOST`] only that there are so many.
    #[must_use]
    pub fn left(&self) -> u32 {
        Self::left_of(self.places(), self.sales)
    }

    /// The same of so many places. Where two sales leave equally many, the same questions find the ticket.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ticketing_core::domain::search::SearchEntry;
    /// # use ticketing_core::domain::ticket::Sales;
    /// let sold = |sold| Sales { held: 0, sold, version: 1 };
    /// assert_eq!(SearchEntry::left_of(10_000, sold(1)), SearchEntry::left_of(10_000, sold(2)));
    /// assert_eq!(SearchEntry::left_of(10, sold(2)), 8);
    /// ```
    #[must_use]
    pub fn left_of(places: u32, sales: Sales) -> u32 {
        places.saturating_sub(sales.committed()).min(Places::MOST)
    }
}

/// The place in the log up to which an index has applied everything.
///
/// The log of a marketplace has no numbers that all transports share. What they share is that a group goes on where
/// it stopped, and never past what it has not settled: so the place is a history, which is one group, and how much of
/// it was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// Drawn when an index began with nothing; the group of its feeder is named after it.
    pub history: Uuid,
    /// How many deliveries were handled since, repeated ones too.
    pub handled: u64,
    /// When the newest event of them happened.
    pub newest: Timestamp,
}

impl Watermark {
    /// The beginning of a history.
    #[must_use]
    pub const fn begin(history: Uuid) -> Self {
        Self { history, handled: 0, newest: Timestamp::EPOCH }
    }

    /// Whether no event was handled and no filling has ended: what the index has may be a part of what is on sale.
    #[must_use]
    pub fn is_beginning(&self) -> bool {
        self.newest == Timestamp::EPOCH
    }

    /// After so many more deliveries, the newest of which is of this time.
    #[must_use]
    pub fn after(self, deliveries: u64, newest: Timestamp) -> Self {
        Self { handled: self.handled.saturating_add(deliveries), newest: self.newest.max(newest), ..self }
    }
}
