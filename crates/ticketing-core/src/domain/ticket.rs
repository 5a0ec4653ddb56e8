//! Tickets: what a seller offers, and its sales.

mod details;
mod listing;
mod offer;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::account::DisplayName;
use super::event::Event;
use super::ids::{AccountId, TicketId};
use super::money::Currency;
use super::seller::Seller;
use super::time::Timestamp;

pub use details::Details;
pub use listing::{CreationRequest, Listing};
pub use offer::{Offer, OfferInput, Schedule};

/// Whether a ticket may be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketStatus {
    /// Anybody may order the places that are left.
    OnSale,
    /// No new orders; open ones continue.
    Withdrawn,
    /// The event does not take place: no new orders, open ones end, and buyers who paid get their money back.
    CalledOff,
}

impl TicketStatus {
    /// From how it is stored: tickets could be withdrawn before they could be called off.
    #[must_use]
    pub const fn stored(on_sale: bool, called_off: bool) -> Self {
        match (on_sale, called_off) {
            (_, true) => Self::CalledOff,
            (true, false) => Self::OnSale,
            (false, false) => Self::Withdrawn,
        }
    }
}

/// A ticket: one or many equal places for one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Unique id (UUID version 7).
    pub id: TicketId,
    /// The account that offers it; only it may change the ticket.
    pub seller: AccountId,
    /// What the seller is called, as far as that is known; nothing once the account is deleted.
    pub seller_name: Option<DisplayName>,
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
    /// The event was called off, which is final.
    CalledOff,
    /// Places are held or sold, so the facts of the event may only be rescheduled or called off.
    FactsAreSold,
    /// The event has begun, so it cannot be rescheduled.
    Begun,
    /// More places are held or sold than would be offered.
    QuantityBelowSales {
        /// The lowest possible quantity now.
        committed: u32,
    },
    /// The event would start in the past.
    StartsInThePast,
    /// The event would start later than anybody sells tickets for it.
    StartsTooLate {
        /// The latest start.
        latest: Timestamp,
    },
    /// Sales would end in the past.
    SalesEndInThePast,
    /// The currency is no longer in use.
    CurrencyNotInUse {
        /// The currency.
        currency: Currency,
    },
}

impl Ticket {
    /// How far ahead an event may start; a start after that is a typing mistake.
    pub const LATEST_START: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

    /// Puts an offer on sale.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if the event or the end of its sales is in the past or too far ahead, or the currency is no
    /// longer in use.
    pub fn create(
        id: TicketId,
        seller: impl Into<Seller>,
        offer: Offer,
        now: Timestamp,
    ) -> Result<(Self, Event), TicketRefusal> {
        offer.may_be_timed_like(None, now)?;
        offer.may_be_priced_like(None)?;
        let Seller { account: seller, name: seller_name, .. } = seller.into();
        let ticket = Self { id, seller, seller_name, offer, status: TicketStatus::OnSale, created_at: now, version: 1 };
        let event = Event::TicketCreated(ticket.clone().into());
        Ok((ticket, event))
    }

    fn changed(self, change: impl FnOnce(Self) -> Self) -> Self {
        let version = self.version + 1;
        Self { version, ..change(self) }
    }
}

/// What an event of a ticket reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedTicket {
    /// The ticket after the change.
    pub ticket: Ticket,
    /// Its sales, as far as the tickets service had heard of them; of version 0 if nobody ordered it.
    ///
    /// Who follows changes of tickets alone, and not each sale, knows by that what was left. Orders report the newest.
    pub sales: Sales,
}

impl ChangedTicket {
    /// An event that reports this state, whatever led to it.
    #[must_use]
    pub const fn event(self) -> Event {
        match self.ticket.status {
            TicketStatus::OnSale => Event::TicketUpdated(self),
            TicketStatus::Withdrawn => Event::TicketWithdrawn(self),
            TicketStatus::CalledOff => Event::TicketCalledOff(self),
        }
    }
}

/// A ticket of which nobody ordered anything.
impl From<Ticket> for ChangedTicket {
    fn from(ticket: Ticket) -> Self {
        Self { ticket, sales: Sales::default() }
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
