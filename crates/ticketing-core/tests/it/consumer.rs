//! One bad event stops nobody but those behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use ticketing_core::assembly::{AssemblyError, Settings};
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::{EventId, OrderId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{
    Consumer, ConsumerConfig, ConsumerPorts, EventHandler, HandleError, Incoming, NameRefusal,
};
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::Page;
use ticketing_core::ports::transport::{Arrival, EventPublisher, Kinds, StartFrom};
use ticketing_core::wire::{EventEnvelope, Origin, RawMessage, seal};
use ticketing_memory::{ManualClock, MemoryBroker, MemoryBrokerConfig, MemoryEngines, MemoryParkingLot, SequentialIds};
use uuid::Uuid;

/// What the handler makes of the events of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// It cannot handle them.
    Fails,
    /// What it needs is away.
    Down,
    /// It panics.
    Panics,
    /// It says that this one cannot be handled, and handles the others.
    FailsAlone,
    /// It says that what this one needs is away, and handles the others.
    DownAlone,
    /// It names events that it was not given.
    Lies,
}

/// Notes what it handled, as pairs of order and how many seconds the event is about.
#[derive(Debug, Default)]
struct Notes {
    moods: Mutex<BTreeMap<u128, Mood>>,
    handled: Mutex<Vec<(u128, i64)>>,
    batches: Mutex<Vec<usize>>,
    calls: Mutex<usize>,
}

#[derive(Debug)]
struct Note(Arc<Notes>);

#[async_trait]
impl EventHandler for Note {
    fn name(&self) -> &str {
        "notes"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Expirations]
    }

    fn kinds(&self) -> Kinds {
        Kinds::AllBut(&["expiration.noted"])
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let moods = self.0.moods.lock().expect("nobody panicked").clone();
        *self.0.calls.lock().expect("nobody panicked") += 1;
        let mut unhandled = BTreeMap::new();
        for (index, incoming) in events.iter().enumerate() {
            match moods.get(&told(incoming).0) {
                Some(Mood::Fails) => return Err(HandleError::Failed("it is bad".into())),
                Some(Mood::Down) => return Err(HandleError::Unavailable("it is away".into())),
                Some(Mood::Panics) => panic!("event {} is a bomb", told(incoming).0),
                Some(Mood::FailsAlone) => drop(unhandled.insert(index, HandleError::Failed("it is bad".into()))),
                Some(Mood::DownAlone) => drop(unhandled.insert(index, HandleError::Unavailable("it is away".into()))),
                Some(Mood::Lies) => {
                    unhandled.insert(events.len(), HandleError::Failed("it is another".into()));
                }
                None => {}
            }
        }
        let handled = events.iter().enumerate().filter(|(index, _)| !unhandled.contains_key(index));
        let handled: Vec<_> = handled.map(|(_, incoming)| told(incoming)).collect();
        self.0.batches.lock().expect("nobody panicked").push(handled.len());
        self.0.handled.lock().expect("nobody panicked").extend(handled);
        if unhandled.is_empty() { Ok(()) } else { Err(HandleError::Partly(unhandled)) }
    }
}

fn told(incoming: &Incoming) -> (u128, i64) {
    match incoming.event {
        Event::ExpirationCompleted { order, pay_by } => (order.uuid().as_u128(), pay_by.millis() / 1000),
        _ => (0, 0),
    }
}

/// The event of an order at a second.
fn expiration(order: u128, second: i64) -> EventEnvelope {
    let pay_by = Timestamp::from_millis(second * 1000);
    let event = Event::ExpirationCompleted { order: OrderId::from_u128(order), pay_by };
    let id = EventId::from_u128(order * 1000 + u128::from(second.unsigned_abs()));
    seal(&event, id, pay_by, &Origin::new(Uuid::nil()))
}

struct Bench {
    clock: ManualClock,
    broker: MemoryBroker,
    parking: MemoryParkingLot,
    notes: Arc<Notes>,
    ports: ConsumerPorts,
    consumer: Consumer,
}

