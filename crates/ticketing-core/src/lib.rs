//! The rules of a ticket marketplace and the ports its engines plug into.
//!
//! Read it in this order:
//!
//! - [`domain`]: what is allowed. Pure values and decisions; no clock, no I/O.
//! - [`ports`]: what the marketplace needs from the world, as small traits.
//! - [`wire`]: how an event becomes bytes, and old bytes become events.
//! - [`usecase`]: what a person can do, one file a command.
//! - [`flow`]: how orders are decided together and how events travel.
//! - [`assembly`]: services put together from their ports, and what runs behind them.
//! - [`audit`]: what must hold, checked on the data of a running marketplace.
//! - [`rebuild`]: what a service knows of the others, made anew from the log.
//!
//! The crate knows no runtime, no database, no broker and no HTTP.
//! `ticketing-memory` implements every port and is the place to start:
//! its documentation assembles a whole marketplace in a few lines.

pub mod domain;
pub mod ports;
pub mod wire;

pub mod usecase;

pub mod flow;

pub mod assembly;

pub mod audit;

pub mod rebuild;
