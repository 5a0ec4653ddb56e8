//! Who asks: cookies, tokens and sessions, and that no other site asks for them.

pub mod cookies;
pub mod current_user;
pub(crate) mod devices;
pub mod renew;
pub mod same_origin;