const MAX_ATTEMPTS: u32 = 3;

fn consumer(notes: &Arc<Notes>, ports: &ConsumerPorts) -> Consumer {
    let config = ConsumerConfig { max_attempts: MAX_ATTEMPTS, ..ConsumerConfig::default() };
    Consumer::new(Arc::new(Note(Arc::clone(notes))), ports.clone(), config).expect("a name that no service has")
}

impl Bench {
    async fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let broker = MemoryBroker::new(Arc::clone(&shared), MemoryBrokerConfig::default());
        let (parking, notes) = (MemoryParkingLot::new(), Arc::new(Notes::default()));
        let ports = ConsumerPorts {
            subscriber: Arc::new(broker.subscriber()),
            parking: Arc::new(parking.clone()),
            clock: shared,
            ids: Arc::new(SequentialIds::new()),
        };
        let consumer = consumer(&notes, &ports);
        let mut bench = Self { clock, broker, parking, notes, ports, consumer };
        bench.step().await;
        bench
    }

    /// Publishes events as pairs of order and second.
    async fn publish(&self, events: &[(u128, i64)]) {
        let envelopes: Vec<_> = events.iter().map(|(order, second)| expiration(*order, *second)).collect();
        self.broker.publisher().publish(&envelopes).await.expect("the broker is up");
    }

    /// Steps until nothing is left to do, some of it later.
    async fn step(&mut self) {
        for _ in 0..40 {
            while self.consumer.step().await.is_ok_and(|done| done > 0) {}
            self.clock.advance(Duration::from_secs(1));
        }
    }

    /// Another member takes over.
    async fn change_member(&mut self) {
        let next = consumer(&self.notes, &self.ports);
        Box::new(std::mem::replace(&mut self.consumer, next)).finish().await;
    }

    /// Lets one try of what waits happen.
    async fn try_once(&mut self) {
        let calls = self.calls();
        while self.calls() == calls {
            let _stepped = self.consumer.step().await;
            self.clock.advance(Duration::from_secs(1));
        }
    }

    fn calls(&self) -> usize {
        *self.notes.calls.lock().expect("nobody panicked")
    }

    fn feel(&self, order: u128, mood: Option<Mood>) {
        let mut moods = self.notes.moods.lock().expect("nobody panicked");
        match mood {
            Some(mood) => moods.insert(order, mood),
            None => moods.remove(&order),
        };
    }

    fn handled_of(&self, order: u128) -> Vec<i64> {
        let handled = self.notes.handled.lock().expect("nobody panicked");
        handled.iter().filter(|(of, _)| *of == order).map(|(_, second)| *second).collect()
    }

    async fn parked(&self) -> Vec<Parked> {
        self.parking.list(&ParkedFilter::default(), Page::first(100)).await.expect("the lot is up")
    }

    /// Parks an event each of these orders, and one behind them all of the first.
    async fn park(&mut self, orders: std::ops::RangeInclusive<u128>) {
        let first = *orders.start();
        for order in orders.clone() {
            self.feel(order, Some(Mood::Fails));
        }
        self.publish(&orders.map(|order| (order, 1)).chain([(first, 2)]).collect::<Vec<_>>()).await;
        self.step().await;
    }

    async fn release_order(&self, order: u128) {
        self.release(&Uuid::from_u128(order).to_string()).await;
    }

    async fn release(&self, key: &str) {
        let change = ParkingChange::Release { consumer: "notes".into(), key: key.into() };
        self.parking.change(change).await.expect("the lot is up");
    }
}

fn seconds(parked: &[Parked]) -> Vec<i64> {
    let envelope = |parked: &Parked| match &parked.arrival {
        Arrival::Event(envelope) => envelope.time.millis() / 1000,
        Arrival::Undecodable { .. } => -1,
    };
    parked.iter().map(envelope).collect()
}

#[tokio::test]
async fn what_waits_is_handled_together() {
    let mut bench = Bench::new().await;
    bench.publish(&[(1, 1), (2, 1), (3, 1), (1, 2)]).await;

    bench.step().await;

    assert_eq!(*bench.notes.batches.lock().unwrap(), [4]);
}

