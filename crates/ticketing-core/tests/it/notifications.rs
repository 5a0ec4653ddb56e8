//! People are told by mail what happens to what is theirs: once, in time, and nothing that is no longer true.

use std::time::Duration;

use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::letter::{DropReason, Letter, LetterStatus};
use ticketing_core::domain::ticket::Schedule;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterStore};
use ticketing_core::ports::store::RecordKey;
use ticketing_core::usecase::notifications::SendingConfig;
use ticketing_core::usecase::tickets::{CallOffTicket, RescheduleTicket, WithdrawTicket};
use ticketing_memory::FaultPlan;

use crate::mailbox::Answer;
use crate::market::{Engines, Process, account, offer};

const SALLY: u128 = 9;

/// Buyer 1 has paid for one of Sally's three places, and nothing was told yet.
async fn bought() -> (Process, TicketId, OrderId) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(SALLY, 3).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let order = buy(&mut market, 1, ticket).await;
    (market, ticket, order)
}

async fn buy(market: &mut Process, buyer: u128, ticket: TicketId) -> OrderId {
    let order = market.order(buyer, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    market.pay(buyer, order, "tok_visa").await.expect("a good card");
    order
}

async fn reschedule(market: &Process, ticket: TicketId, venue: &str) {
    let elsewhere = EventFacts { title: "Opera".into(), venue: Some(venue.into()), ..EventFacts::default() };
    let to = Schedule { event: elsewhere.into(), sales_end_at: None };
    let command = RescheduleTicket::new(ticket, account(SALLY), to);
    market.tickets.reschedule_ticket(command, market.origin()).await.expect("it is hers");
}

fn told<'a>(entries: impl IntoIterator<Item = (u128, &'a str)>) -> Vec<(String, String)> {
    entries.into_iter().map(|(to, code)| (to.to_string(), code.to_owned())).collect()
}

#[tokio::test]
async fn who_bought_gets_the_passes_and_the_seller_hears_of_it() {
    let (mut market, ..) = bought().await;
    market.settle().await.expect("no faults");

    assert_eq!(market.engines.mailbox.told(), told([(1, "order_completed"), (SALLY, "places_sold")]));
    assert_eq!(market.waiting_letters().await, []);
}

#[tokio::test]
async fn a_seller_hears_of_many_sales_once_an_hour() {
    let (mut market, ticket, _) = bought().await;
    market.settle().await.expect("no faults");
    buy(&mut market, 2, ticket).await;
    market.settle().await.expect("no faults");
    let sold =
        |market: &Process| market.engines.mailbox.arrived().iter().filter(|mail| mail.subject == "places_sold").count();
    assert_eq!(sold(&market), 1);

    market.engines.clock.advance(Duration::from_hours(1));
    buy(&mut market, 3, ticket).await;
    market.settle().await.expect("no faults");
    assert_eq!(sold(&market), 2);
}

#[tokio::test]
async fn who_bought_hears_that_the_event_changed() {
    let (mut market, ticket, _) = bought().await;
    market.settle().await.expect("no faults");
    reschedule(&market, ticket, "Arena").await;
    market.settle().await.expect("no faults");
    // Who buys what it is now has nothing to be told.
    buy(&mut market, 2, ticket).await;
    market.settle().await.expect("no faults");

    let expected = [(1, "event_changed"), (1, "order_completed"), (2, "order_completed"), (SALLY, "places_sold")];
    assert_eq!(market.engines.mailbox.told(), told(expected));
}

#[tokio::test]
async fn a_change_is_told_once_however_often_the_ticket_is_edited() {
    let (mut market, ticket, _) = bought().await;
    market.settle().await.expect("no faults");
    reschedule(&market, ticket, "Arena").await;
    market.settle().await.expect("no faults");
    let withdraw = WithdrawTicket::new(ticket, account(SALLY));
    market.tickets.withdraw_ticket(withdraw, market.origin()).await.expect("it is hers");
    market.settle().await.expect("no faults");

    let expected = [(1, "event_changed"), (1, "order_completed"), (SALLY, "places_sold")];
    assert_eq!(market.engines.mailbox.told(), told(expected));
}

