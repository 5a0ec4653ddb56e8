//! Measures how long a new ticket takes to find those who wait for it, among very many questions in MongoDB.
//!
//! `deploy/engines.sh run cargo run --release -p ticketing-mongodb --example alerts -- [ALERTS]`

#[path = "../../sqlite/examples/alerts/filing.rs"]
mod filing;
#[path = "../../sqlite/examples/alerts/telling.rs"]
mod telling;

use std::sync::Arc;

use ticketing_mongodb::{MongoClient, MongoConfig, MongoLetterStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alerts = std::env::args().nth(1).map_or(Ok(1_000_000), |number| number.parse())?;
    let uri = std::env::var("MONGODB_URI").map_err(|_| "set MONGODB_URI")?;
    let database_prefix = format!("alerts_{}", std::process::id());
    let config = MongoConfig { database_prefix, ..MongoConfig::new(uri) };
    let store = MongoLetterStore::open(&MongoClient::connect(&config).await?).await?;
    filing::measure(Arc::new(store), alerts).await
}
