//! The Stripe account, and how long to wait for its API.

use std::fmt;
use std::time::Duration;

/// The Stripe account, and how long to wait for its API.
///
/// # Examples
///
/// ```
/// use ticketing_stripe::StripeConfig;
///
/// let mut config = StripeConfig::new("sk_test_1", "whsec_new", "https://tickets.example/orders");
/// config.webhook_secrets.push("whsec_old".into());
/// assert!(!format!("{config:?}").contains("sk_test_1"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StripeConfig {
    /// The secret key of the account, `sk_…`, or a restricted one, `rk_…`, that may write Checkout Sessions,
    /// `PaymentIntents` and Refunds.
    pub key: String,
    /// The signing secrets of the webhook endpoint, `whsec_…`; several while one replaces another.
    pub webhook_secrets: Vec<String>,
    /// The address of the orders, to which buyers return: an order is at this address, a slash and its id.
    pub orders_url: String,
    /// The base address of the API.
    pub url: String,
    /// The longest that a request may take, including the connection.
    pub response_timeout: Duration,
    /// The longest that connecting may take.
    pub connection_timeout: Duration,
}

impl StripeConfig {
    /// The address of Stripe's own API.
    pub const URL: &str = "https://api.stripe.com";

    /// An account with one webhook secret and the default limits.
    #[must_use]
    pub fn new(key: &str, webhook_secret: &str, orders_url: &str) -> Self {
        Self {
            key: key.to_owned(),
            webhook_secrets: vec![webhook_secret.to_owned()],
            orders_url: orders_url.to_owned(),
            url: Self::URL.to_owned(),
            response_timeout: Duration::from_secs(8),
            connection_timeout: Duration::from_secs(3),
        }
    }
}

/// Without the key and the secrets.
impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeConfig")
            .field("orders_url", &self.orders_url)
            .field("url", &self.url)
            .field("response_timeout", &self.response_timeout)
            .field("connection_timeout", &self.connection_timeout)
            .finish_non_exhaustive()
    }
}
