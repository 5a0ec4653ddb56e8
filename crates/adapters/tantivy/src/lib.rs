//! The search index of the marketplace by [Tantivy](https://docs.rs/tantivy), in memory or in a folder.
//!
//! A clone of a [`TantivyIndex`] is a handle to the same index.
//!
//! - **What was applied is found when `apply` returns.** Each batch is one commit, and the reader is reloaded before
//!   its caller hears of it: there is no interval after which it becomes visible.
//! - **The watermark is in the commit.** A restart reads on from there; a batch that was cut off is as if it had never
//!   come.
//! - **A damaged folder is set aside.** When a folder is opened, the sums of its files are checked. If one is wrong,
//!   the folder is renamed, the log says so, and the index begins with nothing.
//! - **One process has a folder**, by a lock that ends with it.
//! - **A rank stays what it is**: what a hit earns depends on the question and the ticket alone, so pages
//!   join while others change what the index has.
//!
//! Searches run on blocking threads.
//!
//! # Examples
//!
//! ```
//! use ticketing_core::domain::ids::{AccountId, TicketId};
//! use ticketing_core::domain::search::{Filters, Question, SearchChange, SearchPage, SearchSort, Watermark};
//! use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
//! use ticketing_core::domain::time::Timestamp;
//! use ticketing_core::ports::search_index::SearchIndex;
//! use ticketing_tantivy::{TantivyConfig, TantivyIndex};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Timestamp::from_millis(1_800_000_000_000);
//! let opera = OfferInput {
//!     title: "Così fan tutte",
//!     city: Some("Wien"),
//!     amount: 4500,
//!     currency: "EUR",
//!     quantity: 2,
//!     ..OfferInput::default()
//! };
//! let (opera, _) = Ticket::create(TicketId::from_u128(1), AccountId::from_u128(2), Offer::parse(opera)?, now)
//!     .map_err(|refusal| format!("{refusal:?}"))?;
//!
//! let index = TantivyIndex::open(TantivyConfig::default()).await?;
//! index.apply(vec![SearchChange::Facts(Box::new(opera))], Watermark::begin(uuid::Uuid::nil())).await?;
//!
//! let question = Question::parse("cosi wien", Filters::default(), SearchSort::BestMatch, now)?;
//! assert_eq!(index.search(&question, SearchPage::First { limit: 10 }).await?.count, 1);
//! # Ok(())
//! # }
//! ```

mod collect;
mod config;
mod directory;
mod document;
mod error;
mod folder;
mod indexes;
mod name;
mod numbered;
mod question;
mod schema;
#[cfg(test)]
mod scratch;
mod search_index;
mod standing;
mod words;
mod writer;

pub use config::TantivyConfig;
pub use error::OpenError;
pub use indexes::TantivyIndexes;
pub use search_index::TantivyIndex;
