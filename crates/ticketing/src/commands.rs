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

/// The values of a command, and everything that is wrong with them.
#[derive(Debug, Default)]
struct Checked(Vec<Invalid>);

impl Checked {
    fn value<T>(&mut self, value: Result<T, Invalid>) -> Option<T> {
        value.map_err(|wrong| self.0.push(wrong)).ok()
    }

    fn key(&mut self, key: Option<&str>) -> Option<IdempotencyKey> {
        self.value(key.map(str::parse).transpose()).flatten()
    }

    fn end(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}
