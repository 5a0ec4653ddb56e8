//! Every promise of the stores, kept by a real MongoDB.
#![expect(clippy::panic, reason = "a test that cannot run says so")]

mod bank;
mod carrier;
mod connecting;
mod counting;
mod damaged;
mod durable;
mod earlier;
mod failover;
mod locked;
mod members;
mod moving;
mod outbox_order;
mod publishing;
mod queries;
mod retention;
mod stepdown;
mod tls;
mod world;

use carrier::Carrier;
use counting::Marketplace;
use world::World;

ticketing_conformance::account_store!(World::accounts().await);
ticketing_conformance::ticket_store!(World::tickets().await);
ticketing_conformance::order_store!(World::orders().await);
ticketing_conformance::payment_store!(World::payments().await);
ticketing_conformance::pass_store!(World::passes().await);
ticketing_conformance::letter_store!(World::letters().await);
ticketing_conformance::outbox!(World::orders().await);
ticketing_conformance::parking!(World::orders().await);
ticketing_conformance::gateway!(bank::Bank::open().await);
ticketing_conformance::attempt_keys!(bank::Keys::open().await);
ticketing_conformance::attempt_notes!(bank::Notes::open().await);
ticketing_conformance::audit_reader!(Marketplace::open().await);
ticketing_conformance::transport!(Carrier::open().await);
ticketing_conformance::event_log!(Carrier::open().await);