#[tokio::test]
async fn who_heard_that_the_event_changed_hears_that_it_changed_back() {
    let (mut market, ticket, _) = bought().await;
    market.settle().await.expect("no faults");
    reschedule(&market, ticket, "Arena").await;
    market.settle().await.expect("no faults");
    let as_sold = Schedule { event: offer(1, 1200).details.event, sales_end_at: None };
    let back = RescheduleTicket::new(ticket, account(SALLY), as_sold);
    market.tickets.reschedule_ticket(back, market.origin()).await.expect("it is hers");
    market.settle().await.expect("no faults");

    let expected = [(1, "event_changed"), (1, "event_changed"), (1, "order_completed"), (SALLY, "places_sold")];
    assert_eq!(market.engines.mailbox.told(), told(expected));
}

#[tokio::test]
async fn a_letter_about_what_cannot_be_read_holds_up_no_other() {
    let (mut market, ticket, _) = bought().await;
    market.engines.mailbox.answers([Answer::Away; 2]);
    market.settle().await.expect("no faults");
    let before = market.waiting_letters().await;
    assert!(market.engines.letters.spoil(&RecordKey::TicketReplica(ticket)));

    market.engines.clock.advance(Duration::from_mins(1));
    market.settle().await.expect("letters wait, and nothing else");

    let after = market.waiting_letters().await;
    assert_eq!((before.len(), after.len()), (2, 2));
    assert!(after.iter().all(|letter| letter.due_at() > before.iter().find_map(Letter::due_at)), "{after:?}");
}

/// The order and the change reach the service together, and each was decided without the other.
#[tokio::test]
async fn a_change_that_crosses_an_order_is_told() {
    let (mut market, ticket, _) = bought().await;
    reschedule(&market, ticket, "Arena").await;
    market.settle().await.expect("no faults");

    let expected = [(1, "event_changed"), (1, "order_completed"), (SALLY, "places_sold")];
    assert_eq!(market.engines.mailbox.told(), told(expected));
}

#[tokio::test]
async fn a_change_that_was_taken_back_is_not_told() {
    let (mut market, ticket, order) = bought().await;
    market.settle().await.expect("no faults");
    market.engines.mailbox.answers([Answer::Away]);
    reschedule(&market, ticket, "Arena").await;
    market.settle().await.expect("no faults");
    market.orders.give_back_order(order, account(1), market.origin()).await.expect("it changed");
    market.recover().await;

    let expected = [(1, "money_returned"), (1, "order_completed"), (1, "order_refunded"), (SALLY, "places_sold")];
    assert_eq!(market.engines.mailbox.told(), told(expected), "a buyer who gave it back knows that it changed");
}

#[tokio::test]
async fn an_event_that_is_called_off_is_told_with_the_money() {
    let (mut market, ticket, _) = bought().await;
    market.settle().await.expect("no faults");
    market.tickets.call_off_ticket(CallOffTicket::new(ticket, account(SALLY)), market.origin()).await.expect("hers");
    market.recover().await;

    let expected = [(1, "money_returned"), (1, "order_completed"), (1, "order_refunded"), (SALLY, "places_sold")];
    assert_eq!(market.engines.mailbox.told(), told(expected));
}

