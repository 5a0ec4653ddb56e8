//! Passes, and the door that they open.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::ids::{OrderId, PassId, TicketId};
use ticketing_core::domain::pass::{CodedPass, Pass, PassStatus, VoidReason};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::admissions::SignedPass;

use crate::as_text;

/// The state of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum PassStatusBody {
    /// It lets somebody in.
    Issued,
    /// Somebody was let in with it.
    Used,
    /// It lets nobody in.
    Voided,
}

/// Why a pass is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum VoidReasonBody {
    /// Its order was cancelled.
    OrderCancelled,
    /// Its order was refunded.
    OrderRefunded,
}

/// A pass: of its buyer with what is shown at the door, of the door without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PassBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: PassId,
    /// The order.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub order_id: OrderId,
    /// The ticket.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub ticket_id: TicketId,
    /// Which place of the order, from 1.
    pub place: u32,
    /// Its state.
    pub status: PassStatusBody,
    /// When somebody was let in with it.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub used_at: Option<Timestamp>,
    /// Since when it is void.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub voided_at: Option<Timestamp>,
    /// Why it is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_reason: Option<VoidReasonBody>,
    /// What a person reads out or types at the door, such as `K7M-4QX`; only its buyer sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is printed as a square for machines: signed, and the same each time; only its buyer sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Rises with every change.
    pub version: u64,
}

/// The passes of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassList {
    /// One for each place, in their order.
    pub items: Vec<PassBody>,
}

/// A request to let somebody in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckInBody {
    /// The code of the pass, as it was typed, or its token.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub pass: String,
}

/// How many passes of a ticket are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassCountsBody {
    /// Those that let somebody in.
    pub issued: u64,
    /// Those that somebody was let in with.
    pub used: u64,
    /// Those that let nobody in.
    pub voided: u64,
}

/// A page of the door of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DoorPage {
    /// What the event is called.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub title: Arc<str>,
    /// Of all passes, not only of this page.
    pub counts: PassCountsBody,
    /// The passes of so many orders, oldest order first.
    pub items: Vec<PassBody>,
    /// Asks for the next page; null after the last.
    pub next_cursor: Option<String>,
}

impl From<&Pass> for PassBody {
    fn from(pass: &Pass) -> Self {
        let body = Self {
            id: pass.id,
            order_id: pass.order,
            ticket_id: pass.ticket,
            place: pass.place,
            status: PassStatusBody::Issued,
            used_at: None,
            voided_at: None,
            void_reason: None,
            code: None,
            token: None,
            version: pass.version,
        };
        match pass.status {
            PassStatus::Issued => body,
            PassStatus::Used { at, .. } => Self { status: PassStatusBody::Used, used_at: Some(at), ..body },
            PassStatus::Voided { at, reason } => {
                Self { status: PassStatusBody::Voided, voided_at: Some(at), void_reason: Some(reason.into()), ..body }
            }
        }
    }
}

impl From<SignedPass> for PassBody {
    fn from(SignedPass { coded: CodedPass { pass, code }, token }: SignedPass) -> Self {
        Self { code: Some(code.to_string()), token: Some(token), ..Self::from(&pass) }
    }
}

impl From<VoidReason> for VoidReasonBody {
    fn from(reason: VoidReason) -> Self {
        match reason {
            VoidReason::OrderCancelled => Self::OrderCancelled,
            VoidReason::OrderRefunded => Self::OrderRefunded,
        }
    }
}

impl From<PassCounts> for PassCountsBody {
    fn from(PassCounts { issued, used, voided }: PassCounts) -> Self {
        Self { issued, used, voided }
    }
}

impl PassBody {
    /// The passes of an order, without their codes.
    pub fn of_order(admission: &Admission) -> impl Iterator<Item = Self> {
        admission.passes.iter().map(|coded| Self::from(&coded.pass))
    }
}
