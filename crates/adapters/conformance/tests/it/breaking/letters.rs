//! Stores that send letters early, late, out of order or again and again.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use ticketing_conformance::audit_reader::AUDIT_READER;
use ticketing_conformance::store::LETTER_STORE;
use ticketing_core::domain::alert::{Candidate, Filed, Handle, Sieve, Told};
use ticketing_core::domain::ids::{AccountId, LetterId, OrderId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::LetterReader;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords, LetterStore};
use ticketing_core::ports::store::{CommitToken, Page, Revision, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::unreadable::Listed;

use super::assert_notices;
use crate::world::World;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    IsEarly,
    IsLate,
    ShowsTheLatestFirst,
    ShowsOldRevisions,
    ShowsOneTooFew,
    StopsAList,
    FindsByOneHandle,
    FindsTwice,
    FindsByNothing,
    JoinsByAccount,
    LosesSieves,
    ShowsOldSieves,
    ForgetsWhoIsTold,
}

/// A store, what is wrong with it, and whether it holds what cannot be read.
#[derive(Debug)]
struct Flawed(Arc<dyn LetterStore>, Flaw, Arc<AtomicBool>, Mutex<Seen>);

/// What was seen of alerts.
#[derive(Debug, Default)]
struct Seen {
    sieves: HashMap<Filed, Sieve>,
    told: HashSet<AccountId>,
}

