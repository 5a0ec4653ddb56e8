//! A whole sale in one process: a ticket is put on sale, ordered, paid, and the order completes.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ticketing::{AccountId, Market, Order, SandboxGateway};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::builder().open().await?;
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);

    let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
    let order = market.order(buyer, ticket.id).await?;
    println!("{buyer} holds {} until they pay {}", order.ticket.event.title, order.total());
    market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    let order = market.wait(buyer, order.id, Order::is_completed).await?;
    println!("order {} is completed", order.id);

    market.close().await?;
    Ok(())
}
