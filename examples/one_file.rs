//! A durable marketplace in one file, without any server: its process dies after an order, and the next one is paid.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::process::Command;

use ticketing::{AccountId, Market, Order, OrderId, SandboxGateway};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    if let Some(path) = std::env::args().nth(1) {
        let market = Market::builder().sqlite(path).sandbox().open().await?;
        let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
        println!("{}", market.order(buyer, ticket.id).await?.id);
        std::process::abort();
    }
    let path = std::env::temp_dir().join(format!("market-{}.db", std::process::id()));
    let died = Command::new(std::env::current_exe()?).arg(&path).output()?;
    assert!(!died.status.success(), "it was not asked to close the market");
    let order: OrderId = String::from_utf8(died.stdout)?.trim().parse()?;

    let market = Market::builder().sqlite(&path).sandbox().open().await?;
    market.pay(buyer, order, SandboxGateway::VISA).await?;
    let order = market.wait(buyer, order, Order::is_completed).await?;
    println!("{} is yours for {}, whatever happened between", order.ticket.event.title, order.total());
    market.close().await?;
    Ok(std::fs::remove_file(path)?)
}
