//! Runnable examples of the marketplace library.
//!
//! `cargo run -p ticketing-examples --example quickstart` is the place to begin.

/// What the README shows is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
