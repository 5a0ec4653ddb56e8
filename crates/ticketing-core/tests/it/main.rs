//! What the marketplace promises as a whole: its behaviour, its wire format and its shape.

#![expect(clippy::panic, reason = "a helper of a test panics where something does not hold")]

mod accounts;
mod admissions;
mod alerts;
mod architecture;
mod audit;
mod batcher;
mod batcher_isolate;
mod buyer_acts;
mod consumer;
mod crash;
mod disconnect;
mod durable;
mod followed;
mod hold_limits;
mod invariants;
mod invented;
mod joint_reads;
mod journey;
mod late_money;
mod letters;
mod locked;
mod loops;
mod mailbox;
mod market;
mod notifications;
mod passwords;
mod percolation;
mod race;
mod random;
mod rebuild;
mod refunds;
mod relay;
mod renewals;
mod search;
mod search_rebuild;
mod sellers;
mod selling;
mod unreadable;
mod wire;
