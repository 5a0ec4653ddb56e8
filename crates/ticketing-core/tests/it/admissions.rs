//! Passes, from the payment to the door.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use proptest::collection::vec;
use proptest::prelude::{prop_assert_eq, proptest};
use ticketing_core::domain::admission::{Admission, PassCounts};
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::{EventId, OrderId, TicketId};
use ticketing_core::domain::order::{CancelReason, Order, OrderChange, OrderStatus};
use ticketing_core::domain::pass::{PassRefusal, PassStatus};
use ticketing_core::domain::ticket::Schedule;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, Incoming};
use ticketing_core::ports::clock::{ClockAndIds, Ids};
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::pass_store::{PassNeeds, PassStore};
use ticketing_core::ports::store::{Page, UnitOfWork};
use ticketing_core::ports::transport::Arrival;
use ticketing_core::rebuild::{Differing, Rebuild, RebuildAdmissions, Rebuilt, rebuild, rebuild_from_owners};
use ticketing_core::usecase::admissions::{Admissions, AdmissionsFollow, CheckIn, ShownPass, SignedPass};
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::{CallOffTicket, RescheduleTicket};
use ticketing_core::wire::{Origin, seal};
use ticketing_crypto::Ed25519Signer;
use ticketing_memory::{FaultPlan, MemoryEngines};
use uuid::Uuid;

use crate::market::{Engines, Process, account};

const SELLER: u128 = 7;
const BUYER: u128 = 1;

/// A marketplace in which a buyer paid for three places, and the order.
async fn sold() -> (Process, Order) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(SELLER, 10).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let order = bought(&mut market, ticket).await;
    (market, order)
}

async fn bought(market: &mut Process, ticket: TicketId) -> Order {
    let order = market.order(BUYER, ticket, 3).await.expect("places are left");
    market.settle().await.expect("no faults");
    market.pay(BUYER, order.id, "tok_visa").await.expect("a good card");
    market.settle().await.expect("no faults");
    order
}

async fn passes(market: &Process, order: OrderId) -> Vec<SignedPass> {
    market.admissions.passes_of(order, account(BUYER)).await.expect("the order is paid")
}

async fn admission(engines: &MemoryEngines, order: OrderId) -> Option<Admission> {
    let needs = PassNeeds { admissions: vec![order], ..PassNeeds::default() };
    let found = engines.passes.load(&needs).await.expect("an answer").admissions.pop();
    found.map(|stored| stored.record)
}

fn shown(order: &Order, shown: ShownPass) -> CheckIn {
    CheckIn::new(account(SELLER), order.ticket.id, shown)
}