#[tokio::test]
async fn a_bad_event_parks_with_all_behind_it_and_others_flow() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Fails));
    bench.publish(&[(1, 1), (2, 1), (2, 2), (3, 1), (1, 2)]).await;
    bench.step().await;
    bench.feel(2, None);
    bench.publish(&[(2, 3), (1, 3)]).await;
    bench.step().await;

    assert_eq!((bench.handled_of(1), bench.handled_of(3)), (vec![1, 2, 3], vec![1]));
    assert!(bench.handled_of(2).is_empty(), "what follows a parked event waits behind it");
    assert_eq!(seconds(&bench.parked().await), [1, 2, 3]);
    assert_eq!(bench.consumer.counts().parked(), 3);
}

#[tokio::test]
async fn released_events_are_handled_in_order_and_the_key_flows_again() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Fails));
    bench.publish(&[(2, 1), (2, 2)]).await;
    bench.step().await;
    bench.feel(2, None);
    let key = bench.parked().await.first().expect("it is parked").key.clone();
    bench.release(&key).await;
    bench.step().await;
    bench.publish(&[(2, 3)]).await;
    bench.step().await;

    assert_eq!(bench.handled_of(2), [1, 2, 3]);
    assert_eq!(bench.parked().await, []);
}

#[tokio::test]
async fn a_released_event_that_fails_again_is_held_again() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Fails));
    bench.publish(&[(2, 1), (2, 2)]).await;
    bench.step().await;
    let key = bench.parked().await.first().expect("it is parked").key.clone();
    bench.release(&key).await;
    bench.step().await;

    let parked = bench.parked().await;
    assert_eq!(seconds(&parked), [1, 2]);
    assert!(parked.iter().all(|parked| !parked.released));
}

#[tokio::test]
async fn a_released_event_whose_need_is_away_keeps_nobody_else_waiting() {
    let mut bench = Bench::new().await;
    bench.park(2..=3).await;
    bench.feel(2, Some(Mood::Down));
    bench.feel(3, None);
    bench.release_order(2).await;
    bench.release_order(3).await;
    bench.publish(&[(1, 1)]).await;
    bench.step().await;

    assert_eq!((bench.handled_of(1), bench.handled_of(3)), (vec![1], vec![1]));
    assert_eq!(seconds(&bench.parked().await), [1, 2]);
    bench.feel(2, None);
    bench.step().await;
    assert_eq!((bench.handled_of(2), bench.parked().await), (vec![1, 2], vec![]));
}

#[tokio::test]
async fn released_events_behind_many_whose_need_is_away_are_handled_and_each_key_in_order() {
    let mut bench = Bench::new().await;
    bench.park(2..=400).await;
    for order in 3..=400 {
        bench.feel(order, (order < 400).then_some(Mood::Down));
        bench.release_order(order).await;
    }
    // Released while others were tried: its first event lies before them, its second behind them.
    let _stepped = bench.consumer.step().await;
    bench.feel(2, None);
    bench.release_order(2).await;
    bench.step().await;

    assert_eq!((bench.handled_of(400), bench.handled_of(2)), (vec![1], vec![1, 2]));
    for order in 3..400 {
        bench.feel(order, None);
    }
    bench.step().await;
    assert_eq!(bench.parked().await, []);
}

#[tokio::test]
async fn what_is_away_is_waited_for_and_nothing_is_parked() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Down));
    bench.publish(&[(1, 1), (2, 1)]).await;
    bench.step().await;
    assert_eq!(bench.parked().await, []);

    bench.feel(2, None);
    bench.step().await;
    assert_eq!((bench.handled_of(1), bench.handled_of(2)), (vec![1], vec![1]));
}

