//! What is left of a ticket and for how much, while it changes.

mod feed;
mod hub;
mod known;

pub(crate) use feed::LiveFollowsEvents;
pub use hub::{Crowded, Listener, LiveUpdates, Update};
pub use known::Offered;
