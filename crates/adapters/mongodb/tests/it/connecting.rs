//! A database that cannot be used is told in a sentence, in bounded time.

use std::time::Duration;

use ticketing_conformance::sample::free_address;
use ticketing_mongodb::{MongoClient, MongoConfig, MongoError};

use crate::world::{config, uri};

async fn refused(config: MongoConfig) -> MongoError {
    let connecting = tokio::time::timeout(Duration::from_secs(20), MongoClient::connect(&config));
    connecting.await.expect("the answer comes in time").expect_err("it cannot be used")
}

fn quick(uri: impl Into<String>) -> MongoConfig {
    MongoConfig { select_within: Duration::from_millis(500), ..MongoConfig::new(uri) }
}

#[tokio::test]
async fn a_connection_string_that_is_none_is_told() {
    let error = refused(quick("postgres://localhost")).await;
    assert!(matches!(error, MongoError::Uri(_)), "{error:?}");
    assert!(error.to_string().starts_with("the MongoDB connection string is wrong"), "{error}");
}

#[tokio::test]
async fn nobody_who_answers_is_told() {
    let error = refused(quick(format!("mongodb://{}/?replicaSet=rs0", free_address()))).await;
    assert!(matches!(error, MongoError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_set_of_another_name_is_told() {
    let other = uri().replace("replicaSet=rs0", "replicaSet=another");
    assert_ne!(other, uri(), "the set is called rs0");
    let error = refused(quick(other)).await;
    assert!(matches!(error, MongoError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_never_printed() {
    let wrong = uri().replace("mongodb://", "mongodb://somebody:hunter22@");
    let config = quick(wrong);
    assert!(!format!("{config:?}").contains("hunter22"));
    let error = refused(config).await;
    assert!(matches!(error, MongoError::Unauthorised(_)), "{error:?}");
    assert!(!ticketing_core::ports::error_chain(&error).contains("hunter22"));
}

#[tokio::test]
async fn data_that_contradicts_an_index_is_told() {
    let config = config();
    let client = MongoClient::connect(&config).await.expect("MongoDB answers");
    let accounts = client.database("accounts").collection::<bson::Document>("accounts");
    let twice = [bson::doc! { "email": "ada@example.org" }, bson::doc! { "email": "ada@example.org" }];
    accounts.insert_many(twice).await.expect("documents of somebody else");
    let error = ticketing_mongodb::MongoAccountStore::open(&client).await.expect_err("the guard cannot be made");
    assert!(matches!(error, MongoError::Indexes { .. }), "{error:?}");
    assert_eq!(accounts.count_documents(bson::doc! {}).await.expect("an answer"), 2, "nothing is changed");
}
