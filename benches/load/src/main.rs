//! Load for a marketplace.

fn main() {}
