//! Admissions as documents: an order's passes lie in one, so that one write changes them together.

use bson::{Bson, DateTime, Document, Uuid, doc};
use mongodb::IndexModel;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::ids::{AccountId, OrderId, PassId, TicketId};
use ticketing_core::domain::pass::{CodedPass, Pass, PassStatus, VoidReason};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{Record, Wrong, date, encoded, index, signed, time, unique, unsigned};

pub(super) fn indexes() -> Vec<IndexModel> {
    vec![
        index("of_ticket", doc! { "ticket": 1, "_id": 1 }),
        // Counts are read from the index alone.
        index("counts_of_ticket", doc! { "ticket": 1, "issued": 1, "used": 1, "voided": 1 }),
        index("passes", doc! { "passes.id": 1 }),
        // Of two orders, that is: the rules give each pass of one order a code of its own.
        unique("codes_of_ticket", doc! { "ticket": 1, "passes.code": 1 }, doc! { "passes.code": { "$gt": "" } }),
    ]
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AdmissionDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    ticket: Uuid,
    buyer: Uuid,
    order_version: i64,
    /// How many of the passes are in each state, for the counts of a ticket.
    issued: i64,
    used: i64,
    voided: i64,
    passes: Vec<PassDocument>,
}

/// A field that a pass in this status does not have is null.
#[derive(Serialize, Deserialize)]
struct PassDocument {
    id: Uuid,
    place: u32,
    code: String,
    issued_at: DateTime,
    status: Status,
    /// When it was used or voided.
    at: Option<DateTime>,
    by: Option<Uuid>,
    reason: Option<Reason>,
    version: i64,
    /// The key of the check-in that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again_at: Option<DateTime>,
}

impl std::fmt::Debug for PassDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassDocument").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Issued,
    Used,
    Voided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    OrderCancelled,
    OrderRefunded,
}

impl From<&CodedPass> for PassDocument {
    fn from(coded: &CodedPass) -> Self {
        let pass = &coded.pass;
        let (status, at, by, reason) = match pass.status {
            PassStatus::Issued => (Status::Issued, None, None, None),
            PassStatus::Used { at, by } => (Status::Used, Some(at), Some(by), None),
            PassStatus::Voided { at, reason } => {
                let reason = match reason {
                    VoidReason::OrderCancelled => Reason::OrderCancelled,
                    VoidReason::OrderRefunded => Reason::OrderRefunded,
                };
                (Status::Voided, Some(at), None, Some(reason))
            }
        };
        Self {
            id: pass.id.uuid().into(),
            place: pass.place,
            code: coded.code.as_str().to_owned(),
            issued_at: date(pass.issued_at),
            status,
            at: at.map(date),
            by: by.map(|by| by.uuid().into()),
            reason,
            version: signed(pass.version),
            check: coded.check.as_ref().map(ToString::to_string),
            again_at: coded.again_at.map(date),
        }
    }
}

impl PassDocument {
    fn status(&self) -> Result<PassStatus, Wrong> {
        let at = self.at.map(time).ok_or("no time of a pass");
        Ok(match self.status {
            Status::Issued => PassStatus::Issued,
            Status::Used => {
                let by = self.by.ok_or("a used pass without a door")?;
                PassStatus::Used { at: at?, by: AccountId::new(by.into()) }
            }
            Status::Voided => PassStatus::Voided {
                at: at?,
                reason: match self.reason.ok_or("a void pass without a reason")? {
                    Reason::OrderCancelled => VoidReason::OrderCancelled,
                    Reason::OrderRefunded => VoidReason::OrderRefunded,
                },
            },
        })
    }
}

pub(super) fn change(admission: &Admission, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let (id, ticket) = (Uuid::from(admission.order.uuid()), Uuid::from(admission.ticket.uuid()));
    let PassCounts { issued, used, voided } = admission.counts();
    let document = AdmissionDocument {
        id,
        ticket,
        buyer: admission.buyer.uuid().into(),
        order_version: signed(admission.order_version),
        issued: signed(issued),
        used: signed(used),
        voided: signed(voided),
        passes: admission.passes.iter().map(PassDocument::from).collect(),
    };
    let codes: Vec<&str> = admission.passes.iter().map(|coded| coded.code.as_str()).collect();
    let other = doc! { "ticket": ticket, "passes.code": { "$in": codes }, "_id": { "$ne": id } };
    Ok(Change {
        collection: AdmissionDocument::COLLECTION,
        key: RecordKey::Admission(admission.order),
        id,
        document: encoded(&document)?,
        replaces,
        unique: vec![(RecordKey::PassCodes(admission.order), other)],
    })
}

/// The passes of a ticket, added up by the server.
pub(super) fn counting(ticket: TicketId) -> Vec<Document> {
    let sum = |field: &str| doc! { "$sum": format!("${field}") };
    vec![
        doc! { "$match": { "ticket": Uuid::from(ticket.uuid()) } },
        doc! { "$group": { "_id": null, "issued": sum("issued"), "used": sum("used"), "voided": sum("voided") } },
    ]
}

/// What [`counting`] found.
pub(super) fn counted(found: &Document) -> PassCounts {
    let count = |field| match found.get(field) {
        Some(Bson::Int64(count)) => u64::try_from(*count).unwrap_or(0),
        Some(Bson::Int32(count)) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    };
    PassCounts { issued: count("issued"), used: count("used"), voided: count("voided") }
}

impl Record for AdmissionDocument {
    type Domain = Admission;
    const COLLECTION: &'static str = "admissions";

    fn into_domain(self) -> Result<Admission, Wrong> {
        let (order, ticket) = (OrderId::new(self.id.into()), TicketId::new(self.ticket.into()));
        let buyer = AccountId::new(self.buyer.into());
        let coded = |document: PassDocument| {
            let status = document.status()?;
            let (id, issued_at) = (PassId::new(document.id.into()), time(document.issued_at));
            let (place, version) = (document.place, unsigned(document.version)?);
            let pass = Pass { id, order, ticket, buyer, place, issued_at, status, version };
            let code = document.code.parse().map_err(|_| "no code of a pass")?;
            let check = document.check.map(|key| key.parse()).transpose().map_err(|_| "no key of a check-in")?;
            Ok(CodedPass { pass, code, check, again_at: document.again_at.map(time) })
        };
        Ok(Admission {
            order,
            ticket,
            buyer,
            order_version: unsigned(self.order_version)?,
            passes: self.passes.into_iter().map(coded).collect::<Result<_, Wrong>>()?,
        })
    }
}
