//! People are told of tickets that begin to answer the questions they keep: once, and not too often.

mod places_again;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::domain::account::PublicAccount;
use ticketing_core::domain::alert::{AlertKey, AlertLink, Alerts, KeptQuestion};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::{EventId, LetterId, TicketId};
use ticketing_core::domain::search::{Filters, Places};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, Incoming};
use ticketing_core::ports::letter_store::{LetterNeeds, LetterStore};
use ticketing_core::ports::store::RecordKey;
use ticketing_core::usecase::notifications::AlertsFollow;
use ticketing_core::usecase::tickets::WithdrawTicket;
use ticketing_core::wire::seal;
use ticketing_memory::FaultPlan;
use uuid::Uuid;

use crate::market::{Engines, Process, account};

const SALLY: u128 = 9;

impl Process {
    fn now(&self) -> Timestamp {
        self.engines.env.now()
    }

    async fn alerts_of(&self, person: u128) -> Alerts {
        let needs = LetterNeeds { alerts: vec![account(person)], ..LetterNeeds::default() };
        self.engines.letters.load(&needs).await.expect("no faults").alerts.remove(0).record
    }
}

async fn keep(market: &Process, person: u128, text: &str, filters: Filters) {
    let question = KeptQuestion::parse(text, filters, market.now()).expect("a question");
    market.notifications.keep_alert(account(person), question).await.expect("one of a few");
}

/// Everybody of these keeps `opera`.
async fn waiting_for_operas(people: impl IntoIterator<Item = u128>) -> Process {
    let market = Engines::new().start(&FaultPlan::none());
    for person in people {
        keep(&market, person, "opera", Filters::default()).await;
    }
    market
}

async fn sell(market: &mut Process, quantity: u32) -> TicketId {
    let ticket = market.sell(SALLY, quantity).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    ticket
}

/// Who got which letters of alerts. A mail that was sent twice, because a process ended before it noted that, is one.
fn found(market: &Process) -> Vec<String> {
    let arrived = market.engines.mailbox.arrived().into_iter().filter(|mail| mail.subject == "ticket_found");
    let letters: BTreeMap<LetterId, String> = arrived.map(|mail| (mail.id, mail.to)).collect();
    let mut found: Vec<String> = letters.into_values().collect();
    found.sort();
    found
}

#[tokio::test]
async fn everybody_who_waits_for_a_ticket_is_told_once_and_its_seller_is_not() {
    let mut market = waiting_for_operas([1, 2, SALLY]).await;
    keep(&market, 1, "opera", Filters { places: Places::Left(2), ..Filters::default() }).await;
    keep(&market, 3, "concert", Filters::default()).await;
    sell(&mut market, 3).await;

    assert_eq!(found(&market), ["1", "2"]);
}

#[tokio::test]
async fn what_is_on_sale_already_is_not_told_of_until_it_has_places_again() {
    let mut market = waiting_for_operas([]).await;
    let ticket = sell(&mut market, 1).await;
    keep(&market, 2, "opera", Filters::default()).await;
    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    assert_eq!(found(&market), [""; 0]);

    market.cancel(1, order).await.expect("it is not paid");
    market.settle().await.expect("no faults");
    assert_eq!(found(&market), ["2"]);

    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    market.cancel(1, order).await.expect("it is not paid");
    market.settle().await.expect("no faults");
    assert_eq!(found(&market), ["2"], "once a day, however often its places come and go");
}

#[tokio::test]
async fn a_person_is_told_five_times_a_day_and_of_what_was_left_out_on_the_next() {
    let mut market = waiting_for_operas([1]).await;
    for _ in 0..7 {
        sell(&mut market, 1).await;
    }
    assert_eq!(found(&market).len(), 5);
    assert_eq!(market.alerts_of(1).await.told.left_out, 2);

    market.engines.clock.advance(Duration::from_hours(24));
    sell(&mut market, 1).await;
    assert_eq!(found(&market).len(), 6);
    let alerts = market.alerts_of(1).await;
    assert_eq!((alerts.told.letters, alerts.told.left_out), (1, 0), "the letter of the next day counts the others");
}

