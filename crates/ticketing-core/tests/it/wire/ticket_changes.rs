//! Changed tickets on the wire: what a release once wrote, and bytes that mean nothing.

use bytes::Bytes;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::ticket::{Sales, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::wire::{TicketChanges, TicketState};
use uuid::Uuid;

/// Never edited: processes of two releases share one feed.
const GOLDEN: &str = concat!(
    "0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f6",
    r#"{"amount":4250,"currency":"EUR","quantity":200,"on_sale":true,"version":3,"held":2,"sold":17,"sales_version":41}"#,
    "\n0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f7\n"
);

fn changes() -> [(TicketId, Option<TicketState>); 2] {
    let price = Price::new(Money { amount: 4250, currency: "EUR".parse().expect("a currency") }).expect("a price");
    let (quantity, status) = (Quantity::new(200).expect("a quantity"), TicketStatus::OnSale);
    let sales = Sales { held: 2, sold: 17, version: 41 };
    let id = |last: u128| TicketId::new(Uuid::from_u128(0x0191_f0a4_7b7e_7c3a_9d3e_a1b2_c3d4_e500 + last));
    [(id(0xf6), Some(TicketState { price, quantity, status, version: 3, sales, closes_at: None })), (id(0xf7), None)]
}

fn decoded(changes: &TicketChanges) -> Vec<(TicketId, Option<TicketState>)> {
    changes.iter().map(|change| (change.ticket, change.state())).collect()
}

#[test]
fn changed_tickets_are_written_as_a_release_once_did_and_read_as_what_they_were() {
    let written = TicketChanges::encode(changes());

    assert_eq!(str::from_utf8(written.as_ref()), Ok(GOLDEN));
    assert_eq!(decoded(&TicketChanges::from(Bytes::from(GOLDEN))), changes());
}

#[test]
fn a_field_of_a_newer_release_is_passed_over_and_a_withdrawn_ticket_is_read_as_such() {
    let newer = GOLDEN.replacen('{', r#"{"colour":"red","#, 1).replace("true", "false");
    let [(ticket, state), (other, _)] = changes();
    let withdrawn = state.map(|state| TicketState { status: TicketStatus::Withdrawn, ..state });

    assert_eq!(decoded(&TicketChanges::from(Bytes::from(newer))), [(ticket, withdrawn), (other, None)]);
}

#[test]
fn the_end_of_sales_is_kept() {
    let [(ticket, state), _] = changes();
    let closes_at = Some(Timestamp::from_millis(1_900_000_000_000));
    let closing = [(ticket, state.map(|state| TicketState { closes_at, ..state }))];

    assert_eq!(decoded(&TicketChanges::encode(closing)), closing);
}

#[test]
fn a_state_that_the_domain_does_not_know_is_none() {
    let [(ticket, _), (other, _)] = changes();
    for (right, wrong) in [("4250", "-1"), ("EUR", "ERU"), ("\"quantity\":200", "\"quantity\":0"), ("}", "")] {
        let damaged = Bytes::from(GOLDEN.replacen(right, wrong, 1));

        assert_eq!(decoded(&TicketChanges::from(damaged)), [(ticket, None), (other, None)], "{wrong}");
    }
}
