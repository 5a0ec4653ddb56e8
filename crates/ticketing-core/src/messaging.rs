//! How events travel: out of an outbox by the relay, into a service by its consumer.
//!
//! Everything here that repeats has one shape, [`driver::Step`]: idempotent,
//! without input, one bounded batch, and it says how much was done. One driver
//! runs them all and stops them in order.

pub mod backoff;
pub mod consumer;
pub mod driver;
pub mod durations;
pub mod keyed_deliveries;
pub mod panic;
pub mod relay;
pub mod shutdown;
pub mod spans;
