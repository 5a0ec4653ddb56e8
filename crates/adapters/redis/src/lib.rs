//! Timers, sessions and limits of the marketplace in Redis.
