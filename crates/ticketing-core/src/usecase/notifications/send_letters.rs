//! Sends letters.
//!
//! A letter is marked as being sent before the mailer is asked, so a crash leaves it marked, and nobody sends it again
//! until the mark is over. So a letter is sent at least once, and twice only if a mailer was asked and nobody
//! learned what came of it.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future;

use crate::domain::alert::Alert;
use crate::domain::ids::{AlertId, OrderId, TicketId};
use crate::domain::letter::{DropReason, Letter, LetterReason, LetterStatus};
use crate::domain::order::Order;
use crate::domain::ticket::Ticket;
use crate::messaging::backoff::Backoff;
use crate::messaging::driver::Step;
use crate::ports::contacts::ContactPurpose;
use crate::ports::letter_store::LetterNeeds;
use crate::ports::letter_writer::LetterToWrite;
use crate::ports::mailer::{Mail, MailError};
use crate::ports::store::{Revision, StoreError, Stored, UnitOfWork};
use crate::ports::{BoxError, error_chain};

use super::{LetterCounts, Notifications};

/// How letters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendingConfig {
    /// How many letters are sent at once.
    pub at_once: usize,
    /// How long a letter that may have been sent is not sent again.
    pub window: Duration,
    /// The waits between tries.
    pub backoff: Backoff,
}

impl Default for SendingConfig {
    fn default() -> Self {
        let backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_mins(10) };
        Self { at_once: 16, window: Duration::from_mins(15), backoff }
    }
}

impl SendingConfig {
    /// How long a try that nobody learned the end of is waited for: twice as long each time, since a server that takes
    /// long to answer may have taken every one.
    fn window_of(&self, tries: u32) -> Duration {
        /// Sixteen hours of windows of a quarter.
        const MOST_DOUBLED: u32 = 6;
        self.window.saturating_mul(1 << tries.saturating_sub(1).min(MOST_DOUBLED))
    }
}

/// Sends the letters that are due.
#[derive(Debug, Clone)]
pub struct SendLetters {
    notifications: Notifications,
    config: SendingConfig,
    counts: LetterCounts,
}

impl SendLetters {
    /// A step over as many letters as are sent at once.
    #[must_use]
    pub fn new(notifications: Notifications, config: SendingConfig) -> Self {
        Self { notifications, config, counts: LetterCounts::default() }
    }

    /// What became of letters, from now on.
    #[must_use]
    pub fn counts(&self) -> LetterCounts {
        self.counts.clone()
    }
}

#[async_trait]
impl Step for SendLetters {
    fn name(&self) -> &str {
        "notifications-letters"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let Notifications { store, env, .. } = &self.notifications;
        let due = store.due(env.now(), self.config.at_once).await?;
        let results = future::join_all(due.into_iter().map(|letter| self.send(letter))).await;
        let mut done = 0;
        for result in results {
            match result {
                Ok(()) => done += 1,
                Err(error) => {
                    let cause = error_chain(&error);
                    tracing::warn!(cause, "a letter stays where it is: {cause}");
                }
            }
        }
        Ok(done)
    }

    async fn idle(&mut self) {
        future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}

/// What is to be done with a letter.
enum Next {
    Send(Box<Mail>),
    Later,
    Drop(DropReason),
}

/// What became of a letter at the mailer.
enum Sent {
    Accepted,
    NotTaken,
    Unknown,
    Refused,
}

impl SendLetters {
    /// Moves one letter on. That another process did is fine.
    async fn send(&self, letter: Stored<Letter>) -> Result<(), StoreError> {
        match self.go_on(&letter).await {
            Err(StoreError::Conflict(_)) => Ok(()),
            // What it is about cannot be read. It is tried again later, and holds up no other letter.
            Err(unreadable @ StoreError::Corrupt(_)) => match self.later(&letter, letter.record.tries() + 1).await {
                Ok(()) | Err(StoreError::Conflict(_)) => Err(unreadable),
                failed => failed,
            },
            done => done,
        }
    }

