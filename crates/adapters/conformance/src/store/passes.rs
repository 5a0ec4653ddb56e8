//! What only the pass store promises.

use std::time::Duration;

use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::ids::{AccountId, OrderId, PassId, TicketId};
use ticketing_core::domain::pass::{PassStatus, VoidReason};
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassRecords};
use ticketing_core::ports::store::{Page, RecordKey, Stored, UnitOfWork, Write};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};
use crate::time::soon;

use super::bench::{Bench, inserted_by};
use super::{Passes, StoreFixture};

/// An admission to a ticket, with codes of its own.
fn admission_to(ticket: TicketId) -> Admission {
    let mut admission = Admission { ticket, ..sample::admission() };
    admission.passes.iter_mut().for_each(|coded| coded.pass.ticket = ticket);
    admission
}

fn inserting(admissions: &[Admission]) -> UnitOfWork<PassRecord> {
    admissions.iter().cloned().fold(UnitOfWork::default(), |work, admission| work.with(Write::insert(admission)))
}

async fn load(bench: &Bench<Passes>, needs: PassNeeds) -> PassRecords {
    soon("a read is answered", bench.store.load(&needs)).await.expect("a read succeeds")
}

fn ids(admission: &Admission) -> Vec<PassId> {
    admission.passes.iter().map(|coded| coded.pass.id).collect()
}

/// Each pass and each code leads to its admission, and an admission that is asked for in many ways comes once.
pub async fn an_admission_is_found_by_a_pass_or_a_code(fixture: &dyn StoreFixture<Passes>) -> Outcome {
    let bench = Bench::new(fixture);
    let ticket = TicketId::new(sample::uuid());
    let [wanted, other] = [(); 2].map(|()| admission_to(ticket));
    let token = bench.commit(inserting(&[wanted.clone(), other])).await;

    for coded in &wanted.passes {
        let by_pass = PassNeeds { passes: vec![coded.pass.id], ..PassNeeds::default() };
        let by_code = PassNeeds { codes: vec![(ticket, coded.code)], ..PassNeeds::default() };
        for needs in [by_pass, by_code] {
            let found = load(&bench, needs).await.admissions;
            assert_eq!(
                found,
                [inserted_by(token, wanted.clone())],
                "place {} leads to its admission",
                coded.pass.place
            );
        }
    }
    let codes = wanted.passes.iter().map(|coded| (ticket, coded.code)).collect();
    let thrice = PassNeeds { admissions: vec![wanted.order], passes: ids(&wanted), codes, ..PassNeeds::default() };
    assert_eq!(load(&bench, thrice).await.admissions, [inserted_by(token, wanted.clone())], "it comes once");

    let elsewhere = wanted.passes.iter().map(|coded| (TicketId::new(sample::uuid()), coded.code)).collect();
    let strange = PassNeeds { passes: vec![PassId::new(sample::uuid())], codes: elsewhere, ..PassNeeds::default() };
    assert_eq!(load(&bench, strange).await.admissions, [], "a code leads nowhere at another ticket");
    Outcome::Kept
}

/// No two orders of a ticket have one code; those of two tickets may.
pub async fn a_code_belongs_to_one_pass_of_a_ticket(fixture: &dyn StoreFixture<Passes>) -> Outcome {
    let bench = Bench::new(fixture);
    let ticket = TicketId::new(sample::uuid());
    let first = admission_to(ticket);
    bench.commit(inserting(std::slice::from_ref(&first))).await;
    let with_its_last_code = |mut admission: Admission| {
        let code = first.passes.last().map(|coded| coded.code);
        admission.passes.iter_mut().take(1).zip(code).for_each(|(coded, code)| coded.code = code);
        admission
    };

    let second = with_its_last_code(admission_to(ticket));
    let beside = admission_to(ticket);
    let named = bench.conflict("a code that is taken", inserting(&[beside.clone(), second.clone()])).await;
    assert_eq!(Vec::from_iter(named), [RecordKey::PassCodes(second.order)], "the conflict names who wanted it");
    assert_eq!(bench.find(&beside.into()).await, None, "a commit over a taken code left another admission");

    bench.commit(inserting(&[with_its_last_code(admission_to(TicketId::new(sample::uuid())))])).await;
    let stored = found(&bench, &first).await;
    bench
        .commit(UnitOfWork::default().with(stored.replace(PassRecord::from(Admission { order_version: 9, ..first }))))
        .await;
    Outcome::Kept
}

