//! How long the log keeps events, and groups that come too late.

use std::time::Duration;

use bson::{Document, doc};
use futures::TryStreamExt;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::EventLog;
use ticketing_mongodb::{MongoBroker, MongoClient, MongoConfig, MongoError, MongoLog};

use crate::carrier::{Carrier, Process, ack, event_of, orders, soon, take};
use crate::world;

const HOUR: Duration = Duration::from_hours(1);

/// After how many seconds the server removes rows.
async fn expiry(process: &Process) -> Option<i64> {
    let indexes: Vec<Document> = {
        let database = process.client.database("events");
        let listed = database.run_cursor_command(doc! { "listIndexes": "log" }).await.expect("indexes are listed");
        listed.try_collect().await.expect("indexes are listed")
    };
    let seconds = |index: &Document| {
        let seconds = index.get("expireAfterSeconds")?;
        seconds.as_i64().or_else(|| seconds.as_i32().map(i64::from))
    };
    indexes.iter().find_map(seconds)
}

async fn until_missed(process: &Process, events: u64) {
    let told = async {
        while process.broker.missed() < events {
            tokio::time::sleep(Duration::from_millis(10)).await; // between two looks
        }
    };
    soon("it is told", told).await;
}

#[tokio::test]
async fn the_log_keeps_what_the_last_setting_says() {
    let config = world::config();
    for retention in [None, Some(HOUR), Some(HOUR * 24), Some(HOUR * 2), None, None, Some(HOUR)] {
        let process = Process::start(&MongoConfig { retention, ..config.clone() }).await;
        assert_eq!(expiry(&process).await, retention.map(|span| i64::try_from(span.as_secs()).unwrap()));
    }
}

#[tokio::test]
async fn a_row_is_as_old_as_its_publication() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    process.publish(&orders(3)).await;
    let is_recent = doc! { "$expr": { "$lt": [{ "$abs": { "$subtract": ["$at", "$$NOW"] } }, 60_000] } };
    assert_eq!(process.collection("log").count_documents(is_recent).await.expect("rows are counted"), 3);
}

#[tokio::test]
async fn a_group_behind_the_retention_goes_on_with_the_oldest_and_is_told() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    process.publish(&orders(120)).await;
    let removed = process.collection("log").delete_many(doc! { "_id.position": { "$lte": 4 } }).await;
    let removed = removed.expect("rows are removed").deleted_count;
    assert!((20..=48).contains(&removed), "{removed}");

    let mut member = process.join("catalog").await;
    let left = usize::try_from(120 - removed).unwrap();
    take(&mut member, left).await.into_iter().for_each(ack);
    // A partition that lost all it had is noticed by its head, which is looked at apart.
    until_missed(&process, removed).await;
    assert_eq!(process.broker.missed(), removed);
    member.close(Duration::from_secs(10)).await.expect("it leaves");

    let mut log = MongoLog::open(&process.client, &[Topic::Orders]).await.expect("the log opens");
    assert_eq!(log.progress().total, left as u64);
    assert_eq!(log.next().await.expect("it is read").len(), left);
}

#[tokio::test]
async fn a_group_that_missed_all_goes_on_with_what_comes() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    process.publish(&orders(50)).await;
    process.collection("log").delete_many(doc! {}).await.expect("rows are removed");

    let mut member = process.join("catalog").await;
    until_missed(&process, 50).await;
    let events = orders(5);
    process.publish(&events).await;
    let came = take(&mut member, 5).await;
    assert!(came.iter().all(|delivery| events.iter().any(|event| event.id == event_of(delivery).id)));
    came.into_iter().for_each(ack);
    assert_eq!(process.broker.missed(), 50);
}

#[tokio::test]
async fn a_log_with_another_number_of_partitions_is_refused() {
    let carrier = Carrier::open().await;
    let other = doc! { "$set": { "partitions": 7 } };
    carrier.process().collection("settings").update_one(doc! {}, other).await.expect("it is changed");
    let client = MongoClient::connect(&carrier.config).await.expect("MongoDB answers");
    let refused = MongoBroker::open(&client).await;
    assert!(matches!(refused, Err(MongoError::Partitions { found: 7, expected: 12 })), "{refused:?}");
}
