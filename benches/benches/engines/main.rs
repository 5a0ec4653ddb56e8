//! What the marketplace does on real engines, beside the least that the same engines do for anybody.
//!
//! `cargo bench -p ticketing-benches --bench engines [-- NAME…]` measures each
//! figure right beside its baseline and prints both with their ratio. It needs
//! MongoDB and Kafka: `deploy/engines.sh run cargo bench …` brings them, and
//! keeps their data in a folder on the disk with `ENGINES_DATA=folder`.

#[path = "../batchers.rs"]
mod batchers;
mod bus;
#[path = "../following.rs"]
mod following;
mod orders;
mod publish;
mod relay;
mod replica;
#[path = "../marketplace/sample.rs"]
mod sample;
#[path = "../table.rs"]
mod table;

use ticketing_mongodb::{MongoClient, MongoConfig};

use table::Table;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    let mut table = Table::default();
    runtime.block_on(async {
        if is_wanted("orders") {
            orders::bench(&mut table).await;
        }
        if is_wanted("relay") {
            relay::bench(&mut table).await;
        }
        if is_wanted("publish") {
            publish::bench(&mut table).await;
        }
        if is_wanted("bus") {
            bus::bench(&mut table).await;
        }
        if is_wanted("replica") {
            replica::bench(&mut table).await;
        }
    });
    table.print();
}

/// Databases that nobody else has.
async fn connected() -> MongoClient {
    let uri = std::env::var("MONGODB_URI").expect("set MONGODB_URI: these figures need a real MongoDB");
    let env = sample::env();
    let database_prefix = format!("bench_{}", env.uuid(env.now()).simple());
    let config = MongoConfig { database_prefix, ..MongoConfig::new(uri) };
    MongoClient::connect(&config).await.expect("MongoDB answers")
}
