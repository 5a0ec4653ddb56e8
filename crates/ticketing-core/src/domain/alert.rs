//! Alerts: questions that people keep, to be told of tickets that begin to answer them.
//!
//! All alerts of a person are one aggregate, with how often they were told today, so that each limit is one decision.

mod handle;
mod question;
mod sieve;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::ids::{AccountId, AlertId, InvalidId};
use super::search::{SearchEntry, SearchTexts};
use super::secret;
use super::time::Timestamp;

pub use handle::{Handle, filing_of, handles_of};
pub use question::KeptQuestion;
pub use sieve::Sieve;

use handle::filed_under;
use sieve::Features;

/// What ends one alert without a sign-in: 128 unpredictable bits, as 32 hexadecimal digits. Letters about it have it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AlertKey(Uuid);

/// Ends an alert without a sign-in: what its letters link to, as one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertLink {
    /// Whose alert.
    pub account: AccountId,
    /// Which.
    pub alert: AlertId,
    /// Proves that a letter was read.
    pub key: AlertKey,
}

/// A question that somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Unique id (UUID version 7).
    pub id: AlertId,
    /// What is looked for.
    pub question: KeptQuestion,
    /// Ends it.
    pub key: AlertKey,
    /// Since when.
    pub created_at: Timestamp,
}

/// The alerts of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// Whose they are.
    pub account: AccountId,
    /// Oldest first. Invariant: at most [`Alerts::MOST`].
    pub alerts: Vec<Alert>,
    /// How often their owner was told.
    pub told: Told,
    /// Whether the account is gone: nothing is kept for it any more.
    pub is_closed: bool,
    /// The number of changes by people; how often they were told is none.
    pub version: u64,
}

/// How often somebody was told on the last day on which they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// The day, in days of UTC since 1970.
    pub day: u64,
    /// Letters of that day.
    pub letters: u32,
    /// Tickets that were left out since the last letter.
    pub left_out: u32,
}

/// Whose alerts, and under what. Nobody is filed under a handle twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filed {
    /// Under what.
    pub handle: Handle,
    /// Whose alerts.
    pub account: AccountId,
}

/// Somebody whose alerts a ticket may answer that has a handle of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where they were found.
    pub filed: Filed,
    /// Lets through what may answer those alerts of theirs that are filed there.
    pub sieve: Sieve,
}

/// What becomes of one more ticket that answers an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// A letter is written, and says how many others were left out since the last one.
    Letter {
        /// So many.
        left_out: u32,
    },
    /// Its owner was told often enough today.
    LeftOut,
}

/// Why an alert is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertRefusal {
    /// The account has as many as it may have: end one first.
    TooMany,
    /// The account is gone.
    Closed,
}

impl AlertKey {
    /// Takes the key out of a secret that was drawn for one alert.
    #[must_use]
    pub fn drawn(secret: [u8; 32]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(secret).for_each(|(byte, drawn)| *byte = drawn);
        Self(Uuid::from_bytes(key))
    }

    /// The key as text, for the link of a letter and for a store.
    #[must_use]
    pub fn expose(self) -> String {
        self.0.as_simple().to_string()
    }

    /// Whether they are the same. The time it takes does not depend on where they differ.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        secret::are_same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl FromStr for AlertKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::try_parse(text.trim()).map(Self).map_err(|_| InvalidId)
    }
}

impl fmt::Debug for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AlertKey(…)")
    }
}

impl AlertLink {
    /// The link as text: letters, digits and `.` only.
    #[must_use]
    pub fn expose(&self) -> String {
        let Self { account, alert, key } = self;
        format!("{}.{}.{}", account.uuid().as_simple(), alert.uuid().as_simple(), key.expose())
    }
}

impl FromStr for AlertLink {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.trim().split('.');
        let mut next = || parts.next().ok_or(InvalidId);
        let link = Self { account: next()?.parse()?, alert: next()?.parse()?, key: next()?.parse()? };
        if parts.next().is_some() { Err(InvalidId) } else { Ok(link) }
    }
}

impl Alerts {
    /// The most alerts of an account.
    pub const MOST: usize = 20;

    /// The most letters about alerts that an account gets in a day of UTC.
    pub const LETTERS_A_DAY: u32 = 5;

    /// No alerts yet.
    #[must_use]
    pub const fn none(account: AccountId) -> Self {
        let told = Told { day: 0, letters: 0, left_out: 0 };
        Self { account, alerts: Vec::new(), told, is_closed: false, version: 0 }
    }

    /// Adds an alert, and forgets those that are over. One with the same question stays in its place.
    ///
    /// # Errors
    ///
    /// [`AlertRefusal`].
    pub fn keep(self, alert: Alert, now: Timestamp) -> Result<Self, AlertRefusal> {
        if self.is_closed {
            return Err(AlertRefusal::Closed);
        }
        let mut kept = self.without_over(now);
        if kept.alerts.iter().any(|known| known.question == alert.question) {
            return Ok(kept);
        }
        if kept.alerts.len() >= Self::MOST {
            return Err(AlertRefusal::TooMany);
        }
        kept.alerts.push(alert);
        kept.version += 1;
        Ok(kept)
    }

