//! Runnable examples of the marketplace library.
//!
//! `cargo run -p ticketing-examples --example quickstart` is the place to begin.
