//! Tells those whose questions a ticket has begun to answer, each once a day and ticket.

use std::collections::HashSet;

use tracing::Instrument;
use uuid::Uuid;

use crate::domain::alert::{Alerts, Handle, Telling, TicketNews, day_of};
use crate::domain::ids::{AccountId, AlertId, LetterId, TicketId};
use crate::domain::letter::{DropReason, Letter, LetterCause, LetterReason, LetterStatus};
use crate::domain::search::SearchEntry;
use crate::domain::time::Timestamp;
use crate::messaging::spans;
use crate::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords};
use crate::ports::store::{Page, StoreError, Stored, UnitOfWork, Write};
use crate::usecase::contended::NotFollowed;

use super::Notifications;

/// How many handles are looked up together.
const HANDLES: usize = 128;

/// How many people are looked at together, of whom only those that may be meant are read.
const LOOKS: usize = 1024;

/// How many people are read and told together.
const AT_ONCE: usize = 128;

/// How often the same people are told again whose alerts change meanwhile.
const TRIES: usize = 8;

/// A ticket that many may be told of.
#[derive(Debug)]
struct Told<'a> {
    news: TicketNews<'a>,
    ticket: TicketId,
    at: Timestamp,
    now: Timestamp,
}

impl Notifications {
    /// Writes to those whose questions a ticket has begun to answer.
    pub(super) async fn tell_of(
        &self,
        before: Option<&SearchEntry>,
        after: &SearchEntry,
        at: Timestamp,
    ) -> Result<(), NotFollowed<Uuid>> {
        let Some(news) = TicketNews::of(before, after) else { return Ok(()) };
        let told = Told { news, ticket: after.id, at, now: self.env.now() };
        // A service that reads an old log writes to nobody.
        if told.is_too_late() {
            return Ok(());
        }
        let handles: Vec<Handle> = told.news.handles().into_iter().collect();
        let mut known = HashSet::new();
        for some in handles.chunks(HANDLES) {
            let mut page = Page::first(LOOKS);
            loop {
                let found = self.store.alerts_under(some, page).await?;
                let meant = found.iter().filter(|candidate| told.news.may_be_for(candidate));
                let people = meant.map(|candidate| candidate.filed.account);
                let people: Vec<AccountId> = people.filter(|account| known.insert(*account)).collect();
                for people in people.chunks(AT_ONCE) {
                    self.tell(people, &told).await?;
                }
                page.after = found.last().map(|candidate| candidate.filed);
                if found.len() < page.limit {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Writes to those of some people whose questions it answers. Who was written to before is not written to again.
    async fn tell(&self, people: &[AccountId], told: &Told<'_>) -> Result<(), NotFollowed<Uuid>> {
        for _ in 0..TRIES {
            let known = self.known_of(people, told).await?;
            let written: HashSet<LetterId> = known.letters.into_iter().map(|stored| stored.record.id).collect();
            let is_new = |person: &Stored<Alerts>| !written.contains(&told.letter_id(person.record.account));
            let begun =
                |person: Stored<Alerts>| Some(told.writes(person.record.begun(&told.news, told.now)?.id, &person));
            let writes: Vec<_> = known.alerts.into_iter().filter(is_new).filter_map(begun).flatten().collect();
            if writes.is_empty() {
                return Ok(());
            }
            let work = UnitOfWork { writes, events: Vec::new() };
            let span = spans::commit(&work);
            match self.store.commit(work).instrument(span).await {
                Ok(_) => return Ok(()),
                // Somebody ended an alert meanwhile, or was told of another ticket.
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(NotFollowed::Conflict(vec![told.ticket.uuid()]))
    }

    /// The alerts of some people, and the letters that they have already. Whose records cannot be read is passed by, so
    /// that everybody else is told.
    async fn known_of(&self, people: &[AccountId], told: &Told<'_>) -> Result<LetterRecords, StoreError> {
        let needs = |people: &[AccountId]| LetterNeeds {
            alerts: people.to_owned(),
            letters: people.iter().map(|account| told.letter_id(*account)).collect(),
            ..LetterNeeds::default()
        };
        match self.store.load(&needs(people)).await {
            Err(StoreError::Corrupt(_)) => {}
            known => return known,
        }
        let mut known = LetterRecords::default();
        for account in people {
            match self.store.load(&needs(&[*account])).await {
                Ok(one) => {
                    known.alerts.extend(one.alerts);
                    known.letters.extend(one.letters);
                }
                Err(StoreError::Corrupt(cause)) => {
                    tracing::error!(%account, cause, "the alerts of {account} cannot be read and are passed by: repair them");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    }
}

impl Told<'_> {
    /// One letter about a ticket for a person and a day, whichever of their questions it answers and however often its
    /// places come and go.
    fn cause(&self) -> LetterCause {
        LetterCause { subject: self.ticket.uuid(), number: day_of(self.at), at: self.at }
    }

    fn is_too_late(&self) -> bool {
        let reason = self.reason(AlertId::new(Uuid::nil()), 0);
        Letter::new(AccountId::new(Uuid::nil()), reason, self.cause()).is_too_late(self.now)
    }

    const fn reason(&self, alert: AlertId, left_out: u32) -> LetterReason {
        LetterReason::TicketFound { ticket: self.ticket, alert, left_out }
    }

    fn letter_id(&self, to: AccountId) -> LetterId {
        LetterId::of(to, &self.reason(AlertId::new(Uuid::nil()), 0), self.cause())
    }

    /// The letter to a person, and how often they were told then, as one commit.
    fn writes(&self, alert: AlertId, person: &Stored<Alerts>) -> [Write<LetterRecord>; 2] {
        let (next, telling) = person.record.clone().tell(self.now);
        let letter = |left_out| Letter::new(person.record.account, self.reason(alert, left_out), self.cause());
        let letter = match telling {
            Telling::Letter { left_out } => letter(left_out),
            // It is the mark that its reader was to be told, so that it is counted once.
            Telling::LeftOut => {
                letter(0).with_status(LetterStatus::Dropped { at: self.now, reason: DropReason::LeftOut })
            }
        };
        [Write::insert(letter), person.replace(next)]
    }
}
