//! Benchmarks of the marketplace; see `benches/marketplace`.
//!
//! `cargo bench -p ticketing-benches` prints every figure as a ratio against a
//! bare baseline that was measured in the same run, because machines are noisy
//! and ratios are not.
