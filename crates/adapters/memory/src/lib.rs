//! Every port of the marketplace in memory, with the manners of real engines.
//!
//! It is the reference that the author of an adapter reads, and what tests and
//! a plain `ticketing serve` run on. Files are named for the ports they
//! implement. A clone of any adapter is a handle to the same thing.
//!
//! - Stores commit all of a unit of work or nothing, each with its outbox.
//! - [`MemoryBroker`] is a partitioned log with groups, retries and replay.
//! - [`ManualClock`] moves when a test moves it, and [`ManualLoops`] step when it
//!   says so; all adapters use the clock that they are given.
//! - [`MemoryEngines`] is all of them at once, ready for a whole marketplace.
//! - [`FaultPlan`] makes any adapter fail on purpose, step by step or by chance.
//!
//! # Why so
//!
//! - **As strict as a real engine.** A store that never conflicts and a broker that never repeats would let a program
//!   pass its tests and fail in production: here revisions conflict, leases end, and what was not settled comes again.
//! - **Behind one lock each**, held briefly: an adapter author can read what a promise means without a driver between.
//! - **Not for production**: everything is gone with the process. A market that keeps its state elsewhere
//!   refuses to carry its events here.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use ticketing_core::domain::account::{Account, PasswordHash};
//! use ticketing_core::domain::ids::{AccountId, EventId};
//! use ticketing_core::ports::account_store::AccountStore;
//! use ticketing_core::ports::clock::{Clock, Ids};
//! use ticketing_core::ports::outbox::Outbox;
//! use ticketing_core::ports::store::{UnitOfWork, Write};
//! use ticketing_core::wire::{Origin, seal};
//! use ticketing_memory::{ManualClock, MemoryAccountStore, SequentialIds};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let clock = Arc::new(ManualClock::default());
//! let ids = SequentialIds::new();
//! let store = MemoryAccountStore::new(clock.clone());
//! let now = clock.now();
//!
//! let email = "ada@example.org".parse()?;
//! let hash = PasswordHash::new("$argon2id$…".to_owned());
//! let (account, registered) = Account::register(AccountId::new(ids.uuid(now)), email, hash, now);
//! let event = seal(&registered, EventId::new(ids.uuid(now)), now, &Origin::new(ids.uuid(now)));
//! store.commit(UnitOfWork::default().with(Write::insert(account.clone())).telling(event)).await?;
//!
//! assert_eq!(store.account_by_email(&account.email).await?.map(|stored| stored.record), Some(account));
//! assert_eq!(store.outbox().pending(None, 10).await?.events.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod account_store;
mod attempt_keys;
mod attempt_notes;
mod audit_reader;
mod clock;
mod drafts;
mod engines;
mod faults;
mod gateway;
mod ids;
mod letter_store;
mod limits;
mod lock;
mod loops;
mod mailer;
mod order_store;
mod outbox;
mod parking;
mod pass_store;
mod payment_store;
mod search_index;
mod sessions;
mod store;
mod ticket_feed;
mod ticket_store;
mod timers;
mod transport;
mod unreadable;

pub use account_store::MemoryAccountStore;
pub use attempt_keys::MemoryAttemptKeys;
pub use attempt_notes::MemoryAttemptNotes;
pub use audit_reader::MemoryAuditReader;
pub use clock::{ManualClock, SystemClock};
pub use drafts::MemoryDrafts;
pub use engines::MemoryEngines;
pub use faults::{Fault, FaultPlan, FaultRates, Operation};
pub use gateway::{Charge, SandboxConfig, SandboxGateway};
pub use ids::{RandomIds, SequentialIds};
pub use letter_store::MemoryLetterStore;
pub use limits::MemoryLimiter;
pub use loops::ManualLoops;
pub use mailer::MemoryMailer;
pub use order_store::MemoryOrderStore;
pub use outbox::MemoryOutbox;
pub use parking::MemoryParkingLot;
pub use pass_store::MemoryPassStore;
pub use payment_store::MemoryPaymentStore;
pub use search_index::{MemorySearchIndex, MemorySearchIndexes};
pub use sessions::MemorySessions;
pub use ticket_feed::{MemoryTicketFeed, MemoryTicketFeeds};
pub use ticket_store::MemoryTicketStore;
pub use timers::MemoryTimers;
pub use transport::{MemoryBroker, MemoryBrokerConfig, MemoryLog, MemoryPublisher, MemorySubscriber};