#[tokio::test]
async fn undecodable_bytes_are_parked_behind_what_came_before_them() {
    let mut bench = Bench::new().await;
    let key = Uuid::from_u128(2).to_string();
    bench.publish(&[(2, 1)]).await;
    let raw = RawMessage { topic: Topic::Expirations.name().into(), key, headers: Vec::new(), body: "tomato".into() };
    bench.broker.append_raw(Topic::Expirations, raw);
    bench.publish(&[(2, 2), (3, 1)]).await;
    bench.step().await;

    assert_eq!((bench.handled_of(2), bench.handled_of(3)), (vec![1], vec![1]));
    assert_eq!(seconds(&bench.parked().await), [-1, 2]);
}

#[tokio::test]
async fn an_event_of_a_type_to_come_is_passed_by_and_counted() {
    let mut bench = Bench::new().await;
    let event = Event::ExpirationCompleted { order: OrderId::new(Uuid::from_u128(1)), pay_by: Timestamp::EPOCH };
    let mut envelope = seal(&event, EventId::new(Uuid::from_u128(9)), Timestamp::EPOCH, &Origin::new(Uuid::nil()));
    envelope.kind = "expiration.postponed".into();
    bench.broker.publisher().publish(&[envelope]).await.unwrap();
    bench.step().await;

    assert_eq!((bench.consumer.counts().unknown(), bench.consumer.counts().parked()), (1, 0));
}

#[tokio::test]
async fn a_handler_that_panics_has_failed_and_others_flow() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Panics));
    bench.publish(&[(1, 1), (2, 1), (3, 1), (2, 2)]).await;
    bench.step().await;

    assert_eq!((bench.handled_of(1), bench.handled_of(3)), (vec![1], vec![1]));
    let parked = bench.parked().await;
    assert_eq!(seconds(&parked), [1, 2]);
    assert!(parked.iter().any(|parked| parked.reason.contains("event 2 is a bomb")), "{parked:?}");

    bench.release(&Uuid::from_u128(2).to_string()).await;
    bench.step().await;
    assert!(bench.parked().await.iter().all(|parked| !parked.released), "a released bomb is held again");

    bench.feel(2, None);
    bench.release(&Uuid::from_u128(2).to_string()).await;
    bench.step().await;
    assert_eq!(bench.handled_of(2), [1, 2]);
}

#[tokio::test]
async fn only_what_a_handler_names_is_put_back_or_parked() {
    let mut bench = Bench::new().await;
    bench.feel(1, Some(Mood::FailsAlone));
    bench.feel(2, Some(Mood::DownAlone));
    bench.publish(&[(1, 1), (2, 1), (3, 1), (4, 1), (2, 2)]).await;
    bench.step().await;

    assert_eq!((bench.handled_of(3), bench.handled_of(4)), (vec![1], vec![1]));
    assert_eq!(seconds(&bench.parked().await), [1]);
    bench.feel(2, None);
    bench.step().await;
    assert_eq!(BTreeSet::from_iter(bench.handled_of(2)), BTreeSet::from([1, 2]));
    assert_eq!(bench.parked().await.len(), 1);
}

#[tokio::test]
async fn a_handler_that_names_other_events_has_failed() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Lies));
    bench.publish(&[(1, 1), (2, 1)]).await;
    bench.step().await;

    assert_eq!(seconds(&bench.parked().await), [1]);
    bench.publish(&[(1, 2)]).await;
    bench.step().await;
    assert_eq!(bench.handled_of(1).last(), Some(&2), "the other one flows");
}

#[tokio::test]
async fn one_event_that_waits_for_what_is_away_holds_up_nobody_else() {
    let mut bench = Bench::new().await;
    bench.feel(7, Some(Mood::Down));
    let others: Vec<_> = (0..200).map(|order| (order, 1)).collect();
    bench.publish(&others).await;
    bench.step().await;

    let handled: BTreeSet<_> = bench.notes.handled.lock().unwrap().iter().map(|(order, _)| *order).collect();
    assert_eq!(handled.len(), 199);
    assert_eq!(bench.parked().await, []);
}

