//! The state of a ticket, put together of what is learned in whatever order.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use ticketing_core::domain::ticket::{Sales, Ticket, TicketStatus};

use crate::api::money::MoneyBody;
use crate::api::tickets::StatusBody;

/// The newest state of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveTicket {
    /// How many places are left.
    pub available: u32,
    /// Of one place.
    pub price: MoneyBody<'static>,
    /// Whether it may be ordered.
    pub status: StatusBody,
    /// Moves with every change of the offer and of its sales; never runs backwards.
    pub version: u64,
}

/// What of a ticket its seller decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Of one place.
    pub price: MoneyBody<'static>,
    /// How many places there are in all.
    pub quantity: u32,
    /// Whether it may be ordered.
    pub status: TicketStatus,
    /// The higher, the newer.
    pub version: u64,
}

/// A ticket as the API tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToldTicket {
    price: MoneyBody<'static>,
    quantity: u32,
    available: u32,
    status: StatusBody,
    version: u64,
    sales_version: u64,
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

    pub(super) fn merge_offer(&mut self, offered: &Offered) -> bool {
        let newer = self.offered.as_ref().is_none_or(|known| offered.version > known.version);
        if newer {
            self.offered = Some(offered.clone());
        }
        newer
    }

    pub(super) fn merge_sales(&mut self, sales: Sales) -> bool {
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
            TicketStatus::Withdrawn => 0,
        };
        Some(LiveTicket {
            available,
            price: offered.price.clone(),
            status: StatusBody::new(offered.status, available),
            version: offered.version + self.sales.version,
        })
    }
}

impl From<&Ticket> for Offered {
    fn from(ticket: &Ticket) -> Self {
        let Ticket { offer, status, version, .. } = ticket;
        Self { price: offer.price.money().into(), quantity: offer.quantity.get(), status: *status, version: *version }
    }
}

impl ToldTicket {
    /// The API does not tell everybody how many of the places that are gone are sold.
    pub(super) const fn sales(&self) -> Sales {
        Sales { held: self.quantity.saturating_sub(self.available), sold: 0, version: self.sales_version }
    }
}

impl From<ToldTicket> for Offered {
    fn from(ToldTicket { price, quantity, status, version, .. }: ToldTicket) -> Self {
        let status = match status {
            StatusBody::Withdrawn => TicketStatus::Withdrawn,
            StatusBody::OnSale | StatusBody::SoldOut => TicketStatus::OnSale,
        };
        Self { price, quantity, status, version }
    }
}
