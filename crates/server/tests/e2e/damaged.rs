//! What lies in MongoDB and cannot be read is told to operators, and stops nobody but those who ask for it.

use std::process::{Command, Stdio};

use bson::{Document, doc};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::json;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::parking::{Parked, ParkingLot};
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{RawMessage, Undecodable};
use ticketing_mongodb::{MongoClient, MongoConfig, MongoParkingLot};

use crate::market::{Market, eventually, id, unique};
use crate::programs::{alone, engines};

/// The databases that a program is told of by these settings.
async fn databases(setting: impl Fn(&str) -> String) -> MongoClient {
    let config = MongoConfig {
        database_prefix: setting("TICKETING_DATABASE_PREFIX"),
        ..MongoConfig::new(setting("TICKETING_MONGODB_URI"))
    };
    MongoClient::connect(&config).await.expect("MongoDB answers")
}

async fn passed_by(market: &Market) -> u64 {
    let metrics =
        market.operators().get("/metrics").open().await.into_body().collect().await.expect("a body").to_bytes();
    let metrics = String::from_utf8_lossy(&metrics);
    let count = metrics.lines().find_map(|line| line.strip_prefix("ticketing_unreadable_records_total "));
    count.and_then(|count| count.parse().ok()).expect("it is counted")
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_counted_and_its_buyer_goes_on() {
    let programs = alone(&[("TICKETING_LIMIT_OPEN_ORDERS", "1000")]).await.warmed_up().await;
    let program = &programs.all[0];
    let client = databases(|name| program.setting(name).to_owned()).await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 9).await;
        let ordered = eventually(async || market.try_to_buy(&ben, &ticket).await, |reply| reply.status == 201).await;
        assert_eq!(passed_by(market).await, 0);
        let orders = client.database("orders").collection::<Document>("orders");
        let order = bson::Uuid::parse_str(id(&ordered.body)).expect("a UUID");
        let damaged = orders.update_one(doc! { "_id": order }, doc! { "$set": { "title": 7 } }).await;
        assert_eq!(damaged.expect("MongoDB answers").modified_count, 1);

        let itself = market.get(&format!("/api/orders/{}", id(&ordered.body))).by(&ben).send().await;
        assert_eq!(itself.problem(), (500, "broken"));
        let listed = market.get("/api/orders").by(&ben).send().await;
        assert_eq!((listed.status.as_u16(), &listed.body["items"]), (200, &json!([])));
        let counted = passed_by(market).await;
        assert!(counted > 0, "a list passed it by");
        market.buy(&ben, &ticket).await;
        assert!(passed_by(market).await > counted, "the limits of its buyer passed it by");
    };
    programs.prove(rule).await;
    let log = program.last_words();
    assert_eq!(log.matches("a record cannot be read").count(), 1, "it is logged once: {log}");
}

fn parked(n: usize) -> Parked {
    let key = format!("key {n}");
    let topic = "ticketing.orders".to_owned();
    let raw = RawMessage { topic, key: key.clone(), headers: Vec::new(), body: Bytes::from_static(b"?") };
    let reason = Undecodable { what: "no event of ours".to_owned() };
    Parked {
        id: unique(),
        consumer: "orders".to_owned(),
        key,
        arrival: Arrival::Undecodable { raw, reason },
        reason: "no event of ours".to_owned(),
        parked_at: Timestamp::EPOCH,
        released: false,
    }
}

#[tokio::test]
async fn a_list_of_parked_events_that_nobody_reads_ends_quietly() {
    let told = engines();
    let setting = |name: &str| told.iter().find(|(told, _)| *told == name).expect("it is set").1.clone();
    let lot = MongoParkingLot::open(&databases(setting).await, "orders").await.expect("the parking lot opens");
    for n in 0..3 {
        lot.park(parked(n)).await.expect("it is parked");
    }
    let list = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ticketing"));
        command.args(["parked", "list"]).env_clear().envs(told.iter().map(|(name, value)| (name, value)));
        command
    };
    let whole = list().output().expect("the program starts");
    assert!(String::from_utf8_lossy(&whole.stdout).contains("3 events are parked"), "{whole:?}");

    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = list().stdout(writer).stderr(Stdio::piped()).output().expect("the program starts");

    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert!(!told.contains("ERROR") && !told.contains("panicked"), "{told}");
}
