//! Who asks, from where, and how often.

pub mod client;
pub mod cookies;
pub mod current_user;
pub mod devices;
pub(crate) mod limits;
pub mod network;
pub mod renew;
pub mod same_origin;
