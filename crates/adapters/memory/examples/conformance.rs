//! Prints which promises the adapters in memory keep.

use std::io::Write as _;

#[path = "../tests/it/machine.rs"]
mod machine;
#[path = "../tests/it/world.rs"]
mod world;

use machine::Machine;
use world::World;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut report = ticketing_conformance::report! {
        clock: Machine::default();
        account_store: World::default();
        ticket_store: World::default();
        order_store: World::default();
        payment_store: World::default();
        pass_store: World::default();
        outbox: World::default();
    };
    let rest = ticketing_conformance::report! {
        transport: World::default();
        event_log: World::default();
        parking: World::default();
        timers: World::default();
        gateway: World::default();
        sessions: World::default();
        limits: World::default();
        audit_reader: World::default();
    };
    report.lines.extend(rest.lines);
    writeln!(std::io::stdout(), "{report}")
}
