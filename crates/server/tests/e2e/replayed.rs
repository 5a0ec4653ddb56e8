//! What comes again over the transport, in whatever order, and what is not ours, changes nothing.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;
use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::{EventId, OrderId};
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::transport::{Arrival, EventPublisher};
use ticketing_core::wire::{EventEnvelope, Origin, seal};
use ticketing_kafka::{KafkaConfig, KafkaLog, KafkaPublisher};

use crate::market::{Market, User, eventually, id, unique};
use crate::programs::{Program, alone};

/// So many services follow orders and park what they cannot decode.
const FOLLOWERS: usize = 4;

/// A ticket, and orders of it that came to each end; one awaits payment.
struct Story {
    buyer: User,
    ticket: Value,
    orders: Vec<Value>,
}

impl Story {
    async fn lived(market: &Market) -> Self {
        let (seller, buyer) = (market.sign_up("seller").await, market.sign_up("buyer").await);
        let ticket = market.sell(&seller, 9).await;
        let mut orders = Vec::new();
        for _ in 0..3 {
            orders.push(market.buy(&buyer, &ticket).await);
        }
        eventually(async || market.pay(&buyer, &orders[0]).await, |reply| reply.status == 201).await;
        eventually(
            async || market.pay_with(&buyer, &orders[2], "tok_chargeDeclined").await,
            |reply| reply.status == 402,
        )
        .await;
        market.delete(&format!("/api/orders/{}", id(&orders[1]))).by(&buyer).send().await;
        let story = Self { buyer, ticket, orders };
        eventually(
            async || story.state(market).await,
            |state| state[0]["available"] == 7 && state[1]["status"] == "completed",
        )
        .await;
        story
    }

    /// The ticket and its orders, as anybody sees them.
    async fn state(&self, market: &Market) -> Vec<Value> {
        let mut state = vec![market.ticket(&self.ticket).await];
        for order in &self.orders {
            state.push(market.order(&self.buyer, order).await);
        }
        state
    }
}

fn kafka(program: &Program) -> KafkaConfig {
    let prefix = program.setting("TICKETING_TOPIC_PREFIX").to_owned();
    KafkaConfig {
        group_prefix: prefix.clone(),
        topic_prefix: prefix,
        ..KafkaConfig::new(program.setting("TICKETING_KAFKA_BROKERS"))
    }
}

/// Everything that was ever told, in the order of each topic.
async fn told(kafka: &KafkaConfig) -> Vec<EventEnvelope> {
    let mut log = KafkaLog::open(kafka, &Topic::ALL).await.expect("Kafka keeps everything");
    let mut events = Vec::new();
    loop {
        let arrivals = log.next().await.expect("Kafka answers");
        if arrivals.is_empty() {
            return events;
        }
        events.extend(arrivals.into_iter().filter_map(|arrival| match arrival {
            Arrival::Event(event) => Some(event),
            Arrival::Undecodable { .. } => None,
        }));
    }
}

/// The same event under another name, about something that nobody knows.
fn stranger(event: &EventEnvelope) -> EventEnvelope {
    EventEnvelope { id: EventId::new(unique()), subject: unique(), ..event.clone() }
}

/// The same payload with a field that nobody knows.
fn with_another_field(data: &Bytes) -> Bytes {
    let mut payload: Value = serde_json::from_slice(data).expect("JSON");
    payload["colour"] = "red".into();
    payload.to_string().into()
}

/// What cannot be decoded: bytes that are no payload, and a schema that is yet to come.
fn undecodable(event: &EventEnvelope) -> [EventEnvelope; 2] {
    let newer = EventEnvelope { schema: event.schema + 1, data: with_another_field(&event.data), ..stranger(event) };
    [EventEnvelope { data: Bytes::from_static(b"\xff?"), ..stranger(event) }, newer]
}

/// What is passed by: a type that is yet to come, a field that is yet to come, and a timer that is early.
fn harmless(event: &EventEnvelope, open: &Value) -> [EventEnvelope; 3] {
    let order: OrderId = id(open).parse().expect("a name");
    let pay_by = open["payBy"].as_str().and_then(|text| text.parse().ok()).expect("a deadline");
    let early = Event::ExpirationCompleted { order, pay_by };
    [
        EventEnvelope { kind: Cow::Borrowed("order.admired"), ..stranger(event) },
        EventEnvelope { data: with_another_field(&event.data), ..event.clone() },
        seal(&early, EventId::new(unique()), event.time, &Origin::new(unique())),
    ]
}

/// The names of what is parked.
fn parked(program: &Program) -> Vec<String> {
    let list = String::from_utf8(program.operate(&["parked", "list"]).stdout).expect("text");
    let names = list.lines().filter(|line| line.contains("  held  ")).filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Sells one place, so that whatever came before on a topic is handled.
async fn sell_another(market: &Market) {
    let story = Story::lived(market).await;
    assert_eq!(story.orders.len(), 3);
}

#[tokio::test]
async fn what_comes_again_or_is_foreign_changes_nothing() {
    // In one partition, whatever is told later is heard later.
    let programs = alone(&[("TICKETING_TOPIC_PARTITIONS", "1"), ("TICKETING_HOLD", "1h")]).await.warmed_up().await;
    let program = &programs.all[0];
    programs
        .prove(async |market: &Market| {
            let story = Story::lived(market).await;
            let (before, kafka) = (story.state(market).await, kafka(program));
            let told = told(&kafka).await;
            let placed = told.iter().find(|event| event.kind == "order.created").expect("an order was placed");

            let mut again: Vec<_> = told.iter().rev().chain(&told).cloned().collect();
            again.extend(undecodable(placed));
            again.extend(harmless(placed, &story.orders[2]));
            KafkaPublisher::connect(&kafka).await.expect("Kafka answers").publish(&again).await.expect("it takes them");
            sell_another(market).await;

            let parked = eventually(async || parked(program), |parked| parked.len() >= 2 * FOLLOWERS).await;
            assert_eq!(parked.len(), 2 * FOLLOWERS, "what can be decoded is not parked");
            assert_eq!(story.state(market).await, before);
            for name in parked {
                assert!(program.operate(&["parked", "drop", &name, "--yes"]).status.success());
            }
            program.audit();
            assert_eq!(market.pay(&story.buyer, &story.orders[2]).await.status, 201);
        })
        .await;
}