#[tokio::test]
async fn events_that_come_again_write_no_second_letter() {
    let (mut market, ..) = bought().await;
    market.settle().await.expect("no faults");
    let (engines, once) = (market.engines.clone(), market.engines.mailbox.told());
    drop(market);
    assert!(engines.broker.forget_group("notifications"));
    assert!(engines.broker.forget_group("notifications-alerts"));
    engines.start(&FaultPlan::none()).recover().await;

    assert_eq!(engines.mailbox.told(), once);
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_asked_again() {
    let (mut market, ..) = bought().await;
    market.engines.mailbox.answers([Answer::Away; 5]);
    market.settle().await.expect("no faults");
    assert_eq!(market.waiting_letters().await.len(), 2);
    market.recover().await;

    assert_eq!(market.engines.mailbox.told(), told([(1, "order_completed"), (SALLY, "places_sold")]));
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_is_not_sent_again_within_its_window() {
    let (mut market, ..) = bought().await;
    market.engines.mailbox.answers([Answer::Lost, Answer::Lost]);
    market.settle().await.expect("no faults");
    let window = SendingConfig::default().window;
    market.engines.clock.advance(window - Duration::from_millis(1));
    market.settle().await.expect("no faults");
    let arrived = market.engines.mailbox.arrived();
    assert_eq!(arrived.len(), 2);

    market.engines.clock.advance(Duration::from_millis(1));
    market.settle().await.expect("no faults");
    let again = market.engines.mailbox.arrived().split_off(2);
    assert!(again.len() == 2 && again.iter().all(|mail| arrived.contains(mail)), "under the same ids: {again:?}");
}

#[tokio::test]
async fn a_refused_letter_and_one_to_nobody_are_dropped() {
    let (mut market, ..) = bought().await;
    market.engines.mailbox.answers([Answer::Away; 2]);
    market.settle().await.expect("no faults");
    let letters = market.waiting_letters().await.iter().map(|letter| letter.id).collect();
    market.engines.mailbox.forget(account(SALLY));
    market.engines.mailbox.answers([Answer::Refused]);
    market.recover().await;

    assert_eq!(market.engines.mailbox.arrived(), []);
    let needs = LetterNeeds { letters, ..LetterNeeds::default() };
    let ended = market.engines.letters.load(&needs).await.expect("the engines are up").letters;
    let mut why: Vec<_> = ended.iter().map(|stored| (stored.record.to, dropped(&stored.record))).collect();
    why.sort_by_key(|(to, _)| *to);
    let expected = [(1, DropReason::Refused), (SALLY, DropReason::NothingToSay)];
    assert_eq!(why, expected.map(|(to, reason)| (account(to), Some(reason))));
}

const fn dropped(letter: &Letter) -> Option<DropReason> {
    match letter.status {
        LetterStatus::Dropped { reason, .. } => Some(reason),
        LetterStatus::Waiting { .. } | LetterStatus::Sending { .. } | LetterStatus::Sent { .. } => None,
    }
}

#[tokio::test]
async fn a_letter_that_comes_too_late_is_dropped() {
    let (mut market, ..) = bought().await;
    market.engines.mailbox.answers([Answer::Away; 2]);
    market.settle().await.expect("no faults");
    market.engines.clock.advance(Duration::from_hours(72));
    market.settle().await.expect("no faults");

    assert_eq!((market.engines.mailbox.arrived(), market.waiting_letters().await), (Vec::new(), Vec::new()));
}

/// A service that is added to a marketplace of some years reads all of its log.
#[tokio::test]
async fn nobody_is_written_to_about_the_past() {
    let engines = Engines::new();
    let mut market = engines.start_without_mail(&FaultPlan::none());
    let ticket = market.sell(SALLY, 3).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    buy(&mut market, 1, ticket).await;
    market.settle().await.expect("no faults");
    drop(market);

    engines.clock.advance(Duration::from_hours(73));
    let mut market = engines.start(&FaultPlan::none());
    market.settle().await.expect("no faults");
    reschedule(&market, ticket, "Arena").await;
    market.settle().await.expect("no faults");

    assert_eq!(engines.mailbox.told(), told([(1, "event_changed")]), "but of what happens now");
}

#[tokio::test]
async fn two_processes_send_a_letter_once() {
    let (market, ..) = bought().await;
    let engines = market.engines.clone();
    let mut second = engines.start(&FaultPlan::none());
    let mut first = market;
    for _ in 0..3 {
        let (one, other) = tokio::join!(first.settle(), second.settle());
        one.and(other).expect("no faults");
    }

    assert_eq!(engines.mailbox.told(), told([(1, "order_completed"), (SALLY, "places_sold")]));
}
