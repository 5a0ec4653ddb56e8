//! Every promise of every port, kept in a file.

mod abandoned;
mod closing;
mod committing;
mod earlier;
mod following;
mod killed;
mod moving;
mod power;
mod world;

use world::World;

ticketing_conformance::account_store!(World::open().await);
ticketing_conformance::ticket_store!(World::open().await);
ticketing_conformance::order_store!(World::open().await);
ticketing_conformance::payment_store!(World::open().await);
ticketing_conformance::pass_store!(World::open().await);
ticketing_conformance::letter_store!(World::open().await);
ticketing_conformance::outbox!(World::open().await);
ticketing_conformance::transport!(World::open().await);
ticketing_conformance::event_log!(World::open().await);
ticketing_conformance::parking!(World::open().await);
ticketing_conformance::timers!(World::open().await);
ticketing_conformance::gateway!(World::open().await);
ticketing_conformance::attempt_keys!(World::open().await);
ticketing_conformance::attempt_notes!(World::open().await);
ticketing_conformance::sessions!(World::open().await);
ticketing_conformance::limits!(World::open().await);
ticketing_conformance::drafts!(World::open().await);
ticketing_conformance::ticket_feed!(World::open().await);
ticketing_conformance::audit_reader!(World::open().await);
