//! Your own payment gateway over HTTP, proven by the kit.
//!
//! [`gateway`] is all that there is to write; [`bank`] stands for the provider. This bank closes payments that it never
//! heard of. A provider that can only be asked is a `PaymentProvider`, and `ClosingGateway` makes a gateway of it.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what it lacks")]

mod bank;
mod gateway;

use std::error::Error;

use ticketing::{AccountId, Market, Order};

use bank::{Bank, CHALLENGED};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let bank = Bank::open().await?;
    let market = Market::builder().gateway(bank.gateway.clone()).open().await?;
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
    let order = market.order(buyer, ticket.id).await?;

    let payment = market.pay(buyer, order.id, CHALLENGED).await?;
    assert!(payment.action().is_some(), "the buyer must act: their browser opens this address of the bank");
    // The bank sends this to `POST /api/payments/notices`, which `market.api()` serves.
    let notice = bank.approve(payment.id, market.env().now()).ok_or("nobody is waited for")?;
    assert!(market.payments().receive_notice(&notice, market.origin()).await?);
    let order = market.wait(buyer, order.id, Order::is_completed).await?;
    println!("{} is yours for {}", order.ticket.event.title, order.total());
    market.close().await?;

    let report = ticketing_conformance::report! { gateway: bank.clone() };
    println!("{report}");
    if report.conforms() { Ok(()) } else { Err("the gateway breaks a promise".into()) }
}
