//! A mail for each order that completes: once, in order, and also for what happened while the mailer was down.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ticketing::{AccountId, Market, OrRetry, Order, OrderCompleted, SandboxGateway};
use uuid::Uuid;

/// What sends mails. It takes a key, under which it sends one mail however often it is asked.
async fn send(to: AccountId, text: String, key: Uuid) -> Result<(), std::io::Error> {
    println!("{key} to {to}: {text}");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::builder()
        .on("mailer", |event: OrderCompleted, context| async move {
            let text = format!("{} is yours", event.order.ticket.event.title);
            send(event.order.buyer, text, context.idempotency_key()).await.or_retry()?;
            Ok(())
        })
        .open()
        .await?;
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
    let order = market.order(buyer, ticket.id).await?;
    market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    market.wait(buyer, order.id, Order::is_completed).await?;
    market.close().await?;
    Ok(())
}
