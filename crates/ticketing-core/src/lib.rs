//! The rules of a ticket marketplace and the ports its engines plug into.
//!
//! It is for applications that need one service alone, their own engines, or only the rules. The crate `ticketing`
//! puts everything here into one value, and is the place to start.
//!
//! Nothing here knows a runtime, a database, a broker or HTTP. `ticketing-memory` implements every port, and is the
//! reference for adapters.
//!
//! # Examples
//!
//! A rule is a function of values: it gets everything as arguments, and returns the next state with the event about it, or a
//! refusal.
//!
//! ```
//! use std::time::Duration;
//! use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
//! use ticketing_core::domain::money::Quantity;
//! use ticketing_core::domain::stock::{OrderRequest, Stock, StockRefusal};
//! use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
//! use ticketing_core::domain::time::Timestamp;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let [seller, ben, eve] = [1, 2, 3].map(AccountId::from_u128);
//! let now = Timestamp::from_millis(1_800_000_000_000);
//! let offer = Offer::parse(OfferInput { title: "Opera", amount: 4500, currency: "EUR", quantity: 1, ..OfferInput::default() })?;
//! let Ok((ticket, _)) = Ticket::create(TicketId::from_u128(1), seller, offer, now) else { panic!("it may be sold") };
//!
//! let request = |buyer| OrderRequest {
//!     id: OrderId::from_u128(2),
//!     buyer,
//!     quantity: Quantity::ONE,
//!     price_seen: None,
//!     facts_seen: None,
//!     key: None,
//! };
//! let Ok((stock, order, _event)) = Stock::of(&ticket).hold(request(ben), now, now.after(Duration::from_mins(15))) else {
//!     panic!("there is a place")
//! };
//! assert_eq!(order.total().amount, 4500);
//! assert_eq!(stock.hold(request(eve), now, now).unwrap_err(), StockRefusal::SoldOut { available: 0 });
//! # Ok(())
//! # }
//! ```
//!
//! [`ServiceContext`](assembly::ServiceContext) has an example of services that run.
//!
//! # How it works
//!
//! Read it in this order:
//!
//! - [`domain`]: what is allowed. Pure values and decisions; no clock, no I/O.
//! - [`ports`]: what the marketplace needs from the outside, as small traits.
//! - [`wire`]: encodes events as bytes, and decodes current and old bytes.
//! - [`messaging`]: how events travel, and the driver of every loop.
//! - [`usecase`]: what a person can do, one file per command, and the batcher that decides orders together.
//! - [`assembly`]: services put together from their ports, and what runs behind them.
//! - [`audit`]: what must hold, checked on the data of a running marketplace.
//! - [`rebuild`]: rebuilds a service's replicas of other services from the log.
//! - [`moving`]: everything that a marketplace keeps, as values to be moved to other engines.
//!
//! # Why so
//!
//! - **A service owns its state and hears of the others by events alone**, so each can be stopped, moved and scaled by
//!   itself. Orders keeps the stock of a ticket beside its orders: a hold and its order are one commit, and no two buyers
//!   get one place.
//! - **Orders are decided in batches.** What limits a shop is the number of commits. A batcher takes all that wait, decides
//!   them in order of arrival and commits once, so a rush for one ticket costs no more than a thousand quiet ones.
//! - **A unit of work is a value**, committed once. No transaction stays open across a port, so an adapter may do it in
//!   whatever way its engine does best, and a test needs no engine at all.
//! - **An outbox.** Events are committed with the state that they report, and a relay publishes them. Published before the
//!   commit, an event may report what never happened; published after it, a crash in between loses it.
//! - **At least once, effects once.** No transport delivers exactly once. Each event carries the version of its aggregate,
//!   and a replica takes it over only if it is newer, so that repetitions and old news change nothing.
//! - **No event sourcing.** State is stored as it is, which is what people want to read, back up and repair. Each event
//!   carries the whole public state of its aggregate, so a consumer needs the newest one and no history.
//! - **Ports have no default methods.** A default would be a promise that an adapter breaks unnoticed. Each line of a
//!   contract is a rule of `ticketing-conformance` instead, which every adapter passes.

pub mod domain;
pub mod ports;
pub mod wire;

pub mod messaging;

pub mod usecase;

pub mod assembly;

pub mod audit;

pub mod rebuild;

pub mod moving;
