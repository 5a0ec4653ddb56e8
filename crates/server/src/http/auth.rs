//! Who asks: cookies, tokens and sessions, and that no other site asks for them.

pub mod actor;
pub mod cookies;
pub(crate) mod devices;
pub mod renew;
pub mod same_origin;
