//! One bad event stops nobody but those behind it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::{EventId, OrderId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::flow::consumer::{Consumer, ConsumerConfig, ConsumerPorts, EventHandler, HandleError, Incoming};
use ticketing_core::flow::driver::Step;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::Page;
use ticketing_core::ports::transport::{Arrival, EventPublisher};
use ticketing_core::wire::{Origin, RawMessage, seal};
use ticketing_memory::{ManualClock, MemoryBroker, MemoryBrokerConfig, MemoryParkingLot, SequentialIds};
use uuid::Uuid;

/// What the handler makes of the events of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// It cannot handle them.
    Fails,
    /// What it needs is away.
    Down,
}

/// Notes what it handled, as pairs of order and how many seconds the event is about.
#[derive(Default)]
struct Notes {
    moods: Mutex<BTreeMap<u128, Mood>>,
    handled: Mutex<Vec<(u128, i64)>>,
    batches: Mutex<Vec<usize>>,
}

struct Note(Arc<Notes>);

#[async_trait]
impl EventHandler for Note {
    fn name(&self) -> &str {
        "notes"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Expirations]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let moods = self.0.moods.lock().expect("nobody panicked");
        for incoming in events {
            match moods.get(&told(incoming).0) {
                Some(Mood::Fails) => return Err(HandleError::Failed("it is bad".into())),
                Some(Mood::Down) => return Err(HandleError::Unavailable("it is away".into())),
                None => {}
            }
        }
        self.0.batches.lock().expect("nobody panicked").push(events.len());
        self.0.handled.lock().expect("nobody panicked").extend(events.iter().map(told));
        Ok(())
    }
}

fn told(incoming: &Incoming) -> (u128, i64) {
    match incoming.event {
        Event::ExpirationCompleted { order, pay_by } => (order.uuid().as_u128(), pay_by.millis() / 1000),
        _ => (0, 0),
    }
}

struct Bench {
    clock: ManualClock,
    broker: MemoryBroker,
    parking: MemoryParkingLot,
    notes: Arc<Notes>,
    consumer: Consumer,
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
        let config = ConsumerConfig { max_attempts: 3, ..ConsumerConfig::default() };
        let consumer = Consumer::new(Arc::new(Note(Arc::clone(&notes))), ports, config);
        let mut bench = Self { clock, broker, parking, notes, consumer };
        bench.step().await;
        bench
    }

    /// Publishes events as pairs of order and second.
    async fn publish(&self, events: &[(u128, i64)]) {
        let envelopes: Vec<_> = events
            .iter()
            .map(|(order, second)| {
                let pay_by = Timestamp::from_millis(second * 1000);
                let event = Event::ExpirationCompleted { order: OrderId::new(Uuid::from_u128(*order)), pay_by };
                let id = EventId::new(Uuid::from_u128(order * 1000 + second.unsigned_abs() as u128));
                seal(&event, id, pay_by, &Origin::new(Uuid::nil()))
            })
            .collect();
        self.broker.publisher().publish(&envelopes).await.expect("the broker is up");
    }

    /// Steps until nothing is left to do, some of it later.
    async fn step(&mut self) {
        for _ in 0..40 {
            while self.consumer.step().await.is_ok_and(|done| done > 0) {}
            self.clock.advance(Duration::from_secs(1));
        }
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