async fn found(bench: &Bench<Passes>, admission: &Admission) -> Stored<PassRecord> {
    bench.find(&admission.clone().into()).await.expect("the admission is there")
}

/// All admissions of a ticket are listed and no others, in the order of orders and in pages that join.
pub async fn the_admissions_of_a_ticket_are_listed(fixture: &dyn StoreFixture<Passes>) -> Outcome {
    let bench = Bench::new(fixture);
    let ticket = TicketId::new(sample::uuid());
    let mut admissions: Vec<Admission> = (0..7).map(|_| admission_to(ticket)).collect();
    let stranger = admission_to(TicketId::new(sample::uuid()));
    let newest_first: Vec<_> = admissions.iter().rev().cloned().chain([stranger]).collect();
    bench.commit(inserting(&newest_first)).await;
    admissions.sort_by_key(|admission| admission.order);

    for size in [1, 3, 7, 100] {
        assert_eq!(listed(&bench, ticket, size).await, admissions, "pages of {size} join in the order of orders");
    }
    assert_eq!(listed(&bench, TicketId::new(sample::uuid()), 10).await, [], "a ticket without orders has no list");
    Outcome::Kept
}

async fn listed(bench: &Bench<Passes>, ticket: TicketId, size: usize) -> Vec<Admission> {
    let (mut page, mut read): (Page<OrderId>, Vec<Admission>) = (Page::first(size), Vec::new());
    loop {
        let found = soon("a read is answered", bench.store.admissions_of(ticket, page)).await;
        let found = found.expect("a read succeeds");
        assert!(found.len() <= size, "a page of {size} has {} entries", found.len());
        let Some(last) = found.last() else { return read };
        page.after = Some(last.order);
        read.extend(found);
        assert!(read.len() <= 100, "pages of {size} repeat themselves");
    }
}

/// Passes are counted in the state in which they were committed last, and only those of the ticket.
pub async fn the_passes_of_a_ticket_are_counted(fixture: &dyn StoreFixture<Passes>) -> Outcome {
    let bench = Bench::new(fixture);
    let ticket = TicketId::new(sample::uuid());
    let [mut first, second] = [(); 2].map(|()| admission_to(ticket));
    bench.commit(inserting(&[first.clone(), second, admission_to(TicketId::new(sample::uuid()))])).await;
    assert_eq!(counted(&bench, ticket).await, PassCounts { issued: 6, ..PassCounts::default() });

    let stored = found(&bench, &first).await;
    let at = NOW.after(Duration::from_secs(60));
    let used = PassStatus::Used { at, by: AccountId::new(sample::uuid()) };
    let void = PassStatus::Voided { at, reason: VoidReason::OrderCancelled };
    first.passes.iter_mut().zip([used, void]).for_each(|(coded, status)| coded.pass.status = status);
    bench.commit(UnitOfWork::default().with(stored.replace(PassRecord::from(first)))).await;
    assert_eq!(counted(&bench, ticket).await, PassCounts { issued: 4, used: 1, voided: 1 });
    assert_eq!(counted(&bench, TicketId::new(sample::uuid())).await, PassCounts::default(), "of nothing, nothing");
    Outcome::Kept
}

async fn counted(bench: &Bench<Passes>, ticket: TicketId) -> PassCounts {
    soon("a read is answered", bench.store.counts(ticket)).await.expect("a read succeeds")
}
