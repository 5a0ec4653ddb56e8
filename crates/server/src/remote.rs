//! The services that run in other processes, and how requests reach them.

mod contacts;
mod forward;
mod services;
mod upstream;

pub use contacts::RemoteContacts;
pub(crate) use contacts::{CONTACTS, ContactAnswer, ContactQuestion};
pub(crate) use forward::{FromPage, forward, pass};
pub use services::RemoteServices;
pub use upstream::Upstream;