#[tokio::test]
async fn what_is_really_away_is_not_asked_for_each_event() {
    let mut bench = Bench::new().await;
    let all: Vec<_> = (0..200).map(|order| (order, 1)).collect();
    all.iter().for_each(|(order, _)| bench.feel(*order, Some(Mood::Down)));
    bench.publish(&all).await;

    assert!(bench.consumer.step().await.is_err());
    assert!(bench.calls() <= 16, "{} calls", bench.calls());
}

#[tokio::test]
async fn an_outage_uses_up_no_tries_of_an_event() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Down));
    bench.publish(&[(2, 1)]).await;
    for _ in 0..4 * MAX_ATTEMPTS {
        bench.try_once().await;
    }
    bench.feel(2, Some(Mood::Fails));
    for _ in 1..MAX_ATTEMPTS {
        bench.try_once().await;
        assert_eq!(bench.parked().await, []);
    }

    bench.feel(2, Some(Mood::Down));
    bench.try_once().await;
    bench.feel(2, Some(Mood::Fails));
    bench.try_once().await;
    assert_eq!(seconds(&bench.parked().await), [1], "it failed {MAX_ATTEMPTS} times by itself");
}

#[tokio::test]
async fn failures_are_forgotten_once_an_event_is_handled() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Fails));
    bench.publish(&[(2, 1)]).await;
    for second in 2..6 {
        for _ in 1..MAX_ATTEMPTS {
            bench.try_once().await;
        }
        bench.feel(2, None);
        bench.try_once().await;
        bench.feel(2, Some(Mood::Fails));
        bench.publish(&[(2, second)]).await;
    }

    assert_eq!((bench.parked().await, bench.handled_of(2)), (vec![], vec![1, 2, 3, 4]));
}

#[tokio::test]
async fn an_event_that_always_fails_is_parked_by_whichever_member_has_it() {
    let mut bench = Bench::new().await;
    bench.feel(2, Some(Mood::Fails));
    bench.publish(&[(2, 1)]).await;
    for _ in 0..3 {
        bench.try_once().await;
        bench.change_member().await;
    }
    assert_eq!(bench.parked().await, []);
    for _ in 0..MAX_ATTEMPTS {
        bench.try_once().await;
    }

    assert_eq!(seconds(&bench.parked().await), [1]);
}

/// A handler under any name.
#[derive(Debug)]
struct Named(&'static str);

#[async_trait]
impl EventHandler for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    async fn handle(&self, _: &[Incoming]) -> Result<(), HandleError> {
        Ok(())
    }
}

#[tokio::test]
async fn nobody_follows_under_the_name_of_a_service() {
    let ports = Bench::new().await.ports;
    let engines = MemoryEngines::default();
    let context = engines.service_context(Settings::default());
    for name in ["payments", "orders", "tickets", "expiration", "accounts", "Payments", " orders "] {
        let refused = Consumer::new(Arc::new(Named(name)), ports.clone(), ConsumerConfig::default());
        assert!(matches!(refused, Err(NameRefusal::Reserved(_))), "{name}");
        let parking = Arc::clone(&ports.parking);
        let refused = context.follower(Arc::new(Named(name)), parking, StartFrom::Earliest).await;
        assert!(matches!(refused, Err(AssemblyError::Name(_))), "{name}");
    }
}

#[tokio::test]
async fn what_a_handler_does_not_follow_is_settled_unread_and_waits_for_nothing() {
    let mut bench = Bench::new().await;
    bench.park(1..=1).await;
    let parked = bench.parked().await.len();
    let noted = |order| EventEnvelope {
        kind: "expiration.noted".into(),
        data: Bytes::from_static(b"not JSON"),
        ..expiration(order, 7)
    };
    bench.broker.publisher().publish(&[noted(1), noted(2)]).await.expect("the broker is up");
    bench.publish(&[(2, 8)]).await;
    let handled = bench.consumer.counts().handled();
    bench.step().await;

    assert_eq!(bench.parked().await.len(), parked, "it is neither undecodable nor behind what is parked");
    assert_eq!(bench.consumer.counts().handled() - handled, 3);
    assert_eq!(bench.handled_of(2), [8], "the handler did not see it");
}
