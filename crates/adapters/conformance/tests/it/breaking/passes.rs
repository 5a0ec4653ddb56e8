//! Stores that lose passes or give a code twice, readers that leave admissions out, and passes that anybody can write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ticketing_conformance::audit_reader::AUDIT_READER;
use ticketing_conformance::identity::{PASSES, PassFixture};
use ticketing_conformance::store::PASS_STORE;
use ticketing_core::domain::admission::{Admission, Entrance, PassCounts};
use ticketing_core::domain::ids::{OrderId, PassId, TicketId};
use ticketing_core::ports::audit_reader::AdmissionReader;
use ticketing_core::ports::pass_signer::{InvalidPassToken, PassClaims, PassSigner};
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassRecords, PassStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork};
use ticketing_core::ports::unreadable::Listed;

use super::{assert_notices, told};
use crate::world::World;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    ForgetsPasses,
    ForgetsCodes,
    IgnoresTheTicketOfACode,
    SwallowsConflicts,
    ShowsOneTooFew,
    CountsAllAsIssued,
    StopsAList,
}

/// A store, what is wrong with it, and whether it holds what cannot be read.
#[derive(Debug)]
struct Flawed(Arc<dyn PassStore>, Flaw, Arc<AtomicBool>);

#[async_trait]
impl PassStore for Flawed {
    async fn load(&self, needs: &PassNeeds) -> Result<PassRecords, StoreError> {
        let mut needs = needs.clone();
        match self.1 {
            Flaw::ForgetsPasses => needs.passes.clear(),
            Flaw::ForgetsCodes => needs.codes.clear(),
            Flaw::IgnoresTheTicketOfACode => {
                needs.codes.iter_mut().for_each(|(ticket, _)| *ticket = TicketId::from_u128(1))
            }
            _ => {}
        }
        self.0.load(&needs).await
    }

    async fn admissions_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Admission>, StoreError> {
        if self.1 == Flaw::StopsAList && self.2.load(Ordering::Relaxed) {
            return Err(StoreError::Corrupt("spoilt".into()));
        }
        let mut admissions = self.0.admissions_of(ticket, page).await?;
        if self.1 == Flaw::ShowsOneTooFew && admissions.len() > 2 {
            admissions.remove(1);
        }
        Ok(admissions)
    }

    async fn counts(&self, ticket: TicketId) -> Result<PassCounts, StoreError> {
        let PassCounts { issued, used, voided } = self.0.counts(ticket).await?;
        Ok(match self.1 {
            Flaw::CountsAllAsIssued => PassCounts { issued: issued + used + voided, ..PassCounts::default() },
            _ => PassCounts { issued, used, voided },
        })
    }

    async fn commit(&self, work: UnitOfWork<PassRecord>) -> Result<CommitToken, StoreError> {
        match self.0.commit(work).await {
            Err(StoreError::Conflict(_)) if self.1 == Flaw::SwallowsConflicts => Ok(CommitToken::NONE),
            committed => committed,
        }
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let passes = Arc::new(Flawed(sound.passes, flaw, Arc::clone(&sound.is_spoilt)));
    assert_notices(&PASS_STORE, rule, &World::default(), &World { passes, ..sound }).await;
}

#[tokio::test]
async fn passes_that_are_not_found() {
    for flaw in [Flaw::ForgetsPasses, Flaw::ForgetsCodes, Flaw::IgnoresTheTicketOfACode] {
        assert_flawed("an_admission_is_found_by_a_pass_or_a_code", flaw).await;
    }
}

#[tokio::test]
async fn a_code_that_opens_two_passes() {
    assert_flawed("a_code_belongs_to_one_pass_of_a_ticket", Flaw::SwallowsConflicts).await;
}

#[tokio::test]
async fn a_door_that_misses_some() {
    assert_flawed("the_admissions_of_a_ticket_are_listed", Flaw::ShowsOneTooFew).await;
    assert_flawed("the_passes_of_a_ticket_are_counted", Flaw::CountsAllAsIssued).await;
    assert_flawed("unreadable_admissions_are_passed_by", Flaw::StopsAList).await;
}

/// Reads from the start each time, or names nothing that it cannot read.
#[derive(Debug)]
struct Forgetful(Arc<dyn AdmissionReader>, bool);

#[async_trait]
impl AdmissionReader for Forgetful {
    async fn admissions(&self, page: Page<OrderId>) -> Result<Listed<Admission>, StoreError> {
        if self.1 {
            return self.0.admissions(Page { after: None, ..page }).await;
        }
        let found = self.0.admissions(page).await?;
        Ok(Listed { unreadable: Vec::new(), ..found })
    }

    async fn entrances(&self, page: Page<TicketId>) -> Result<Listed<Entrance>, StoreError> {
        self.0.entrances(page).await
    }
}

#[tokio::test]
async fn admissions_that_an_audit_misses() {
    for (rule, repeats) in [("admissions_are_read_in_pages", true), ("an_unreadable_admission_is_named", false)] {
        let sound = World::default();
        let admission_reader = Arc::new(Forgetful(sound.admission_reader, repeats));
        assert_notices(&AUDIT_READER, rule, &World::default(), &World { admission_reader, ..sound }).await;
    }
}

/// Writes claims down, differently each time and at length, believes whatever it reads, and forgets the place.
#[derive(Debug, Clone)]
struct Unsigned;

impl PassSigner for Unsigned {
    fn sign_pass(&self, PassClaims { pass, ticket, .. }: PassClaims) -> String {
        format!("{pass}/{ticket}/{}{}", ticketing_conformance::sample::uuid(), "🎫".repeat(40))
    }

    fn verify_pass(&self, _: &str) -> Result<PassClaims, InvalidPassToken> {
        Ok(PassClaims { pass: PassId::from_u128(1), ticket: TicketId::from_u128(2), place: 1 })
    }
}

impl PassFixture for Unsigned {
    fn signer(&self) -> Arc<dyn PassSigner> {
        Arc::new(self.clone())
    }

    fn stranger(&self) -> Arc<dyn PassSigner> {
        Arc::new(self.clone())
    }
}

#[tokio::test]
async fn passes_that_are_not_signed() {
    for rule in PASSES.rules {
        told(&PASSES, rule.name, &Unsigned).await;
    }
}
