//! A market as an application has it: opened, used, listened to and closed.

#[cfg(feature = "axum")]
mod api;
mod by_hand;
mod events;
#[cfg(feature = "sqlite")]
mod one_file;
mod opening;

use ticketing::{AccountId, Error, Market, Order, OrderId, SandboxGateway, Ticket};

/// Who sells, and who buys.
const SELLER: AccountId = AccountId::from_u128(1);
const BUYER: AccountId = AccountId::from_u128(2);

async fn opera(market: &Market) -> Ticket {
    market.sell(SELLER, "Opera").price(4500, "EUR").places(10).await.expect("a good offer")
}

/// Orders a place, pays for it, and waits until it is the buyer's.
async fn buy(market: &Market, ticket: &Ticket) -> Order {
    let order = market.order(BUYER, ticket.id).await.expect("there are places");
    pay(market, order.id).await.expect("a good card");
    market.wait(BUYER, order.id, Order::is_completed).await.expect("a paid order completes")
}

async fn pay(market: &Market, order: OrderId) -> Result<ticketing::Payment, Error> {
    market.pay(BUYER, order, SandboxGateway::VISA).await
}
