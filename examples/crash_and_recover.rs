//! Kills a process at every single step of a purchase, and shows that the next one puts everything right.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use ticketing::core::ports::order_store::OrderStore;
use ticketing::core::ports::store::Page;
use ticketing::{AccountId, Market, SandboxGateway, TestMarket};

const SELLER: AccountId = AccountId::from_u128(1);
const BUYER: AccountId = AccountId::from_u128(2);

/// Sells one place and pays it; stops at the first failure, as a dying process does.
async fn purchase(market: &TestMarket) -> Result<(), Box<dyn Error>> {
    let ticket = market.sell(SELLER, "Così fan tutte").price(4500, "EUR").await?;
    let order = market.order(BUYER, ticket.id).await?;
    market.pay(BUYER, order.id, SandboxGateway::VISA).await?;
    Ok(market.settle().await?)
}

/// Starts another process on the same engines, and runs it until nothing is left open.
async fn recovered(market: TestMarket) -> Result<TestMarket, Box<dyn Error>> {
    let market = market.crash().await?;
    for _ in 0..20 {
        market.advance(Duration::from_mins(1)).await?;
    }
    Ok(market)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut step, mut completed) = (0, 0);
    loop {
        let market = Market::test().await?;
        market.faults().crash_after(step);
        let survived = purchase(&market).await.is_ok();
        let market = recovered(market).await?;

        let orders = market.engines().orders.orders_of(BUYER, Page::first(9)).await?;
        assert!(orders.iter().all(|order| order.pay_by().is_err()), "no order is left open");
        let sold = orders.iter().filter(|order| order.is_completed()).count();
        let bank = &market.engines().gateway;
        let kept = bank.total_captured() - bank.total_refunded();
        assert_eq!(kept, 4500 * sold as u64, "the bank holds what the completed orders cost");
        completed += sold;
        if survived {
            println!("killed at each of {step} steps: {completed} purchases completed, the rest left nothing behind");
            return Ok(());
        }
        step += 1;
    }
}
