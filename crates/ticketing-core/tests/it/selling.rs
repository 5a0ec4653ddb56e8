//! Putting a ticket on sale: asked twice, it is offered once.

use futures::future::join_all;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ticket::{Details, Offer, TicketRefusal};
use ticketing_core::ports::store::Page;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::{CreateTicket, UpdateTicket, WithdrawTicket};
use ticketing_memory::{Fault, FaultPlan, Operation};

use crate::market::{Engines, Process, account, key, offer};

const SALLY: u128 = 1;

fn command(offer: Offer) -> CreateTicket {
    CreateTicket::new(account(SALLY), offer).key(key("k-1"))
}

async fn offered(process: &Process) -> usize {
    process.tickets.tickets_of(account(SALLY), Page::first(50)).await.expect("no faults").items.len()
}

#[tokio::test]
async fn the_same_request_under_a_key_offers_once_at_whichever_process_and_however_it_changed_since() {
    let engines = Engines::new();
    let [here, there] = [engines.start(&FaultPlan::none()), engines.start(&FaultPlan::none())];
    let first = here.tickets.create_ticket(command(offer(5, 1200)), here.origin()).await.unwrap();
    let update = UpdateTicket::new(first.ticket.id, account(SALLY), offer(9, 900));
    let changed = here.tickets.update_ticket(update, here.origin()).await.unwrap();

    let again = there.tickets.create_ticket(command(offer(5, 1200)), there.origin()).await.unwrap();

    assert_eq!(again, changed, "the ticket as it is now");
    let other = there.tickets.create_ticket(command(offer(9, 900)), there.origin()).await;
    assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
    let of_another = CreateTicket::new(account(8), offer(9, 900)).key(key("k-1"));
    assert!(there.tickets.create_ticket(of_another, there.origin()).await.is_ok(), "a key is its owner's alone");
    assert_eq!(offered(&here).await, 1);
}

fn in_row(row: &str) -> Offer {
    let attributes = Attributes::parse([("seatRow", row)]).expect("attributes within their bounds");
    let offer = offer(5, 1200);
    Offer { details: Details { attributes, ..offer.details }, ..offer }
}

#[tokio::test]
async fn an_order_keeps_the_attributes_that_its_ticket_had() {
    let mut process = Engines::new().start(&FaultPlan::none());
    let ticket = process.tickets.create_ticket(command(in_row("F")), process.origin()).await.unwrap().ticket.id;
    process.settle().await.unwrap();
    let early = process.order(2, ticket, 1).await.unwrap();
    let update = UpdateTicket::new(ticket, account(SALLY), in_row("G"));
    process.tickets.update_ticket(update, process.origin()).await.unwrap();
    process.settle().await.unwrap();
    let late = process.order(3, ticket, 1).await.unwrap();
    process.pay(2, early.id, "tok_visa").await.unwrap();
    process.settle().await.unwrap();

    for (order, row) in [(early, "F"), (late, "G")] {
        let kept = process.orders.order(order.id, order.buyer).await.unwrap().ticket.attributes;
        assert_eq!(kept, in_row(row).details.attributes);
        assert_eq!(order.ticket.attributes, kept);
    }
}

#[tokio::test]
async fn requests_under_one_key_at_once_offer_once() {
    let engines = Engines::new();
    let processes = [engines.start(&FaultPlan::none()), engines.start(&FaultPlan::none())];

    let requests = (0..16).map(|n| {
        let process = &processes[n % 2];
        process.tickets.create_ticket(command(offer(5, 1200)), process.origin())
    });
    let answers = join_all(requests).await;

    let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.as_ref().unwrap().ticket.id).collect();
    assert_eq!((ids.len(), offered(&processes[0]).await), (1, 1));
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_repeated_safely() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(std::sync::Arc::new(engines.clock.clone()));
    let process = engines.start(&faults);
    faults.inject(Operation::Commit, Fault::FailAfter);
    let lost = process.tickets.create_ticket(command(offer(5, 1200)), process.origin()).await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");

    let again = process.tickets.create_ticket(command(offer(5, 1200)), process.origin()).await;

    assert!(again.is_ok(), "{again:?}");
    assert_eq!(offered(&process).await, 1);
}

#[tokio::test]
async fn a_request_that_was_done_is_answered_though_it_would_be_refused_by_now() {
    let engines = Engines::new();
    let process = engines.start(&FaultPlan::none());
    let mut soon = offer(5, 1200);
    let starts_at = process.engines.env.now().after(std::time::Duration::from_secs(60));
    std::sync::Arc::make_mut(&mut soon.details.event).starts_at = Some(starts_at);
    let first = process.tickets.create_ticket(command(soon.clone()), process.origin()).await.unwrap();
    process.engines.clock.advance(std::time::Duration::from_secs(120));

    assert_eq!(process.tickets.create_ticket(command(soon), process.origin()).await.unwrap(), first);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_repeated_and_a_change_by_another_tab_is_not_overwritten() {
    let process = Engines::new().start(&FaultPlan::none());
    let ticket = process.sell(SALLY, 5).await.unwrap().ticket.id;
    let update = |version, by, amount| {
        let (by, expected) = (account(by), Some(vec![version]));
        process
            .tickets
            .update_ticket(UpdateTicket::new(ticket, by, offer(5, amount)).expected(expected), process.origin())
    };
    let changed = update(1, SALLY, 900).await.unwrap();

    assert_eq!(update(1, SALLY, 900).await.unwrap(), changed, "the same answer again");
    assert!(matches!(update(1, SALLY, 800).await, Err(Error::Stale { current: 2 })), "another change");
    assert!(matches!(update(1, 8, 900).await, Err(Error::Stale { current: 2 })), "somebody else's");
    let next = update(2, SALLY, 900).await.unwrap();
    assert_eq!(next.ticket.version, 3, "what is meant for this version is a change");
    assert!(matches!(update(1, SALLY, 900).await, Err(Error::Stale { current: 3 })), "others came between");
}

#[tokio::test]
async fn a_withdrawal_whose_answer_was_lost_is_repeated() {
    let process = Engines::new().start(&FaultPlan::none());
    let ticket = process.sell(SALLY, 5).await.unwrap().ticket.id;
    let withdraw = |expected: Option<u64>, by| {
        let (by, expected) = (account(by), expected.map(|version| vec![version]));
        process.tickets.withdraw_ticket(WithdrawTicket::new(ticket, by).expected(expected), process.origin())
    };
    withdraw(Some(1), SALLY).await.unwrap();

    for expected in [Some(1), Some(2), None] {
        withdraw(expected, SALLY).await.unwrap();
        withdraw(expected, 8).await.expect_err("only the seller withdrew it");
    }
    assert!(matches!(withdraw(None, 8).await, Err(Error::Ticket(TicketRefusal::NotSeller))));
    assert!(matches!(withdraw(Some(3), SALLY).await, Err(Error::Stale { current: 2 })));
    assert_eq!(process.tickets.ticket(ticket).await.unwrap().ticket.version, 2, "it was withdrawn once");
}
