//! Payments of the marketplace by [Stripe](https://stripe.com).
//!
//! | port | adapter |
//! | --- | --- |
//! | `PaymentGateway` | [`StripeGateway`], with `AttemptNotes` of another adapter |
//!
//! The card token of a capture selects how it is charged:
//!
//! - [`CardToken::HOSTED`](ticketing_core::ports::gateway::CardToken::HOSTED) creates a Checkout Session. The buyer is
//!   redirected to a page of Stripe, enters the card there and comes back. This needs no script, and no card details
//!   pass through the marketplace.
//! - The id of a payment method, `pm_…`, which an application got from Stripe's SDK, is charged by a `PaymentIntent`.
//!   If the bank must authenticate the buyer, the capture returns the address to open.
//!
//! # Why nobody is charged twice
//!
//! An attempt is prepared at Stripe, its id is noted, and only then can it take money: the intent is confirmed, or the
//! buyer gets the address. An attempt without a note was therefore never charged, and a look-up closes it with a note of
//! its own. An attempt with a note is read by its id, and closed at Stripe, which refuses to charge it from then on.
//! No result depends on a clock, on how long Stripe keeps idempotency keys, or on its search index, which lags behind.
//!
//! The adapter never repeats a request that got no answer: the marketplace looks the attempt up.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use ticketing_memory::MemoryAttemptNotes;
//! use ticketing_stripe::{StripeConfig, StripeGateway};
//!
//! # fn open(key: &str, webhook_secret: &str) -> Result<StripeGateway, Box<dyn std::error::Error>> {
//! let config = StripeConfig::new(key, webhook_secret, "https://tickets.example/orders");
//! // In production, use notes that are as durable as the payments, such as those of `ticketing-mongodb`.
//! let gateway = StripeGateway::new(&config, Arc::new(MemoryAttemptNotes::default()))?;
//! # Ok(gateway)
//! # }
//! ```

mod amount;
mod api;
mod attempts;
mod config;
mod error;
mod gateway;
mod notice;
mod refunds;
mod stage;

pub use config::StripeConfig;
pub use error::StripeError;
pub use gateway::StripeGateway;
