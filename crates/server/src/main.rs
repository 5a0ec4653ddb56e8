//! The `ticketing` program.

fn main() {}