#[tokio::test]
async fn an_alert_that_was_ended_by_the_link_of_its_letter_tells_nothing_more() {
    let mut market = waiting_for_operas([1]).await;
    let notifications = market.notifications.clone();
    let alert = notifications.alerts(account(1)).await.expect("no faults").remove(0);
    let link = AlertLink { account: account(1), alert: alert.id, key: alert.key };

    let forged = AlertLink { key: AlertKey::drawn([0; 32]), ..link };
    assert_eq!(notifications.end_alert_by_link(forged).await.expect_err("a wrong key").code(), "link_over");
    notifications.end_alert_by_link(link).await.expect("its own key");
    assert_eq!(notifications.end_alert_by_link(link).await.expect_err("it is over").code(), "link_over");
    sell(&mut market, 1).await;

    assert_eq!(found(&market), [""; 0]);
}

#[tokio::test]
async fn a_ticket_that_is_gone_again_is_not_told_of() {
    let mut market = waiting_for_operas([1]).await;
    let ticket = market.sell(SALLY, 1).await.expect("a ticket").ticket.id;
    market.tickets.withdraw_ticket(WithdrawTicket::new(ticket, account(SALLY)), market.origin()).await.expect("hers");
    market.recover().await;

    assert_eq!(found(&market), [""; 0]);
}

#[tokio::test]
async fn alerts_that_cannot_be_read_keep_nobody_else_from_a_letter() {
    let mut market = waiting_for_operas([1, 2, 3]).await;
    assert!(market.engines.letters.spoil(&RecordKey::Alerts(account(2))));
    sell(&mut market, 1).await;

    assert_eq!(found(&market), ["1", "3"]);
}

#[tokio::test]
async fn a_crash_anywhere_tells_everybody_once() {
    let mut step = 0;
    loop {
        let engines = waiting_for_operas([1, 2, 3]).await.engines;
        let crash = FaultPlan::crash_at(Arc::new(engines.clock.clone()), step);
        let mut process = engines.start(&crash);
        let sold = process.sell(SALLY, 1).await.is_ok() && process.settle().await.is_ok();
        drop(process);
        let mut process = engines.start(&FaultPlan::none());
        process.recover().await;

        let is_told = found(&process);
        assert!(is_told.is_empty() || is_told == ["1", "2", "3"], "after a crash at step {step}: {is_told:?}");
        if sold && !crash.is_crashed() {
            assert_eq!(is_told, ["1", "2", "3"]);
            return;
        }
        step += 1;
    }
}

#[tokio::test]
async fn nothing_is_kept_for_an_account_that_was_deleted() {
    let market = waiting_for_operas([1]).await;
    let gone = Event::AccountDeleted(PublicAccount {
        id: account(1),
        registered_at: market.now(),
        display_name: None,
        confirmed_at: None,
        deleted_at: Some(market.now()),
        version: 2,
    });
    let envelope = seal(&gone, EventId::new(Uuid::from_u128(7)), market.now(), &market.origin());
    let follow = AlertsFollow(market.notifications.clone());
    for _ in 0..2 {
        let incoming = Incoming { envelope: envelope.clone(), event: gone.clone() };
        follow.handle(&[incoming]).await.expect("no faults");
    }

    assert_eq!(market.notifications.alerts(account(1)).await.expect("no faults"), []);
    let question = KeptQuestion::parse("opera", Filters::default(), market.now()).expect("a question");
    let refused = market.notifications.keep_alert(account(1), question).await.expect_err("it is gone");
    assert_eq!(refused.code(), "account_not_found");
}

#[tokio::test]
async fn an_account_keeps_a_bounded_number_of_questions() {
    let market = waiting_for_operas([]).await;
    for number in 0..Alerts::MOST {
        keep(&market, 1, &format!("opera{number}"), Filters::default()).await;
    }
    keep(&market, 1, "opera0", Filters::default()).await;
    let question = KeptQuestion::parse("tosca", Filters::default(), market.now()).expect("a question");
    let refused = market.notifications.keep_alert(account(1), question).await.expect_err("one too many");

    assert_eq!(refused.code(), "too_many_alerts");
}
