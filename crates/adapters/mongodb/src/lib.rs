//! Stores, outboxes and parking lots of the marketplace in MongoDB, and its log of events.
//!
//! Each service has its own database. A unit of work is one transaction,
//! with its events as rows of the service's outbox, however many decisions it
//! carries; so a replica set is needed, of which one member will do.
//!
//! - Writes are compared by revision; unique indexes are the second line of
//!   defence. Each index has a name and is made when a store is opened.
//! - Everything is read and written by majority: what is acknowledged outlives
//!   the member that took it. After an election nothing is read until the new primary
//!   shows all that the one before acknowledged.
//! - [`MongoBroker`] is a transport that needs nothing else: the log of events and its groups are a database
//!   beside those of the services. What a majority has journaled is published.
//! - A caller that stops waiting ends that wait alone: the driver's work
//!   goes on in its own task. So a tokio runtime is needed.
//! - TLS and DNS seed lists (`mongodb+srv`) are a matter of the connection string.
//!   [`MongoConfig::ca`] names authorities of your own; certificates are always checked.
//!
//! # Why so
//!
//! - **One transaction for a batch.** It is the commit that takes time, and much less what it carries: a unit of work is
//!   one transaction of a few round trips, with one decision or with hundreds.
//! - **Events in the same transaction**, and not in change streams: an event is what the service decided to publish, not
//!   what happened to its documents, and the outbox is emptied by deleting, without a position to keep.
//! - **A relay between the outbox and the log**, though both may be in MongoDB: rows get no order of commit from the
//!   server, so each topic has a document that counts them, and services do not wait for each other there.
//! - **One database per service**, so that each can be backed up, restored and moved by itself.
//!
//! # Examples
//!
//! ```no_run
//! use ticketing_mongodb::{MongoClient, MongoConfig, MongoOrderStore};
//!
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let config = MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0");
//! let client = MongoClient::connect(&config).await?;
//! let orders = MongoOrderStore::open(&client).await?;
//! let (outbox, parking) = (orders.outbox(), orders.parking());
//! # let _ = (outbox, parking); Ok(())
//! # }
//! ```

mod account_store;
mod attempt_keys;
mod attempt_notes;
mod audit_reader;
mod client;
mod commit;
mod config;
mod document;
mod elections;
mod error;
mod facts;
mod gateway;
mod letter_store;
mod moving;
mod order_store;
mod outbox;
mod parking;
mod pass_store;
mod payment_store;
mod pool;
mod query;
mod records;
mod store;
mod ticket_store;
mod transport;

pub use account_store::MongoAccountStore;
pub use attempt_keys::MongoAttemptKeys;
pub use attempt_notes::MongoAttemptNotes;
pub use audit_reader::MongoAuditReader;
pub use client::MongoClient;
pub use config::MongoConfig;
pub use error::MongoError;
pub use gateway::MongoGateway;
pub use letter_store::MongoLetterStore;
pub use moving::{MongoMove, MoveState};
pub use order_store::MongoOrderStore;
pub use outbox::MongoOutbox;
pub use parking::MongoParkingLot;
pub use pass_store::MongoPassStore;
pub use payment_store::MongoPaymentStore;
pub use pool::PoolCounts;
pub use records::MongoRecords;
pub use ticket_store::MongoTicketStore;
pub use transport::{MongoBroker, MongoLog, MongoPublisher, MongoSubscriber};