#[tokio::test]
async fn every_place_of_a_paid_order_has_a_pass() {
    let (mut market, order) = sold().await;
    let unpaid = market.order(BUYER, order.ticket.id, 1).await.expect("places are left").id;
    market.settle().await.unwrap();

    let passes = passes(&market, order.id).await;

    assert_eq!(passes.iter().map(|signed| signed.coded.pass.place).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(passes.iter().map(|signed| signed.coded.code).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(market.engines.broker.retained(Topic::Admissions), 3);
    let strangers = [(order.id, SELLER), (unpaid, BUYER), (OrderId::from_u128(1), BUYER)];
    for (order, by) in strangers {
        let refused = market.admissions.passes_of(order, account(by)).await;
        assert!(matches!(refused, Err(Error::PassesNotFound)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_pass_lets_one_person_in_by_its_token_or_its_code() {
    let (market, order) = sold().await;
    let passes = passes(&market, order.id).await;
    let first = || shown(&order, ShownPass::Token(passes[0].token.clone()));
    let at = market.engines.env.now();

    let used = market.admissions.check_in(first(), market.origin()).await.unwrap();
    let second = shown(&order, ShownPass::Code(passes[1].coded.code));
    let second = market.admissions.check_in(second, market.origin()).await.unwrap();

    assert_eq!(used.pass.status, PassStatus::Used { at, by: account(SELLER) });
    assert_eq!((used.pass.place, second.pass.place), (1, 2));
    market.engines.clock.advance(std::time::Duration::from_secs(60));
    for again in [first(), shown(&order, ShownPass::Code(passes[0].coded.code))] {
        let refused = market.admissions.check_in(again, market.origin()).await;
        assert!(matches!(refused, Err(Error::Pass(PassRefusal::AlreadyUsed { at: first })) if first == at));
    }
    let door = market.admissions.door(order.ticket.id, account(SELLER), Page::first(9)).await.unwrap();
    assert_eq!(door.counts, PassCounts { issued: 1, used: 2, voided: 0 });
}

#[tokio::test]
async fn whatever_is_no_pass_of_the_ticket_lets_nobody_in() {
    let (mut market, order) = sold().await;
    let other = market.sell(SELLER, 5).await.unwrap().ticket.id;
    market.settle().await.unwrap();
    let elsewhere = bought(&mut market, other).await;
    let of_other = passes(&market, elsewhere.id).await.remove(0);
    let mine = passes(&market, order.id).await.remove(0);
    let forged = Ed25519Signer::generate();

    let by_stranger = CheckIn::new(account(BUYER), order.ticket.id, ShownPass::Code(mine.coded.code));
    let nowhere = CheckIn::new(account(SELLER), TicketId::from_u128(1), ShownPass::Code(mine.coded.code));
    let claims = market.admissions.signer.verify_pass(&mine.token).unwrap();
    let forged = ticketing_core::ports::pass_signer::PassSigner::sign_pass(&forged, claims);
    for (command, code) in [
        (shown(&order, ShownPass::Token(of_other.token)), "pass_of_another_ticket"),
        (shown(&order, ShownPass::Token(forged)), "pass_not_found"),
        (shown(&order, ShownPass::Token("tomato".to_owned())), "pass_not_found"),
        (shown(&order, ShownPass::read("ZZZ-ZZZ")), "pass_not_found"),
        (by_stranger, "not_your_door"),
        (nowhere, "ticket_not_found"),
    ] {
        let refused = market.admissions.check_in(command, market.origin()).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let door = market.admissions.door(order.ticket.id, account(SELLER), Page::first(9)).await.unwrap();
    assert_eq!(door.counts.used, 0);
}

#[tokio::test]
async fn of_many_doors_that_see_a_pass_at_once_one_lets_in() {
    let (market, order) = sold().await;
    let pass = passes(&market, order.id).await.remove(0);

    let doors = (0..16).map(|_| {
        let (admissions, origin) = (market.admissions.clone(), market.origin());
        let command = shown(&order, ShownPass::Code(pass.coded.code));
        tokio::spawn(async move { admissions.check_in(command, origin).await })
    });
    let ends = join_all(doors.collect::<Vec<_>>()).await.into_iter().map(|end| end.expect("no panic"));

    let codes: Vec<_> = ends.map(|end| end.map_or_else(|error| error.code(), |_| "in")).collect();
    assert_eq!(codes.iter().filter(|code| **code == "in").count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| ["in", "pass_already_used"].contains(code)), "{codes:?}");
}

/// An order's history: placed, completed, and cancelled after all, as a refund will do.
fn history() -> [Order; 3] {
    let at = |millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis);
    let placed = {
        let ticket = ticketing_core::domain::order::OrderedTicket {
            id: TicketId::from_u128(3),
            seller_name: None,
            event: EventFacts::default().into(),
            attributes: ticketing_core::domain::attributes::Attributes::NONE,
            price: crate::market::offer(1, 1200).price,
        };
        let status = OrderStatus::AwaitingPayment { pay_by: at(900_000) };
        let quantity = ticketing_core::domain::money::Quantity::new(2).expect("two places");
        let (id, buyer) = (OrderId::from_u128(2), account(BUYER));
        Order { id, buyer, ticket, quantity, status, placed_at: at(0), key: None, used: false, version: 1 }
    };
    let payment = ticketing_core::domain::ids::PaymentId::from_u128(5);
    let paid = Order { status: OrderStatus::Completed { payment, at: at(1) }, version: 2, ..placed.clone() };
    let reason = CancelReason::ByBuyer;
    let ended = Order { status: OrderStatus::Cancelled { reason, at: at(2) }, version: 3, ..placed.clone() };
    [placed, paid, ended]
}

fn incoming(order: &Order) -> Incoming {
    let change = OrderChange { order: order.clone(), sales: ticketing_core::domain::ticket::Sales::default() };
    let event = match order.status {
        OrderStatus::AwaitingPayment { .. } => Event::OrderCreated(change),
        OrderStatus::Completed { .. } => Event::OrderCompleted(change),
        OrderStatus::Refunded { .. } => Event::OrderRefunded(change),
        OrderStatus::Cancelled { .. } => Event::OrderCancelled(change),
    };
    let envelope = seal(&event, EventId::new(Uuid::nil()), order.placed_at, &Origin::new(Uuid::nil()));
    Incoming { envelope, event }
}

fn following(engines: &MemoryEngines, env: ClockAndIds) -> AdmissionsFollow {
    let signer = Arc::new(Ed25519Signer::from_seed(&[7; 32]));
    AdmissionsFollow(Admissions { store: Arc::new(engines.passes.clone()), signer, env })
}

proptest! {
    #[test]
    fn order_events_converge_from_any_prefix_and_any_repetition(batches in vec(vec(0..3_usize, 1..4), 0..5)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let engines = Engines::new();
        let follow = following(&engines, engines.env.clone());
        let events = history().map(|order| incoming(&order));
        for batch in batches.iter().chain([&vec![1]]) {
            let batch: Vec<_> = batch.iter().map(|nth| events[*nth].clone()).collect();
            runtime.block_on(follow.handle(&batch)).expect("it is handled");
        }
        let has_ended = batches.iter().flatten().any(|nth| *nth == 2);

        let kept = runtime.block_on(admission(&engines, OrderId::from_u128(2))).expect("it was completed");
        prop_assert_eq!(kept.counts().issued, if has_ended { 0 } else { 2 }, "{:?}", kept);
        let told = usize::try_from(kept.passes.iter().map(|coded| coded.pass.version).sum::<u64>()).expect("a few");
        prop_assert_eq!(engines.passes.outbox().len(), told, "each change is told once");
    }
}

/// Draws one secret again and again, and then others.
#[derive(Debug)]
struct Stuttering(Arc<dyn Ids>, AtomicUsize);

impl Ids for Stuttering {
    fn uuid(&self, now: Timestamp) -> Uuid {
        self.0.uuid(now)
    }

    fn secret(&self) -> [u8; 32] {
        if self.1.fetch_add(1, Ordering::Relaxed) < 2 { [7; 32] } else { self.0.secret() }
    }
}

#[tokio::test]
async fn codes_that_another_order_has_are_drawn_again() {
    let engines = Engines::new();
    let ids = Arc::new(Stuttering(engines.env.ids.clone(), AtomicUsize::new(0)));
    let follow = following(&engines, ClockAndIds { ids, ..engines.env.clone() });
    let [_, first, _] = history();
    let second = Order { id: OrderId::from_u128(9), ..first.clone() };

    follow.handle(&[incoming(&first)]).await.unwrap();
    follow.handle(&[incoming(&second)]).await.unwrap();

    let [first, second] = [first.id, second.id].map(|order| admission(&engines, order));
    let codes = |admission: Admission| admission.passes.into_iter().map(|coded| coded.code).collect::<BTreeSet<_>>();
    let (first, second) = (codes(first.await.unwrap()), codes(second.await.unwrap()));
    assert!(first.is_disjoint(&second), "no code opens two passes");
}

/// What the door of a ticket is called there, and by which version.
async fn door(engines: &MemoryEngines, ticket: TicketId) -> Option<(String, u64)> {
    let needs = PassNeeds { entrances: vec![ticket], ..PassNeeds::default() };
    let found = engines.passes.load(&needs).await.expect("an answer").entrances.pop()?.record;
    Some((found.title.to_string(), found.ticket_version))
}

async fn rebuilt(market: &Process, onto: &MemoryEngines) -> Rebuilt {
    let mut replicas = RebuildAdmissions::new(Arc::new(onto.passes.clone()), market.engines.env.clone());
    let topics = replicas.topics().to_vec();
    let mut log = market.engines.broker.log(&topics);
    rebuild(&mut log, &mut replicas, Differing::Replace, &|_| {}).await.expect("nothing fails")
}

#[tokio::test]
async fn lost_passes_come_back_from_the_log_as_they_were_used() {
    let (mut market, order) = sold().await;
    let pass = passes(&market, order.id).await.remove(0);
    let in_once = shown(&order, ShownPass::Token(pass.token.clone()));
    market.admissions.check_in(in_once, market.origin()).await.unwrap();
    market.settle().await.unwrap();
    let empty = Engines::new();

    let told = rebuilt(&market, &empty).await;

    assert_eq!(told.differing.len(), 2, "{told:?}");
    let (before, after) = (admission(&market.engines, order.id).await, admission(&empty, order.id).await);
    let without_codes = |admission: Option<Admission>| {
        admission.expect("it is there").passes.into_iter().map(|coded| coded.pass).collect::<Vec<_>>()
    };
    assert_eq!(without_codes(before), without_codes(after));
    assert_eq!(empty.passes.outbox().len(), 0, "what was told is told of no second time");
    assert_eq!(rebuilt(&market, &empty).await.differing, [""; 0]);
}

#[tokio::test]
async fn a_damaged_admission_is_reported_and_corrected_by_a_replay() {
    let (market, order) = sold().await;
    let needs = PassNeeds { admissions: vec![order.id], ..PassNeeds::default() };
    let stored = market.engines.passes.load(&needs).await.unwrap().admissions.remove(0);
    let damaged = Admission { buyer: account(5), ..stored.record.clone() };
    market.engines.passes.commit(UnitOfWork::default().with(stored.replace(damaged))).await.unwrap();

    let told = rebuilt(&market, &market.engines).await;

    assert_eq!(
        told.differing,
        [format!("the passes of order {} are not what the order and their events say", order.id)]
    );
    assert_eq!(admission(&market.engines, order.id).await, Some(stored.record));
}

#[tokio::test]
async fn the_door_of_a_rescheduled_event_is_rebuilt_with_its_new_title() {
    let (mut market, order) = sold().await;
    let event = EventFacts { title: "Ballet".into(), ..EventFacts::default() }.into();
    let to = Schedule { event, sales_end_at: None };
    let command = RescheduleTicket::new(order.ticket.id, account(SELLER), to);
    market.tickets.reschedule_ticket(command, market.origin()).await.unwrap();
    market.settle().await.unwrap();
    let empty = Engines::new();

    rebuilt(&market, &empty).await;

    assert_eq!(door(&empty, order.ticket.id).await, Some(("Ballet".to_owned(), 2)));
}

#[tokio::test]
async fn the_door_of_an_event_that_was_called_off_is_rebuilt() {
    let (mut market, order) = sold().await;
    let command = CallOffTicket::new(order.ticket.id, account(SELLER));
    market.tickets.call_off_ticket(command, market.origin()).await.unwrap();
    market.settle().await.unwrap();
    let empty = Engines::new();

    let owners = market.engines.audit_reader();
    let mut replicas = RebuildAdmissions::new(Arc::new(empty.passes.clone()), market.engines.env.clone());
    rebuild_from_owners(&owners, &mut replicas, Differing::Replace, &|_| {}).await.unwrap();

    assert_eq!(door(&empty, order.ticket.id).await, Some(("Opera".to_owned(), 2)));
}

#[tokio::test]
async fn a_pass_that_was_used_after_the_backup_lets_nobody_in_again_after_a_rebuild() {
    let (mut market, order) = sold().await;
    let backup = admission(&market.engines, order.id).await.expect("its passes");
    let token = passes(&market, order.id).await.remove(0).token;
    let show = || shown(&order, ShownPass::Token(token.clone()));
    market.admissions.check_in(show(), market.origin()).await.unwrap();
    market.settle().await.unwrap();
    let needs = PassNeeds { admissions: vec![order.id], ..PassNeeds::default() };
    let stored = market.engines.passes.load(&needs).await.unwrap().admissions.remove(0);
    market.engines.passes.commit(UnitOfWork::default().with(stored.replace(backup))).await.unwrap();

    let told = rebuilt(&market, &market.engines).await;

    assert_eq!(told.differing.len(), 1, "{told:?}");
    let again = market.admissions.check_in(show(), market.origin()).await;
    assert!(matches!(again, Err(Error::Pass(PassRefusal::AlreadyUsed { .. }))), "{again:?}");
    assert_eq!(admission(&market.engines, order.id).await, Some(stored.record));
}

#[tokio::test]
async fn lost_passes_of_an_order_that_was_refunded_come_back_as_void_and_that_is_reported() {
    let (market, order) = sold().await;
    market.orders.refund_order(order.id, account(SELLER), market.origin()).await.unwrap();
    market.loops.settle().await.unwrap();
    let log = market.engines.broker.retained(Topic::Admissions);
    // Of the passes, the log has no more than that they were issued.
    let empty = Engines::new();
    let mut replicas = RebuildAdmissions::new(Arc::new(empty.passes.clone()), market.engines.env.clone());
    let topics = replicas.topics().to_vec();
    let mut events = Vec::new();
    let mut reading = market.engines.broker.log(&topics);
    loop {
        let arrivals = reading.next().await.unwrap();
        if arrivals.is_empty() {
            break;
        }
        events.extend(arrivals);
    }
    for arrival in events {
        let Arrival::Event(envelope) = arrival else { continue };
        match ticketing_core::wire::open(&envelope).unwrap() {
            Some(Event::PassVoided(_)) | None => {}
            Some(event) => replicas.shadow(event),
        }
    }

    let subjects = replicas.subjects();
    replicas.compare(&subjects, Differing::Replace).await.unwrap();

    let lost = admission(&empty, order.id).await.expect("its passes");
    assert_eq!(lost.counts(), PassCounts { issued: 0, used: 0, voided: 3 });
    assert_eq!((log, empty.passes.outbox().len()), (6, 3), "each is reported to be void");
}
