//! Every port of the marketplace but a real gateway, in one `SQLite` file.
//!
//! For one machine: a durable marketplace without any server. Files are named for the ports they implement. A
//! clone of any adapter is a handle to the same file.
//!
//! - [`SqliteEngines`] is all of them at once, ready for a whole marketplace.
//! - One thread writes, and commits together all that waits; a few connections read beside it.
//! - [`SqliteBroker`] reads the log that commits fill: an event is committed and published by one transaction.
//! - [`SqliteFile::back_up`] copies the file while it is in use.
//!
//! # Why so
//!
//! - **What is acknowledged is on disk.** A commit answers after its transaction was written and synchronised
//!   (`journal_mode=WAL`, `synchronous=FULL`); a power failure takes back only what nobody was told of.
//! - **One process has the file.** It holds a lock that ends with it; another is refused with a sentence.
//! - **Not for many machines**: for those there are MongoDB and Kafka, behind the same ports.

mod account_store;
mod attempt_keys;
mod attempt_notes;
mod audit_reader;
mod backup;
mod commit;
mod config;
mod document;
mod drafts;
mod engines;
mod error;
mod facts;
mod file;
mod gateway;
mod letter_store;
mod limits;
mod lock;
mod moving;
mod news;
mod order_store;
mod outbox;
mod parking;
mod pass_store;
mod payment_store;
mod readers;
mod records;
mod schema;
mod sessions;
mod store;
mod ticket_store;
mod timers;
mod transport;
mod writer;

pub use account_store::SqliteAccountStore;
pub use attempt_keys::SqliteAttemptKeys;
pub use attempt_notes::SqliteAttemptNotes;
pub use audit_reader::SqliteAuditReader;
pub use config::SqliteConfig;
pub use drafts::SqliteDrafts;
pub use engines::SqliteEngines;
pub use error::SqliteError;
pub use file::SqliteFile;
pub use gateway::SqliteGateway;
pub use letter_store::SqliteLetterStore;
pub use limits::SqliteLimiter;
pub use moving::SqliteMove;
pub use order_store::SqliteOrderStore;
pub use outbox::SqliteOutbox;
pub use parking::SqliteParkingLot;
pub use pass_store::SqlitePassStore;
pub use payment_store::SqlitePaymentStore;
pub use records::{SqliteRecords, Unsettled};
pub use sessions::SqliteSessions;
pub use ticket_store::SqliteTicketStore;
pub use timers::SqliteTimers;
pub use transport::{SqliteBroker, SqliteLog, SqlitePublisher, SqliteSubscriber};
