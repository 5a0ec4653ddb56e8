//! What every request passes, and what a handler takes out of one.
//!
//! Who asks and from where, the same-origin check, limits, and how a refusal is answered.

pub mod auth;
pub(crate) mod client;
pub mod edge;
pub mod etag;
pub mod extract;
pub(crate) mod limits;
pub(crate) mod prefix;
pub mod problem;
pub(crate) mod slash;
pub mod trace;
pub(crate) mod unwritten;
