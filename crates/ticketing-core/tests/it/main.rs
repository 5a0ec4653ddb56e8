//! What the marketplace promises as a whole: its behaviour, its wire format and its shape.

#![expect(clippy::panic, reason = "a helper of a test panics where something does not hold")]

mod architecture;
mod crash;
mod disconnect;
mod invariants;
mod journey;
mod late_money;
mod market;
mod race;
mod random;
mod wire;
