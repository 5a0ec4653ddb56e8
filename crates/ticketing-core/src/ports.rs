//! What the marketplace needs from the outside: small traits, one role each.
//!
//! A port is dyn-compatible and used as `Arc<dyn Port>`; its adapters are crates
//! named for a technology. Each line of a `# Contract` names a rule of
//! `ticketing-conformance` that every adapter passes.
//!
//! Invariant: no vendor type, no open transaction and no callback crosses a port.

pub mod account_store;
pub mod attempt_keys;
pub mod attempt_notes;
pub mod audit_reader;
pub mod authorities;
pub mod clock;
pub mod contacts;
pub mod drafts;
pub mod gateway;
pub mod identity;
pub mod letter_store;
pub mod letter_writer;
pub mod limits;
pub mod link_signer;
pub mod log;
pub mod mailer;
pub mod order_store;
pub mod outbox;
pub mod parking;
pub mod pass_signer;
pub mod pass_store;
pub mod payment_provider;
pub mod payment_store;
pub mod search_index;
pub mod store;
pub mod ticket_feed;
pub mod ticket_store;
pub mod timers;
pub mod transport;
pub mod unreadable;

/// The cause of a failure, as the adapter saw it; only for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error and all its sources, in one line for the log.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
