//! Who asks: cookies, tokens and sessions, and that no other site asks for them.

pub mod actor;
pub(crate) mod at_door;
pub mod cookies;
pub(crate) mod devices;
pub(crate) mod own_sessions;
pub mod renew;
pub(crate) mod same_origin;