    async fn go_on(&self, letter: &Stored<Letter>) -> Result<(), StoreError> {
        let now = self.notifications.env.now();
        let tries = letter.record.tries() + 1;
        match self.next(&letter.record).await? {
            Next::Drop(reason) => {
                let (id, code) = (letter.record.id, letter.record.reason.code());
                tracing::info!(letter = %id, reason = code, why = ?reason, "letter {id} is not sent");
                self.note(letter, LetterStatus::Dropped { at: now, reason }).await.map(drop)
            }
            Next::Later => self.later(letter, tries).await,
            Next::Send(mail) => {
                let until = now.after(self.config.window_of(tries));
                let marked = self.note(letter, LetterStatus::Sending { until, tries }).await?;
                // A crash from here on leaves the mark: the letter is not sent again until it is over.
                self.concluded(&marked, self.ask(&mail).await, tries).await
            }
        }
    }

    async fn concluded(&self, marked: &Stored<Letter>, sent: Sent, tries: u32) -> Result<(), StoreError> {
        let at = self.notifications.env.now();
        match sent {
            Sent::Accepted => self.note(marked, LetterStatus::Sent { at }).await.map(drop),
            Sent::NotTaken => self.later(marked, tries).await,
            Sent::Unknown => Ok(()),
            Sent::Refused => {
                let status = LetterStatus::Dropped { at, reason: DropReason::Refused };
                self.note(marked, status).await.map(drop)
            }
        }
    }

    async fn ask(&self, mail: &Mail) -> Sent {
        let id = mail.id;
        match self.notifications.mailer.send(mail).await {
            Ok(()) => Sent::Accepted,
            Err(error) => {
                let cause = error_chain(&error);
                tracing::warn!(letter = %id, cause, "letter {id} was not sent: {cause}");
                match error {
                    MailError::Unavailable(_) => Sent::NotTaken,
                    MailError::Unknown(_) => Sent::Unknown,
                    MailError::Refused(_) => Sent::Refused,
                }
            }
        }
    }

    /// What a letter needs now; its mail, if it is to be sent.
    async fn next(&self, letter: &Letter) -> Result<Next, StoreError> {
        if letter.is_too_late(self.notifications.env.now()) {
            return Ok(Next::Drop(DropReason::TooLate));
        }
        let Some(about) = self.about(letter).await? else { return Ok(Next::Later) };
        if !about.is_still_true(&letter.reason) {
            return Ok(Next::Drop(DropReason::NothingToSay));
        }
        let contact = match self.notifications.contacts.contact(letter.to, purpose(&letter.reason)).await {
            Ok(Some(contact)) => contact,
            Ok(None) => return Ok(Next::Drop(DropReason::NothingToSay)),
            Err(error) => {
                let (id, cause) = (letter.id, error_chain(&error));
                tracing::warn!(letter = %id, cause, "letter {id} waits: {cause}");
                return Ok(Next::Later);
            }
        };
        let About { order, ticket, alert } = about;
        let Letter { id, to: owner, reason, caused_at, .. } = letter.clone();
        let letter = LetterToWrite { id, reason, caused_at, owner, to: contact, order, ticket, alert };
        Ok(Next::Send(Box::new(self.notifications.writer.write(&letter))))
    }

    /// What the letter is about, as it is now; `None` if that is not known yet.
    async fn about(&self, letter: &Letter) -> Result<Option<About>, StoreError> {
        if let LetterReason::TicketFound { ticket, alert, .. } = letter.reason {
            return self.found(letter, ticket, alert).await;
        }
        let order = match letter.reason.order() {
            Some(id) => self.order(id).await?,
            None => None,
        };
        // Money may go back for an order that was never completed, and is not known here.
        let may_lack_it = matches!(letter.reason, LetterReason::MoneyReturned { .. });
        if letter.reason.order().is_some() && order.is_none() && !may_lack_it {
            return Ok(None);
        }
        let ticket = match (&letter.reason, &order) {
            (LetterReason::PlacesSold { ticket }, _) => self.ticket(*ticket).await?,
            (_, Some(order)) => self.ticket(order.ticket.id).await?,
            (_, None) => None,
        };
        Ok(Some(About { order, ticket, alert: None }))
    }

