//! The services that run in other processes, and how requests reach them.

mod forward;
mod services;
mod upstream;

pub(crate) use forward::{FromPage, forward, pass};
pub use services::RemoteServices;
pub use upstream::Upstream;
