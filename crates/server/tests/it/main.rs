//! The whole system on memory, driven through its HTTP surface.
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what it lacks")]

mod app;
#[path = "../visitor/browser.rs"]
mod browser;
#[path = "../visitor/call.rs"]
mod call;
#[path = "../visitor/marketplace.rs"]
mod marketplace;
#[path = "../visitor/watched.rs"]
mod watched;

mod addresses;
mod admissions;
mod alerts;
mod architecture;
mod authorisation;
mod bad_input;
mod bodies;
mod client;
mod cookies;
mod crowd;
mod embed;
mod front_door;
mod health;
mod holds;
mod idempotency;
mod invented;
mod journey;
mod keys;
mod letters;
mod limits;
mod live;
mod logging;
mod mail;
mod metrics;
mod money;
mod openapi;
mod operators;
mod origin;
mod paging;
mod passwords;
mod process;
mod reference;
mod sales;
mod search;
mod sellers;
mod sessions;
mod settings;
mod site;
mod storm;
mod tickets;
mod tokens;