    /// Without an alert; `None` if there is no such alert.
    #[must_use]
    pub fn without(mut self, id: AlertId) -> Option<Self> {
        let before = self.alerts.len();
        self.alerts.retain(|alert| alert.id != id);
        self.version += 1;
        (self.alerts.len() < before).then_some(self)
    }

    /// What is left of them when their account is gone: that it is.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { is_closed: true, version: self.version + 1, ..Self::none(self.account) }
    }

    /// Those that are not over.
    pub fn alive(&self, now: Timestamp) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(move |alert| !alert.question.is_over(now))
    }

    /// An alert, if its owner still has it.
    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.iter().find(|alert| alert.id == id)
    }

    /// The oldest alert that a ticket has begun to answer. Sellers are not told of their own tickets.
    #[must_use]
    pub fn begun(&self, change: &TicketNews<'_>, now: Timestamp) -> Option<&Alert> {
        let is_own = change.after.facts.as_ref().is_some_and(|ticket| ticket.seller == self.account);
        self.alive(now).find(|alert| !is_own && change.begins_to_answer(&alert.question, now))
    }

    /// Counts one more ticket that is to be told of.
    #[must_use]
    pub fn tell(self, now: Timestamp) -> (Self, Telling) {
        let (day, told) = (day_of(now), self.told);
        // A clock that was set back gives nobody a second day.
        let letters = if day > told.day { 0 } else { told.letters };
        let (letters, left_out, telling) = if letters < Self::LETTERS_A_DAY {
            (letters + 1, 0, Telling::Letter { left_out: told.left_out })
        } else {
            (letters, told.left_out.saturating_add(1), Telling::LeftOut)
        };
        (Self { told: Told { day: day.max(told.day), letters, left_out }, ..self }, telling)
    }

    /// Everything that they are filed under, each with what tells whether they are meant.
    #[must_use]
    pub fn filed(&self) -> BTreeMap<Handle, Sieve> {
        let mut filed = BTreeMap::new();
        for alert in &self.alerts {
            let question = alert.question.at(Timestamp::EPOCH);
            for handle in filed_under(&question) {
                filed.entry(handle).or_insert_with(Sieve::of_nothing).add(&question);
            }
        }
        filed
    }

    fn without_over(mut self, now: Timestamp) -> Self {
        self.alerts.retain(|alert| !alert.question.is_over(now));
        self
    }
}

/// A ticket before and after what happened to it.
#[derive(Debug, Clone)]
pub struct TicketNews<'a> {
    before: Option<(&'a SearchEntry, SearchTexts)>,
    after: &'a SearchEntry,
    texts: SearchTexts,
    features: Features,
}

impl<'a> TicketNews<'a> {
    /// The news of a ticket; `None` if nobody can begin to find it by that.
    ///
    /// That is so for every sale of a ticket that had places before, so a busy evening costs nothing here.
    #[must_use]
    pub fn of(before: Option<&'a SearchEntry>, after: &'a SearchEntry) -> Option<Self> {
        let texts = |entry: &SearchEntry| Some(SearchTexts::of(&entry.shown()?.offer.details));
        let had = before.map_or(0, SearchEntry::left);
        let is_same = before.is_some_and(|before| before.facts == after.facts);
        // More places are news to those who want many together.
        if after.left() == 0 || is_same && had >= after.left() {
            return None;
        }
        let before = before.and_then(|before| Some((before, texts(before)?)));
        let texts = texts(after)?;
        let features = Features::of(after.shown()?, after, &texts);
        Some(Self { before, after, texts, features })
    }

    /// Everything that an alert may be filed under which the ticket answers.
    #[must_use]
    pub fn handles(&self) -> BTreeSet<Handle> {
        self.after.shown().map_or_else(BTreeSet::new, |ticket| handles_of(ticket, &self.texts))
    }

    /// Whether the ticket may have begun to answer an alert of somebody who was found by a handle; if not, it has not.
    #[must_use]
    pub fn may_be_for(&self, candidate: &Candidate) -> bool {
        candidate.sieve.lets_through(&self.features)
    }

    fn begins_to_answer(&self, question: &KeptQuestion, now: Timestamp) -> bool {
        let question = question.at(now);
        let did = || self.before.as_ref().is_some_and(|(entry, texts)| question.is_answered_by(entry, texts));
        question.is_answered_by(self.after, &self.texts) && !did()
    }
}

/// The day of a time, in days of UTC since 1970.
#[must_use]
pub fn day_of(time: Timestamp) -> u64 {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    u64::try_from(time.millis() / DAY).unwrap_or(0)
}

#[cfg(test)]
mod tests;
