//! Every promise of every port, kept in memory.

mod asked;
mod faults;
mod feeding;
mod machine;
mod notes;
mod searching;
mod world;

use asked::Asked;
use feeding::Shop;
use world::World;

mod by_hand {
    use super::World;

    ticketing_conformance::clock!(World::default());
}

mod by_the_machine {
    use super::machine::Machine;

    ticketing_conformance::clock!(Machine::default());
}

mod by_asking {
    use super::Asked;

    ticketing_conformance::gateway!(Asked::default().world);
}

ticketing_conformance::account_store!(World::default());
ticketing_conformance::ticket_store!(World::default());
ticketing_conformance::order_store!(World::default());
ticketing_conformance::payment_store!(World::default());
ticketing_conformance::pass_store!(World::default());
ticketing_conformance::letter_store!(World::default());
ticketing_conformance::outbox!(World::default());
ticketing_conformance::transport!(World::default());
ticketing_conformance::event_log!(World::default());
ticketing_conformance::parking!(World::default());
ticketing_conformance::timers!(World::default());
ticketing_conformance::gateway!(World::default());
ticketing_conformance::attempt_keys!(Asked::default());
ticketing_conformance::attempt_notes!(notes::Notes::default());
ticketing_conformance::search_index!(searching::Search::default());
ticketing_conformance::sessions!(World::default());
ticketing_conformance::limits!(World::default());
ticketing_conformance::drafts!(World::default());
ticketing_conformance::mailer!(World::default());
ticketing_conformance::ticket_feed!(Shop::default());
ticketing_conformance::audit_reader!(World::default());
