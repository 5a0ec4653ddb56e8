//! How a market works.

use std::time::Duration;

use ticketing_core::assembly::Settings;
use ticketing_core::domain::hold_limits::HoldLimits;

use super::MarketBuilder;

impl MarketBuilder {
    /// Holds the places of an order so long; a quarter of an hour unless this is said.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::builder().hold_for(Duration::from_mins(5)).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(order.pay_by().ok(), Some(order.placed_at.after(Duration::from_mins(5))));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn hold_for(mut self, span: Duration) -> Self {
        self.settings.batcher.hold_for = span;
        self
    }

    /// How much one buyer may hold.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::core::domain::hold_limits::HoldLimits;
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let limits = HoldLimits { open_orders: Some(1), ..HoldLimits::default() };
    /// let market = Market::builder().hold_limits(limits).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// market.order(buyer, opera.id).await?;
    /// assert_eq!(market.order(buyer, opera.id).await.unwrap_err().code(), "too_many_open_orders");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn hold_limits(mut self, limits: HoldLimits) -> Self {
        self.settings.batcher.limits = limits;
        self
    }

    /// Changes whatever else can be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::Market;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::builder()
    ///     .settings(|settings| {
    ///         settings.payment_grace = Duration::from_mins(1);
    ///         settings.consumer.max_attempts = 20;
    ///     })
    ///     .open()
    ///     .await?;
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}
