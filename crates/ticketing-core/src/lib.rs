//! The rules of a ticket marketplace and the ports its engines plug into.
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
//!
//! The crate knows no runtime, no database, no broker and no HTTP.
//! `ticketing-memory` implements every port and is the place to start:
//! its documentation assembles a whole marketplace in a few lines.

pub mod domain;
pub mod ports;
pub mod wire;

pub mod messaging;

pub mod usecase;

pub mod assembly;

pub mod audit;

pub mod rebuild;
