//! A move that is killed, and one of a file in which something could not be handled.

use std::process::Stdio;

use bytes::Bytes;
use ticketing_core::domain::event::Topic;
use ticketing_core::moving::RecordKind;
use ticketing_core::ports::store::Page;
use ticketing_core::wire::RawMessage;
use ticketing_mongodb::{MongoMove, MongoRecords, MoveState};
use ticketing_server::wiring;
use ticketing_sqlite::{SqliteConfig, SqliteEngines};

use crate::market::{Market, eventually, id};
use crate::programs::Program;

use super::{Moving, said};

/// Moves, and is killed when the first records are there.
async fn move_a_part(moving: &Moving) {
    let client = moving.client().await;
    let records = MongoRecords::of(&client);
    let mut child = moving.command(&["move"]).stderr(Stdio::null()).spawn().expect("the program starts");
    let first = async || records.page(RecordKind::Accounts, Page::first(1)).await.expect("MongoDB answers").len();
    while first().await == 0 {
        assert!(child.try_wait().expect("it was started").is_none(), "it ended before");
    }
    child.kill().expect("it is there to be killed");
    child.wait().expect("it ends");
    let state = MongoMove::of(&client).state().await.expect("MongoDB answers");
    assert!(matches!(state, MoveState::Begun { .. }), "{state:?}");
}

#[tokio::test]
async fn a_move_that_was_killed_is_begun_again_whatever_was_sold_meanwhile() {
    let moving = Moving::new();
    let file = moving.file("10m").await;
    let mut story = None;
    let before = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 50).await;
        for _ in 0..20 {
            market.buy(&ben, &ticket).await;
        }
        story = Some((ben.clone(), market.buy(&ben, &ticket).await, ticket));
    };
    file.prove(before).await;
    let (ben, held, ticket) = story.expect("it was told");
    file.all[0].stop().await;

    move_a_part(&moving).await;
    let mut serve = moving.command(&["serve"]);
    let half = serve.env_remove("TICKETING_DATA").output().expect("the program starts");
    assert!(half.status.code() == Some(1) && said(&half).contains("is being moved to"), "{}", said(&half));

    file.all[0].go_on_by(Program::CURRENT).await;
    let mut paid = None;
    let meanwhile = async |market: &Market| {
        market.pay(&ben, &held).await;
        let another = market.buy(&ben, &ticket).await;
        market.pay(&ben, &another).await;
        paid = Some(another);
    };
    file.prove(meanwhile).await;
    file.all[0].kill().await;
    let moved = moving.moved();
    assert!(moved.status.success() && said(&moved).contains("every invariant holds"), "{}", said(&moved));

    let paid = paid.expect("it was told");
    let databases = moving.databases().await;
    let after = async |market: &Market| {
        for order in [&held, &paid] {
            assert_eq!(market.order(&ben, order).await["status"], "completed", "{}", id(order));
        }
        let orders = market.get("/api/orders?limit=100").by(&ben).send().await;
        assert_eq!(orders.body["items"].as_array().map(Vec::len), Some(22), "{orders:?}");
        eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 28).await;
    };
    databases.prove(after).await;
    databases.all[0].audit();
}

/// Writes something to the log of the file that is no event.
async fn write_nonsense(moving: &Moving) {
    let config = SqliteConfig::new(moving.data.join("market.db"));
    let file = SqliteEngines::open(&config, wiring::clock_and_ids()).await.expect("nobody has it");
    let (topic, key) = (Topic::Orders.name().to_owned(), "nonsense".to_owned());
    let message = RawMessage { topic, key, headers: Vec::new(), body: Bytes::from_static(b"nonsense") };
    file.broker.append_raw(message).await.expect("it is written");
    file.file.close().await;
}

#[tokio::test]
async fn what_is_parked_is_moved_as_it_is() {
    let moving = Moving::new();
    let file = moving.file("10m").await;
    file.prove(async |market: &Market| drop(market.sign_up("sally").await)).await;
    file.all[0].stop().await;
    write_nonsense(&moving).await;

    let moved = moving.moved();
    assert!(moved.status.success() && said(&moved).contains("parked events"), "{}", said(&moved));
    let parked = moving.command(&["parked", "list"]).env_remove("TICKETING_DATA").output().expect("the program starts");
    assert!(parked.status.success() && said(&parked).contains("payments/payments"), "{}", said(&parked));
}
