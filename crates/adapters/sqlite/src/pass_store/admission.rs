//! Admissions as documents: an order's passes lie in one, so that one write changes them together.

use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::ids::{AccountId, OrderId, PassId, TicketId};
use ticketing_core::domain::pass::{CodedPass, Pass, PassStatus, VoidReason};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::{Change, Guard, Statement};
use crate::document::{Millis, Record, Wrong, blob, date, signed, time};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AdmissionDocument {
    ticket: Uuid,
    buyer: Uuid,
    order_version: u64,
    passes: Vec<PassDocument>,
}

/// A field that a pass in this status does not have is null.
#[derive(Serialize, Deserialize)]
struct PassDocument {
    id: Uuid,
    place: u32,
    code: String,
    /// Under which key it was checked in.
    check: Option<String>,
    /// When a door without a network let somebody in with it again.
    again_at: Option<Millis>,
    issued_at: Millis,
    status: Status,
    /// When it was used or voided.
    at: Option<Millis>,
    by: Option<Uuid>,
    reason: Option<Reason>,
    version: u64,
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
            id: pass.id.uuid(),
            place: pass.place,
            code: coded.code.as_str().to_owned(),
            check: coded.check.as_ref().map(ToString::to_string),
            again_at: coded.again_at.map(date),
            issued_at: date(pass.issued_at),
            status,
            at: at.map(date),
            by: by.map(|by| by.uuid()),
            reason,
            version: pass.version,
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
                PassStatus::Used { at: at?, by: AccountId::new(by) }
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
    let (id, ticket) = (blob(admission.order.uuid()), blob(admission.ticket.uuid()));
    let PassCounts { issued, used, voided } = admission.counts();
    let document = AdmissionDocument {
        ticket: admission.ticket.uuid(),
        buyer: admission.buyer.uuid(),
        order_version: admission.order_version,
        passes: admission.passes.iter().map(PassDocument::from).collect(),
    };
    let code = |coded: &CodedPass| Value::Text(coded.code.as_str().to_owned());
    let other = |coded: &CodedPass| Statement {
        sql: "SELECT 1 FROM passes WHERE ticket = ?1 AND code = ?2 AND admission <> ?3",
        params: vec![ticket.clone(), code(coded), id.clone()],
    };
    let named = |coded: &CodedPass| Statement {
        sql: "INSERT INTO passes (id, admission, ticket, code) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING",
        params: vec![blob(coded.pass.id.uuid()), id.clone(), ticket.clone(), code(coded)],
    };
    Ok(Change {
        guards: vec![Guard {
            key: RecordKey::PassCodes(admission.order),
            others: admission.passes.iter().map(other).collect(),
        }],
        // A pass keeps its code, and an admission its passes.
        after: admission.passes.iter().map(named).collect(),
        columns: vec![
            ("ticket", ticket),
            ("issued", Value::Integer(signed(issued))),
            ("used", Value::Integer(signed(used))),
            ("voided", Value::Integer(signed(voided))),
        ],
        ..Change::of(RecordKey::Admission(admission.order), admission.order.uuid(), replaces, &document)?
    })
}

impl Record for AdmissionDocument {
    type Domain = Admission;
    const TABLE: &'static str = "admissions";

    fn into_domain(self, id: Uuid) -> Result<Admission, Wrong> {
        let (order, ticket) = (OrderId::new(id), TicketId::new(self.ticket));
        let buyer = AccountId::new(self.buyer);
        let coded = |document: PassDocument| {
            let status = document.status()?;
            let (id, issued_at) = (PassId::new(document.id), time(document.issued_at));
            let (place, version) = (document.place, document.version);
            let pass = Pass { id, order, ticket, buyer, place, issued_at, status, version };
            let code = document.code.parse().map_err(|_| "no code of a pass")?;
            let check = document.check.map(|key| key.parse()).transpose().map_err(|_| "no key of a check-in")?;
            Ok(CodedPass { pass, code, check, again_at: document.again_at.map(time) })
        };
        Ok(Admission {
            order,
            ticket,
            buyer,
            order_version: self.order_version,
            passes: self.passes.into_iter().map(coded).collect::<Result<_, Wrong>>()?,
        })
    }
}
