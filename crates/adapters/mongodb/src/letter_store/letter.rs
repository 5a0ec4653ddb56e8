//! Letters as documents.

use std::sync::Arc;
use std::time::Duration;

use bson::{DateTime, Uuid, doc};
use mongodb::IndexModel;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{AccountId, AlertId, LetterId, OrderId, TicketId};
use ticketing_core::domain::letter::{DropReason, Letter, LetterReason, LetterStatus};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{MoneyDocument, Record, Wrong, date, encoded, expiring, partial, time};

/// Before every time; a letter that is never due is not in the index of those that are.
pub(super) const NEVER: DateTime = DateTime::MIN;

/// How long a letter is kept that was sent or dropped. An event that is older writes no letter again.
const KEPT: Duration = Duration::from_hours(30 * 24);

pub(super) fn indexes() -> Vec<IndexModel> {
    vec![
        partial("due", doc! { "due_at": 1, "_id": 1 }, doc! { "due_at": { "$gt": NEVER } }),
        expiring("ended", doc! { "ended_at": 1 }, KEPT),
    ]
}

/// A field that a letter of this reason or status does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LetterDocument {
    #[serde(rename = "_id")]
    id: Uuid,
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
    caused_at: DateTime,
    status: Status,
    due_at: Option<DateTime>,
    tries: u32,
    ended_at: Option<DateTime>,
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
            id: letter.id.uuid().into(),
            to: letter.to.uuid().into(),
            reason: letter.reason.code().to_owned(),
            order: letter.reason.order().map(|order| order.uuid().into()),
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
            LetterReason::PlacesSold { ticket } => Self { ticket: Some(ticket.uuid().into()), ..self },
            LetterReason::TicketFound { ticket, alert, left_out } => Self {
                ticket: Some(ticket.uuid().into()),
                alert: Some(alert.uuid().into()),
                left_out: *left_out,
                ..self
            },
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
        let order = self.order.map(|id| OrderId::new(id.into())).ok_or("a letter without its order");
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
                LetterReason::PlacesSold { ticket: TicketId::new(ticket.into()) }
            }
            "ticket_found" => {
                let ticket = self.ticket.ok_or("a letter without its ticket")?;
                let alert = self.alert.ok_or("a letter without its alert")?;
                let (ticket, alert) = (TicketId::new(ticket.into()), AlertId::new(alert.into()));
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

pub(super) fn change(letter: &Letter, replaces: Option<Revision>) -> Result<Change, StoreError> {
    Ok(Change {
        collection: LetterDocument::COLLECTION,
        key: RecordKey::Letter(letter.id),
        id: letter.id.uuid().into(),
        document: encoded(&LetterDocument::of(letter))?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for LetterDocument {
    type Domain = Letter;
    const COLLECTION: &'static str = "letters";

    fn into_domain(self) -> Result<Letter, Wrong> {
        Ok(Letter {
            id: LetterId::new(self.id.into()),
            to: AccountId::new(self.to.into()),
            reason: self.reason()?,
            caused_at: time(self.caused_at),
            status: self.status()?,
        })
    }
}
