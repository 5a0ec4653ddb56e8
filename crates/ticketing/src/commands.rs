//! What people do on a market: each command is built in a line, and carried out when it is awaited.

mod order;
mod pay;
mod sell;

pub use order::OrderPlaces;
pub use pay::Pay;
pub use sell::Sell;

use std::pin::Pin;

use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::usecase::error::Error;

/// A command under way.
pub(crate) type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The key that a command was given.
fn key(text: Option<&str>) -> Result<Option<IdempotencyKey>, Invalid> {
    text.map(str::parse).transpose()
}
