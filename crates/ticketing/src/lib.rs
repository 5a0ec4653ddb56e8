//! A ticket marketplace to embed: people sell, order and pay; no place is sold twice, nobody is charged twice, and
//! nothing that was acknowledged is lost.
//!
//! [`Market`] is the whole of it in one value. By default it runs in memory with a sandbox for a bank:
//!
//! ```
//! use ticketing::{AccountId, Market, Order, SandboxGateway};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let market = Market::builder().open().await?;
//! let [seller, buyer] = [1, 2].map(AccountId::from_u128);
//!
//! let ticket = market.sell(seller, "Così fan tutte").price(4500, "EUR").await?;
//! let order = market.order(buyer, ticket.id).await?;
//! market.pay(buyer, order.id, SandboxGateway::VISA).await?;
//! let order = market.wait(buyer, order.id, Order::is_completed).await?;
//! println!("{} is yours for {}", order.ticket.event.title, order.total());
//!
//! market.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! Four services (tickets, orders, payments, expiration) each own their state and hear of the others by events alone.
//! A service saves its state and the event about it in one commit; a relay publishes what was committed, and consumers
//! keep what they need of the others. `Market` puts them into one process and starts every loop between them.
//!
//! # Why so
//!
//! - **Orders are decided in batches**, one commit for all that wait, so that a rush for one ticket costs one write
//!   and not one write for each buyer, and no two buyers get one place.
//! - **An outbox** instead of publishing after the commit: a process that dies between the two loses nothing.
//! - **Not event sourcing**: state is stored as it is, which is what most people want to read, back up and repair.
//!
//! # Which engines
//!
//! | engines | state after a restart | processes | for |
//! | --- | --- | --- | --- |
//! | in memory (default) | gone | one | tests, demonstrations, tools |
//! | one `SQLite` file (feature `sqlite`) | everything that was acknowledged | one | shops on one machine |
//! | MongoDB, events too (feature `mongodb`) | everything that was acknowledged | as many as you like | shops that want one engine |
//! | MongoDB and Kafka (features `mongodb`, `kafka`) | everything that was acknowledged | as many as you like | shops |
//! | timers in Redis (feature `redis`) | kept; without it, orders expire a few seconds later after a restart | | busy shops |
//!
//! State that outlives the process over a transport that does not would lose events at a restart: [`MarketBuilder::open`]
//! refuses it.
//!
//! # Beneath it
//!
//! The parts are public: [`core`] has the rules, the ports and the use cases, [`memory`] every port in memory.
//! For one service alone, or with your own engines, assemble them with
//! [`ServiceContext`](core::assembly::ServiceContext).

#[cfg(feature = "axum")]
mod api;
mod builder;
mod commands;
mod engines;
mod events;
mod market;
mod on_their_way;
#[cfg(feature = "testing")]
mod testing;

pub use builder::{MarketBuilder, OpenError};
pub use commands::{OrderPlaces, Pay, Sell};
pub use engines::{EngineError, Stores, Transport};
pub use events::{
    AccountRegistered, EventContext, MarketEvent, OrRetry, OrderCancelled, OrderCompleted, OrderCreated,
    PaymentCaptured, PaymentFailed, PaymentRefunded, TicketCreated, TicketUpdated, TicketWithdrawn,
};
pub use market::{Market, WaitError};
#[cfg(feature = "testing")]
pub use testing::TestMarket;

pub use ticketing_core as core;
pub use ticketing_core::assembly::{LoopEnded, LoopFailed};
pub use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
pub use ticketing_core::domain::order::{CancelReason, Order, OrderStatus};
pub use ticketing_core::domain::payment::{Payment, PaymentStatus};
pub use ticketing_core::domain::ticket::{Listing, Ticket};
pub use ticketing_core::domain::time::Timestamp;
pub use ticketing_core::messaging::consumer::{EventHandler, HandleError, Incoming};
pub use ticketing_core::ports::gateway::PaymentGateway;
pub use ticketing_core::ports::transport::StartFrom;
pub use ticketing_core::usecase::error::{Error, ErrorKind};
pub use ticketing_memory as memory;
pub use ticketing_memory::SandboxGateway;

#[cfg(feature = "axum")]
pub use ticketing_server::embed;

#[cfg(feature = "kafka")]
pub use ticketing_kafka as kafka;
#[cfg(feature = "mongodb")]
pub use ticketing_mongodb as mongodb;
#[cfg(feature = "redis")]
pub use ticketing_redis as redis;
#[cfg(feature = "sqlite")]
pub use ticketing_sqlite as sqlite;
#[cfg(feature = "stripe")]
pub use ticketing_stripe as stripe;
#[cfg(feature = "tantivy")]
pub use ticketing_tantivy as tantivy;
