//! The state of a ticket, put together of what is learned in whatever order.

use tokio::time::Instant;

use ticketing_api::live::LiveTicket;
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::ticket::{Sales, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::wire::TicketState;

/// What of a ticket its seller decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Of one place.
    pub price: Money,
    /// How many places there are in all.
    pub quantity: u32,
    /// Whether it may be ordered.
    pub status: TicketStatus,
    /// The higher, the newer.
    pub version: u64,
    /// From when nothing more is ordered.
    pub closes_at: Option<Timestamp>,
}

/// What is known of a ticket, each half as new as its version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    offered: Option<Offered>,
    sales: Sales,
    /// It may have changed, and nobody looks yet.
    pub(super) in_doubt: bool,
    /// When a listener last read it from the store.
    pub(super) read_at: Option<Instant>,
}

impl Known {
    pub(super) fn merge(&mut self, offered: &Offered, sales: Sales) -> bool {
        let (offer, sales) = (self.merge_offer(offered), self.merge_sales(sales));
        offer || sales
    }

    fn merge_offer(&mut self, offered: &Offered) -> bool {
        let newer = self.offered.as_ref().is_none_or(|known| offered.version > known.version);
        if newer {
            self.offered = Some(offered.clone());
        }
        newer
    }

    fn merge_sales(&mut self, sales: Sales) -> bool {
        // A shop window shows no more places gone than it offers, so of two that are as new the greater is right.
        let newer = (sales.version, sales.committed()) > (self.sales.version, self.sales.committed());
        if newer {
            self.sales = sales;
        }
        newer
    }

    pub(super) const fn doubt(&mut self) -> bool {
        self.in_doubt = true;
        true
    }

    pub(super) fn visible(&self) -> Option<LiveTicket> {
        let offered = self.offered.as_ref()?;
        let available = match offered.status {
            TicketStatus::OnSale => offered.quantity.saturating_sub(self.sales.committed()),
            TicketStatus::Withdrawn | TicketStatus::CalledOff => 0,
        };
        Some(LiveTicket {
            available,
            price: offered.price,
            status: TicketStatusBody::new(offered.status, available),
            version: offered.version + self.sales.version,
            closes_at: offered.closes_at,
        })
    }
}

impl From<TicketState> for Offered {
    fn from(TicketState { price, quantity, status, version, closes_at, .. }: TicketState) -> Self {
        Self { price: price.money(), quantity: quantity.get(), status, version, closes_at }
    }
}

impl From<TicketBody> for Offered {
    fn from(ticket: TicketBody) -> Self {
        let TicketBody { price, quantity, status, version, sales_end_at, starts_at, .. } = ticket;
        let status = match status {
            TicketStatusBody::Withdrawn => TicketStatus::Withdrawn,
            TicketStatusBody::CalledOff => TicketStatus::CalledOff,
            // The page that shows it looks at the time.
            TicketStatusBody::OnSale | TicketStatusBody::SoldOut | TicketStatusBody::SalesEnded => TicketStatus::OnSale,
        };
        Self { price, quantity, status, version, closes_at: sales_end_at.or(starts_at) }
    }
}

/// The API does not show everybody how many of the places that are gone are sold.
pub(super) const fn sales_of(ticket: &TicketBody) -> Sales {
    Sales { held: ticket.quantity.saturating_sub(ticket.available), sold: 0, version: ticket.sales_version }
}
