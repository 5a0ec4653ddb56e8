//! The same sale on MongoDB and Kafka: what was acknowledged is there after a restart.
//!
//! `deploy/engines.sh run cargo run --features engines -p ticketing-examples --example durable`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env::var;
use std::time::Duration;

use ticketing::{AccountId, Market, Order, SandboxGateway, Stores, Transport};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::builder()
        .stores(Stores::connect(&var("MONGODB_URI")?).await?)
        .transport(Transport::connect(&format!("kafka://{}", var("KAFKA_BROKERS")?)).await?)
        .sandbox()
        // New groups join Kafka within seconds, and hear of the ticket then.
        .settings(|settings| settings.replica_wait = Duration::from_mins(1))
        .open()
        .await?;
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);

    let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
    let order = market.order(buyer, ticket.id).await?;
    market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    let order = market.wait(buyer, order.id, Order::is_completed).await?;
    println!("order {} is completed", order.id);

    market.close().await?;
    Ok(())
}
