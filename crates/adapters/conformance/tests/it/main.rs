//! The kit itself: it notices what is broken, and every contract has its rules.

mod breaking;
mod contracts;
mod patience;
mod tables;
#[path = "../../../memory/tests/it/world.rs"]
mod world;
