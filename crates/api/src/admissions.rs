//! Passes, and the door that they open.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::admission::PassCounts;
use ticketing_core::domain::door_links::DoorLink;
use ticketing_core::domain::ids::{DoorLinkId, OrderId, PassId, TicketId};
use ticketing_core::domain::pass::{CodedPass, Pass, PassStatus, VoidReason};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::admissions::{NewDoorLink, SignedPass};

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckInBody {
    /// The code of the pass, as it was typed, or its token.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub pass: String,
    /// When a door that was offline let the person in, by its clock; absent if they are still waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = "date-time"))]
    pub at: Option<String>,
}

/// What a door says to who shows a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum CheckResultBody {
    /// One person may come in.
    Welcome,
    /// Somebody was let in with it before.
    Used,
    /// It lets nobody in.
    Void,
    /// It is for another ticket.
    OtherTicket,
    /// There is no such pass.
    Unknown,
}

/// The answer of a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckBody {
    /// Whether the person may come in.
    pub result: CheckResultBody,
    /// The pass, if it is welcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<PassBody>,
    /// When somebody was first let in with it.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub first_used_at: Option<Timestamp>,
}

/// A request for a door link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakeDoorLinkBody {
    /// What it is called, such as `North door`.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 60))]
    pub label: String,
}

/// A link that opens a door until it is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DoorLinkBody {
    /// Unique id (UUIDv7).
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: DoorLinkId,
    /// What it is called.
    pub label: String,
    /// When it was made.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub made_at: Timestamp,
    /// What opens the door, in the header `Door-Key`. Only the answer that makes the link has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The links to a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DoorLinkList {
    /// Those that are not revoked, oldest first.
    pub items: Vec<DoorLinkBody>,
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
    pub items: Vec<DoorPassBody>,
    /// Asks for the next page; null after the last.
    pub next_cursor: Option<String>,
}

/// A pass as a door that is offline knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DoorPassBody {
    /// The pass.
    #[serde(flatten)]
    pub pass: PassBody,
    /// The first 128 bits of the SHA-256 of the ticket's id, a colon and the code without its hyphen, in hexadecimal digits.
    pub code_digest: String,
    /// The same of the ticket's id, a colon and the token.
    pub token_digest: String,
    /// When a door that was offline let somebody in with it too.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub again_at: Option<Timestamp>,
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
    fn from(SignedPass { coded: CodedPass { pass, code, .. }, token }: SignedPass) -> Self {
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

impl From<DoorLink> for DoorLinkBody {
    fn from(link: DoorLink) -> Self {
        Self { id: link.id, label: link.label.as_str().to_owned(), made_at: link.made_at, key: None }
    }
}

impl From<NewDoorLink> for DoorLinkBody {
    fn from(made: NewDoorLink) -> Self {
        Self { key: Some(made.key.expose()), ..made.link.into() }
    }
}
