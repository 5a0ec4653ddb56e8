//! What is left of a ticket and for how much, while it changes.

mod feed;
mod hub;
mod known;
mod stream;

pub(crate) use feed::FeedLive;
pub use hub::{Crowded, Listener, LiveUpdates, Update};
pub use known::Offered;
pub(crate) use stream::{Streams, routes};
