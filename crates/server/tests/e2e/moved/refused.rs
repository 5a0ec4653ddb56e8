//! What is not moved, and why.

use std::time::Duration;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventSubscriber, Kinds, StartFrom, SubscriptionConfig};
use ticketing_mongodb::{MongoMove, MoveState};
use ticketing_server::wiring;
use ticketing_sqlite::{SqliteConfig, SqliteEngines};

use crate::market::Market;
use crate::programs::{Program, Programs};

use super::{Moving, said};

/// A file in which somebody signed up, and that nobody serves.
async fn of_somebody() -> Moving {
    let moving = Moving::new();
    let file = moving.file("10m").await;
    file.prove(async |market: &Market| drop(market.sign_up("sally").await)).await;
    file.all[0].stop().await;
    moving
}

/// A follower of an application, which is not there any more, has not handled everything.
async fn follow(moving: &Moving) {
    let config = SqliteConfig::new(moving.data.join("market.db"));
    let file = SqliteEngines::open(&config, wiring::clock_and_ids()).await.expect("nobody has it");
    let (topics, start) = (vec![Topic::Accounts], StartFrom::Earliest);
    let subscription = SubscriptionConfig {
        group: "festival".to_owned(),
        topics,
        start,
        max_unsettled: 10,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    drop(file.broker.subscriber().subscribe(subscription).await.expect("it follows"));
    file.file.close().await;
}

#[tokio::test]
async fn a_file_in_which_something_stays_under_way_is_not_moved() {
    let moving = of_somebody().await;
    follow(&moving).await;

    let restless = moving.command(&["move", "--patience", "5s"]).output().expect("the program starts");

    let told = said(&restless);
    assert!(restless.status.code() == Some(1) && told.contains("does not come to rest"), "{told}");
    assert!(told.contains("festival has not settled 1 events of ticketing.accounts"), "{told}");
    let client = moving.client().await;
    assert_eq!(MongoMove::of(&client).state().await.expect("MongoDB answers"), MoveState::Nothing);
    let names = client.driver().list_database_names().await.expect("MongoDB answers");
    let prefix = moving.setting("TICKETING_DATABASE_PREFIX");
    assert!(!names.iter().any(|name| name.starts_with(prefix)), "nothing was made there: {names:?}");
    moving.file("10m").await.all[0].stop().await;
}

#[tokio::test]
async fn a_file_that_was_served_with_mail_is_moved_with_it() {
    let moving = of_somebody().await;
    let mut silent = moving.command(&["move"]);
    for setting in ["TICKETING_MAIL", "TICKETING_SMTP_URL", "TICKETING_MAIL_FROM"] {
        silent.env_remove(setting);
    }
    let refused = silent.output().expect("the program starts");
    let told = said(&refused);
    assert!(refused.status.code() == Some(1) && told.contains("set --mail as it was served"), "{told}");
    assert!(moving.moved().status.success(), "nothing is lost by it");
}

#[tokio::test]
async fn a_marketplace_that_is_there_is_left_alone() {
    let moving = of_somebody().await;
    let there = Programs::of_one(Program::start("all", &[], &moving.engines).await);
    there.prove(async |market: &Market| drop(market.sign_up("ben").await)).await;
    there.all[0].stop().await;

    let occupied = moving.moved();
    let told = said(&occupied);
    assert!(occupied.status.code() == Some(1) && told.contains("already, with accounts"), "{told}");

    let elsewhere = format!("{}-2", moving.setting("TICKETING_DATABASE_PREFIX"));
    let mut same_topics = moving.command(&["move"]);
    let published = same_topics.env("TICKETING_DATABASE_PREFIX", elsewhere).output().expect("the program starts");
    let told = said(&published);
    assert!(published.status.code() == Some(1) && told.contains("choose another --topic-prefix"), "{told}");
}
