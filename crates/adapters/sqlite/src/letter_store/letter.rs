//! Letters as documents.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{AccountId, AlertId, LetterId, OrderId, TicketId};
use ticketing_core::domain::letter::{DropReason, Letter, LetterReason, LetterStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::{Change, Statement};
use crate::document::{Millis, MoneyDocument, Record, Wrong, date, time};

/// How long a letter is kept that was sent or dropped. An event that is older writes no letter again.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// A field that a letter of this reason or status does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LetterDocument {
    to: Uuid,
    reason: String,
    order: Option<Uuid>,
    ticket: Option<Uuid>,
    /// Of a release that had none: absent.
    #[serde(default)]
    alert: Option<Uuid>,
    #[serde(default)]
    left_out: u32,
    device: Option<Arc<str>>,
    amount: Option<MoneyDocument>,
    caused_at: Millis,
    status: Status,
    due_at: Option<Millis>,
    tries: u32,
    ended_at: Option<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Waiting,
    Sending,
    Sent,
    NothingToSay,
    Refused,
    TooLate,
    LeftOut,
}

impl LetterDocument {
    fn of(letter: &Letter) -> Self {
        let waiting = Self {
            to: letter.to.uuid(),
            reason: letter.reason.code().to_owned(),
            order: letter.reason.order().map(|order| order.uuid()),
            ticket: None,
            alert: None,
            left_out: 0,
            device: None,
            amount: None,
            caused_at: date(letter.caused_at),
            status: Status::Waiting,
            due_at: letter.due_at().map(date),
            tries: letter.tries(),
            ended_at: None,
        };
        waiting.about(&letter.reason).in_status(letter.status)
    }

    fn about(self, reason: &LetterReason) -> Self {
        match reason {
            LetterReason::NewBrowser { device } => Self { device: Some(Arc::clone(device)), ..self },
            LetterReason::MoneyReturned { amount, .. } => Self { amount: Some((*amount).into()), ..self },
            LetterReason::PlacesSold { ticket } => Self { ticket: Some(ticket.uuid()), ..self },
            LetterReason::TicketFound { ticket, alert, left_out } => {
                Self { ticket: Some(ticket.uuid()), alert: Some(alert.uuid()), left_out: *left_out, ..self }
            }
            LetterReason::ConfirmAddress
            | LetterReason::ResetPassword
            | LetterReason::PasswordChanged
            | LetterReason::OrderCompleted { .. }
            | LetterReason::EventChanged { .. }
            | LetterReason::OrderRefunded { .. } => self,
        }
    }

    fn in_status(self, status: LetterStatus) -> Self {
        match status {
            LetterStatus::Waiting { .. } => self,
            LetterStatus::Sending { .. } => Self { status: Status::Sending, ..self },
            LetterStatus::Sent { at } => Self { status: Status::Sent, ended_at: Some(date(at)), ..self },
            LetterStatus::Dropped { at, reason } => {
                let status = match reason {
                    DropReason::NothingToSay => Status::NothingToSay,
                    DropReason::Refused => Status::Refused,
                    DropReason::TooLate => Status::TooLate,
                    DropReason::LeftOut => Status::LeftOut,
                };
                Self { status, ended_at: Some(date(at)), ..self }
            }
        }
    }

    fn reason(&self) -> Result<LetterReason, Wrong> {
        let order = self.order.map(OrderId::new).ok_or("a letter without its order");
        Ok(match &*self.reason {
            "confirm_address" => LetterReason::ConfirmAddress,
            "reset_password" => LetterReason::ResetPassword,
            "password_changed" => LetterReason::PasswordChanged,
            "new_browser" => {
                LetterReason::NewBrowser { device: self.device.clone().ok_or("a letter without its device")? }
            }
            "order_completed" => LetterReason::OrderCompleted { order: order? },
            "event_changed" => LetterReason::EventChanged { order: order? },
            "order_refunded" => LetterReason::OrderRefunded { order: order? },
            "money_returned" => {
                let amount = self.amount.clone().ok_or("a letter without its amount")?.try_into()?;
                LetterReason::MoneyReturned { order: order?, amount }
            }
            "places_sold" => {
                let ticket = self.ticket.ok_or("a letter without its ticket")?;
                LetterReason::PlacesSold { ticket: TicketId::new(ticket) }
            }
            "ticket_found" => {
                let ticket = self.ticket.ok_or("a letter without its ticket")?;
                let alert = self.alert.ok_or("a letter without its alert")?;
                let (ticket, alert) = (TicketId::new(ticket), AlertId::new(alert));
                LetterReason::TicketFound { ticket, alert, left_out: self.left_out }
            }
            _ => return Err("an unknown reason of a letter"),
        })
    }

    fn status(&self) -> Result<LetterStatus, Wrong> {
        let due_at = self.due_at.map(time).ok_or("a letter that is not due");
        let at = self.ended_at.map(time).ok_or("an end of a letter without a time");
        let dropped = |reason| Ok(LetterStatus::Dropped { at: at?, reason });
        match self.status {
            Status::Waiting => Ok(LetterStatus::Waiting { due_at: due_at?, tries: self.tries }),
            Status::Sending => Ok(LetterStatus::Sending { until: due_at?, tries: self.tries }),
            Status::Sent => Ok(LetterStatus::Sent { at: at? }),
            Status::NothingToSay => dropped(DropReason::NothingToSay),
            Status::Refused => dropped(DropReason::Refused),
            Status::TooLate => dropped(DropReason::TooLate),
            Status::LeftOut => dropped(DropReason::LeftOut),
        }
    }
}

/// A few at a time, so that no commit waits for many.
const FORGET: &str = "DELETE FROM letters WHERE id IN (SELECT id FROM letters WHERE ended_at < ?1 LIMIT 8)";

pub(super) fn change(letter: &Letter, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let document = LetterDocument::of(letter);
    let ended_at = match letter.status {
        LetterStatus::Sent { at } | LetterStatus::Dropped { at, .. } => Some(at),
        LetterStatus::Waiting { .. } | LetterStatus::Sending { .. } => None,
    };
    let millis = |at: Option<Timestamp>| at.map_or(Value::Null, |at| Value::Integer(at.millis()));
    let forget = ended_at.map(|at| Statement { sql: FORGET, params: vec![millis(Some(at.before(KEPT)))] });
    Ok(Change {
        columns: vec![("due_at", millis(letter.due_at())), ("ended_at", millis(ended_at))],
        after: forget.into_iter().collect(),
        ..Change::of(RecordKey::Letter(letter.id), letter.id.uuid(), replaces, &document)?
    })
}

impl Record for LetterDocument {
    type Domain = Letter;
    const TABLE: &'static str = "letters";

    fn into_domain(self, id: Uuid) -> Result<Letter, Wrong> {
        Ok(Letter {
            id: LetterId::new(id),
            to: AccountId::new(self.to),
            reason: self.reason()?,
            caused_at: time(self.caused_at),
            status: self.status()?,
        })
    }
}