    /// What a question that is kept has found, if it still does.
    async fn found(&self, letter: &Letter, ticket: TicketId, id: AlertId) -> Result<Option<About>, StoreError> {
        let needs = LetterNeeds { alerts: vec![letter.to], entries: vec![ticket], ..LetterNeeds::default() };
        let mut records = self.notifications.store.load(&needs).await?;
        let entry = records.entries.pop().map(|stored| stored.record);
        let alert = records.alerts.pop().and_then(|stored| stored.record.get(id).cloned());
        let now = self.notifications.env.now();
        let ticket =
            entry.filter(|entry| alert.as_ref().is_some_and(|alert| alert.question.is_answered_by(entry, now)));
        let ticket = ticket.and_then(|entry| entry.facts);
        // Letters are written before what they are about, so that a crash loses none: at first it may be out of date.
        let is_early = alert.is_some() && ticket.is_none() && letter.tries() == 0;
        Ok((!is_early).then_some(About { order: None, ticket, alert }))
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let needs = LetterNeeds { orders: vec![id], ..LetterNeeds::default() };
        Ok(self.notifications.store.load(&needs).await?.orders.pop().map(|stored| stored.record))
    }

    async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        let needs = LetterNeeds { tickets: vec![id], ..LetterNeeds::default() };
        Ok(self.notifications.store.load(&needs).await?.tickets.pop().map(|stored| stored.record))
    }

    async fn later(&self, letter: &Stored<Letter>, tries: u32) -> Result<(), StoreError> {
        let env = &self.notifications.env;
        let now = env.now();
        let due_at = now.after(self.config.backoff.wait(tries, now, &*env.ids));
        self.note(letter, LetterStatus::Waiting { due_at, tries }).await.map(drop)
    }

    /// Writes how far the letter got; returns it as it is then.
    async fn note(&self, letter: &Stored<Letter>, status: LetterStatus) -> Result<Stored<Letter>, StoreError> {
        let record = letter.record.clone().with_status(status);
        let work = UnitOfWork::default().with(letter.replace(record.clone()));
        let token = self.notifications.store.commit(work).await?;
        self.counts.moved(&record, self.notifications.env.now());
        Ok(Stored { record, revision: Revision::after(Some(letter.revision), token) })
    }
}

/// What a letter is about.
struct About {
    order: Option<Order>,
    ticket: Option<Ticket>,
    alert: Option<Alert>,
}

impl About {
    /// Whether there is still something to say: what happened may have been undone.
    fn is_still_true(&self, reason: &LetterReason) -> bool {
        let is_completed = self.order.as_ref().is_some_and(Order::is_completed);
        match reason {
            // That it changed back is told too.
            LetterReason::OrderCompleted { .. } | LetterReason::EventChanged { .. } => is_completed,
            LetterReason::TicketFound { .. } => self.alert.is_some() && self.ticket.is_some(),
            LetterReason::ConfirmAddress
            | LetterReason::ResetPassword
            | LetterReason::PasswordChanged
            | LetterReason::NewBrowser { .. }
            | LetterReason::OrderRefunded { .. }
            | LetterReason::MoneyReturned { .. }
            | LetterReason::PlacesSold { .. } => true,
        }
    }
}

const fn purpose(reason: &LetterReason) -> ContactPurpose {
    match reason {
        LetterReason::ConfirmAddress => ContactPurpose::ConfirmAddress,
        LetterReason::ResetPassword => ContactPurpose::ResetPassword,
        LetterReason::PasswordChanged
        | LetterReason::NewBrowser { .. }
        | LetterReason::OrderCompleted { .. }
        | LetterReason::EventChanged { .. }
        | LetterReason::OrderRefunded { .. }
        | LetterReason::MoneyReturned { .. }
        | LetterReason::PlacesSold { .. }
        | LetterReason::TicketFound { .. } => ContactPurpose::Tell,
    }
}
