//! Live updates, as server-sent events.

use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::time::Timestamp;

use crate::as_text;
use crate::tickets::TicketStatusBody;

/// The newest state of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LiveTicket {
    /// How many places are left.
    pub available: u32,
    /// The price of one place.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub price: Money,
    /// Whether it may be ordered.
    pub status: TicketStatusBody,
    /// Rises with every change of the offer and of its sales; never goes back.
    pub version: u64,
    /// From when nothing more is ordered, if it has such a time. No event tells that it has come.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub closes_at: Option<Timestamp>,
}

impl LiveTicket {
    /// The same at a time: sales may have ended by themselves.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        let may_be_ordered = matches!(self.status, TicketStatusBody::OnSale | TicketStatusBody::SoldOut);
        match self.closes_at {
            Some(at) if at <= now && may_be_ordered => Self { status: TicketStatusBody::SalesEnded, ..self },
            _ => self,
        }
    }
}

/// The newest state of one ticket of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveTicketOf {
    /// The ticket.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    #[serde(with = "as_text")]
    pub ticket: TicketId,
    /// Its state.
    #[serde(flatten)]
    pub state: LiveTicket,
}

/// Shows that a stream is alive: the data of events of the type `heartbeat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heartbeat {
    /// The time by the server's clock.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    #[serde(with = "as_text")]
    pub now: Timestamp,
}