impl Flawed {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.3.lock().expect("nothing panics with it")
    }

    /// A page of those who are found, in the order of accounts, that goes on behind an account.
    async fn behind_account(&self, handles: &[Handle], page: Page<Filed>) -> Result<Vec<Candidate>, StoreError> {
        let mut found = self.0.alerts_under(handles, Page::first(1000)).await?;
        found.sort_by_key(|candidate| (candidate.filed.account, candidate.filed.handle));
        found.retain(|candidate| page.after.is_none_or(|after| candidate.filed.account > after.account));
        found.truncate(page.limit);
        Ok(found)
    }

    fn may_list(&self) -> Result<(), StoreError> {
        match self.1 == Flaw::StopsAList && self.2.load(Ordering::Relaxed) {
            true => Err(StoreError::Corrupt("spoilt".into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl LetterStore for Flawed {
    async fn load(&self, needs: &LetterNeeds) -> Result<LetterRecords, StoreError> {
        self.0.load(needs).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored<Letter>>, StoreError> {
        self.may_list()?;
        let now = match self.1 {
            Flaw::IsEarly => Timestamp::from_millis(now.millis() + 1),
            Flaw::IsLate => Timestamp::from_millis(now.millis() - 1),
            _ => now,
        };
        let mut due = self.0.due(now, limit).await?;
        match self.1 {
            Flaw::ShowsTheLatestFirst => due.reverse(),
            Flaw::ShowsOldRevisions => {
                due.iter_mut().for_each(|stored| stored.revision = Revision::after(None, CommitToken::NONE));
            }
            _ => {}
        }
        Ok(due)
    }

    async fn orders_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        let mut orders = self.0.orders_of(ticket, page).await?;
        if self.1 == Flaw::ShowsOneTooFew && orders.len() > 2 {
            orders.remove(1);
        }
        Ok(orders)
    }

    async fn alerts_under(&self, handles: &[Handle], page: Page<Filed>) -> Result<Vec<Candidate>, StoreError> {
        self.may_list()?;
        let some = if self.1 == Flaw::FindsByOneHandle { handles.get(..1).unwrap_or_default() } else { handles };
        let page = if self.1 == Flaw::FindsTwice { Page { after: None, ..page } } else { page };
        if self.1 == Flaw::JoinsByAccount {
            return self.behind_account(some, page).await;
        }
        let mut found = self.0.alerts_under(some, page).await?;
        let mut seen = self.seen();
        match self.1 {
            Flaw::ShowsTheLatestFirst => found.reverse(),
            Flaw::FindsByNothing if handles.len() == 1 => found.clear(),
            Flaw::LosesSieves => found.iter_mut().for_each(|candidate| candidate.sieve = Sieve::stored(&[])),
            Flaw::ShowsOldSieves => {
                for Candidate { filed, sieve } in &mut found {
                    *sieve = seen.sieves.entry(*filed).or_insert_with(|| sieve.clone()).clone();
                }
            }
            Flaw::ForgetsWhoIsTold => found.retain(|candidate| !seen.told.contains(&candidate.filed.account)),
            _ => {}
        }
        Ok(found)
    }

    async fn commit(&self, work: UnitOfWork<LetterRecord>) -> Result<CommitToken, StoreError> {
        for write in &work.writes {
            if let LetterRecord::Alerts(alerts) = &write.record
                && alerts.told != Told::default()
            {
                self.seen().told.insert(alerts.account);
            }
        }
        self.0.commit(work).await
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let letters = Arc::new(Flawed(sound.letters, flaw, Arc::clone(&sound.is_spoilt), Mutex::default()));
    assert_notices(&LETTER_STORE, rule, &World::default(), &World { letters, ..sound }).await;
}

#[tokio::test]
async fn letters_that_do_not_come_when_they_are_due() {
    for flaw in [Flaw::IsEarly, Flaw::IsLate, Flaw::ShowsTheLatestFirst, Flaw::ShowsOldRevisions] {
        assert_flawed("letters_come_when_they_are_due", flaw).await;
    }
}

#[tokio::test]
async fn a_buyer_that_is_left_out() {
    assert_flawed("the_buyers_of_a_ticket_are_listed", Flaw::ShowsOneTooFew).await;
}

#[tokio::test]
async fn alerts_that_are_not_found() {
    for flaw in [
        Flaw::FindsByOneHandle,
        Flaw::FindsTwice,
        Flaw::FindsByNothing,
        Flaw::ShowsTheLatestFirst,
        Flaw::JoinsByAccount,
        Flaw::LosesSieves,
        Flaw::ShowsOldSieves,
        Flaw::ForgetsWhoIsTold,
    ] {
        assert_flawed("alerts_are_found_by_their_handles", flaw).await;
    }
}

#[tokio::test]
async fn a_letter_that_stops_all_others() {
    assert_flawed("unreadable_letters_are_passed_by", Flaw::StopsAList).await;
}

/// What is wrong with a reader of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Misreading {
    RepeatsTheLast,
    NamesNothing,
    FindsNothing,
    ShowsTheLatestFirst,
    ShowsAll,
}

#[derive(Debug)]
struct Misread(Arc<dyn LetterReader>, Misreading);

#[async_trait]
impl LetterReader for Misread {
    async fn order_replicas(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        let after = if self.1 == Misreading::RepeatsTheLast { None } else { page.after };
        let mut found = self.0.order_replicas(Page { after, ..page }).await?;
        if self.1 == Misreading::NamesNothing {
            found.unreadable.clear();
        }
        Ok(found)
    }

    async fn ticket_replicas(&self, page: Page<TicketId>) -> Result<Listed<Ticket>, StoreError> {
        self.0.ticket_replicas(page).await
    }

    async fn letters(&self, ids: &[LetterId]) -> Result<Listed<Letter>, StoreError> {
        let found = self.0.letters(ids).await?;
        Ok(if self.1 == Misreading::FindsNothing { Listed::default() } else { found })
    }

    async fn letters_due(&self, now: Timestamp, limit: usize) -> Result<Listed<Letter>, StoreError> {
        let limit = if self.1 == Misreading::ShowsAll { limit + 1 } else { limit };
        let mut due = self.0.letters_due(now, limit).await?;
        if self.1 == Misreading::ShowsTheLatestFirst {
            due.records.reverse();
        }
        Ok(due)
    }
}

#[tokio::test]
async fn letters_that_an_audit_misses() {
    for (rule, flaw) in [
        ("replicas_of_letters_are_read_in_pages", Misreading::RepeatsTheLast),
        ("an_unreadable_replica_of_letters_is_named", Misreading::NamesNothing),
        ("letters_are_found", Misreading::FindsNothing),
        ("letters_are_found", Misreading::ShowsTheLatestFirst),
        ("letters_are_found", Misreading::ShowsAll),
    ] {
        let sound = World::default();
        let letter_reader = Arc::new(Misread(sound.letter_reader, flaw));
        assert_notices(&AUDIT_READER, rule, &World::default(), &World { letter_reader, ..sound }).await;
    }
}
