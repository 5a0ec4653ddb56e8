//! Says what a market stands on.

mod engines;
mod followers;
mod opening;
mod settings;

use std::sync::Arc;

use ticketing_core::assembly::Settings;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_core::ports::timers::TimerQueue;

use crate::engines::{Stores, Transport};

use followers::Follower;
#[cfg(feature = "testing")]
pub(crate) use opening::Assembled;
pub use opening::OpenError;

/// Says what a market stands on, and then opens it. A clone says the same.
///
/// Whatever is not said is in memory, with the sandbox for a bank.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing::{Market, OrderCompleted};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let market = Market::builder()
///     .hold_for(Duration::from_mins(5))
///     .on("mailer", |event: OrderCompleted, context| async move {
///         println!("mail {} to {}", context.idempotency_key(), event.order.buyer);
///         Ok(())
///     })
///     .open()
///     .await?;
/// # market.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing runs before `open`"]
pub struct MarketBuilder {
    pub(crate) settings: Settings,
    env: Option<ClockAndIds>,
    stores: Option<Stores>,
    transport: Option<Transport>,
    timers: Option<Arc<dyn TimerQueue>>,
    index: Option<Arc<dyn SearchIndex>>,
    indexes: Option<Arc<dyn SearchIndexes>>,
    #[cfg(feature = "sqlite")]
    file: Option<ticketing_sqlite::SqliteConfig>,
    gateway: Option<Arc<dyn PaymentGateway>>,
    takes_no_money: bool,
    followers: Vec<Follower>,
}
