//! An audit tells what is wrong in ids and numbers, and nothing that is only on its way.

mod books;

use std::sync::Mutex;
use std::time::Duration;

use ticketing_core::audit::{Audit, AuditConfig, AuditReport, Counts, Progress};
use ticketing_core::domain::admission::Admission;
use ticketing_core::domain::order::OrderStatus;
use ticketing_core::domain::pass::VoidReason;
use ticketing_core::domain::payment::{Payable, PayableStatus, Payment, PaymentStatus};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Sales, Ticket};
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::store::StoreError;
use ticketing_memory::FaultPlan;

use crate::invariants::PATIENCE;
use crate::market::{account, offer};
use books::Books;

/// What stands after the audit was patient, as it is printed.
async fn standing(books: &Books) -> Vec<String> {
    audit(books).await.findings.iter().map(ToString::to_string).collect()
}

async fn audit(books: &Books) -> AuditReport {
    books.engines.clock.run(books.engines.audit().run(&|_| {})).await.expect("the engines are up")
}

#[tokio::test]
async fn a_settled_marketplace_in_the_middle_of_a_sale_is_clean_at_first_sight() {
    let books = Books::new().await;

    let report = audit(&books).await;

    let counts =
        Counts { listings: 1, stocks: 1, orders: 3, payables: 3, payments: 2, charges: 1, admissions: 1, entrances: 1 };
    assert_eq!(report, AuditReport { counts, findings: Vec::new(), moving: 0, passes: 1 });
    let read = "read in pass 1: 1 listings, 1 stocks, 3 orders, 3 payables, 2 payments, 1 charges, 1 admissions, \
                1 entrances";
    assert_eq!(report.to_string(), format!("{read}\nevery invariant holds"));
}

#[tokio::test]
async fn a_stock_that_counts_wrong_is_told() {
    let books = Books::new().await;
    books.change_stock(|stock| Stock { sales: Sales { held: 3, ..stock.sales }, ..stock }).await;
    books.change_listing(|listing| Listing { sales: Sales { held: 3, ..listing.sales }, ..listing }).await;

    let told = "counts 3 places held and 2 sold, and its orders have 1 held and 2 sold";
    assert_eq!(standing(&books).await, [format!("ticket {} {told}", books.ticket)]);
}

#[tokio::test]
async fn another_name_of_the_seller_alone_is_no_finding() {
    let books = Books::new().await;
    let seller_name = ticketing_core::domain::account::DisplayName::parse("Ada").expect("a name");
    books.change_stock(|stock| Stock { seller_name, ..stock }).await;

    assert_eq!(standing(&books).await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_that_was_sold_beyond_its_places_is_told() {
    let books = Books::new().await;
    books.change_stock(|stock| Stock { quantity: offer(2, 1).quantity, ..stock }).await;
    books.change_offer(|old| ticketing_core::domain::ticket::Offer { quantity: offer(2, 1).quantity, ..old }).await;

    assert_eq!(standing(&books).await, [format!("ticket {} offers 2 places and has 1 held and 2 sold", books.ticket)]);
}

#[tokio::test]
async fn orders_that_go_on_although_their_event_was_called_off_are_told() {
    let books = Books::new().await;
    let off = ticketing_core::domain::ticket::TicketStatus::CalledOff;
    books.change_stock(|stock| Stock { status: off, ..stock }).await;
    books.change_listing(|listing| Listing { ticket: Ticket { status: off, ..listing.ticket }, ..listing }).await;

    let told = "was called off, and its orders still have 1 places held and 2 sold";
    assert_eq!(standing(&books).await, [format!("ticket {} {told}", books.ticket)]);
}

#[tokio::test]
async fn orders_of_a_ticket_without_a_stock_are_told() {
    let books = Books::new().await;
    let stray = books.stray_order();
    books.insert_order(stray.clone()).await;
    books.insert_payable(Payable::of(&stray)).await;

    assert_eq!(standing(&books).await, [format!("ticket {} has no stock and orders: 1", stray.ticket.id)]);
}

#[tokio::test]
async fn an_order_that_names_another_payment_is_told() {
    let books = Books::new().await;
    let at = books.engines.clock.now();
    let named = books.declined;
    books.change_order(books.completed, |status| *status = OrderStatus::Completed { payment: named, at }).await;

    let told = format!("was completed by payment {named}, and payment {} took the money for it", books.captured);
    assert_eq!(standing(&books).await, [format!("order {} {told}", books.completed)]);
}

#[tokio::test]
async fn an_order_whose_payment_took_no_money_is_told() {
    let books = Books::new().await;
    books.change_payment(|payment| Payment { status: PaymentStatus::Failed { reason: "no".into() }, ..payment }).await;

    let told = standing(&books).await;

    let (order, payment) = (books.completed, books.captured);
    assert_eq!(
        told,
        [
            format!("order {order} was completed by payment {payment}, which took no money for it"),
            format!("payment {payment} took nothing, by the books, and by the gateway took 2400 EUR in minor units"),
            "the EUR that was kept comes to 0 minor units, and the completed orders cost 2400".to_owned(),
        ]
    );
}

#[tokio::test]
async fn an_order_that_was_paid_by_another_buyer_or_in_part_is_told() {
    let books = Books::new().await;
    let (order, payment) = (books.completed, books.captured);
    books.change_payment(|payment| Payment { buyer: account(6), ..payment }).await;
    let told = format!("order {order} was completed by payment {payment}, which is of another buyer");
    assert_eq!(standing(&books).await, [told]);

    books.change_payment(|payment| Payment { total: offer(1, 7).price.money(), ..payment }).await;
    let told = standing(&books).await;
    let costs = format!("order {order} costs 2400 EUR in minor units, and payment {payment}, which completed it, took");
    assert_eq!(told[0], format!("{costs} 7 EUR in minor units"));
    assert_eq!(told.len(), 3, "the gateway and the balance disagree too: {told:?}");
}

#[tokio::test]
async fn a_completed_order_whose_money_went_back_is_told() {
    let books = Books::new().await;
    books
        .change_payment(|payment| Payment { status: PaymentStatus::Refunded { reference: "ch".into() }, ..payment })
        .await;

    let told = standing(&books).await;

    let (order, payment) = (books.completed, books.captured);
    let back = "2400 EUR in minor units";
    assert_eq!(
        told,
        [
            format!("order {order} is completed, and the money of its payment {payment} goes back or went back"),
            format!("payment {payment} gave {back} back, by the books, and by the gateway took {back}"),
            "the EUR that was kept comes to 0 minor units, and the completed orders cost 2400".to_owned(),
        ]
    );
}

#[tokio::test]
async fn money_that_was_taken_twice_or_for_nothing_is_told() {
    for (order, told) in
        [("completed", None), ("open", Some("still awaits payment")), ("cancelled", Some("is cancelled"))]
    {
        let books = Books::new().await;
        let order = match order {
            "completed" => books.completed,
            "open" => books.open,
            _ => books.cancelled,
        };
        let payment = books.insert_captured(order).await;

        let found = standing(&books).await;

        let expected = match told {
            None => format!("order {order} was paid twice: by payment {} and by {payment}", books.captured),
            Some(told) => format!("payment {payment} keeps the money of order {order}, which {told}"),
        };
        assert!(found.contains(&expected), "{expected}: {found:#?}");
        assert_eq!(found.len(), 3, "the gateway and the balance disagree too: {found:#?}");
    }
}

#[tokio::test]
async fn money_for_an_order_that_does_not_exist_is_told() {
    let books = Books::new().await;
    let stray = books.stray_order().id;
    let payment = books.insert_captured(stray).await;

    let found = standing(&books).await;

    assert!(found.contains(&format!("payment {payment} took money for order {stray}, which does not exist")));
}

#[tokio::test]
async fn a_charge_that_nobody_booked_is_told() {
    let books = Books::new().await;
    let payment = books.charge_unbooked().await;

    let told = "took nothing, by the books, and by the gateway took 99 EUR in minor units";
    assert_eq!(standing(&books).await, [format!("payment {payment} {told}")]);
    let audit = Audit { ledger: None, ..books.engines.audit() };
    assert_eq!(audit.look().await.unwrap(), [], "without the gateway's books there is nothing to compare");
}

#[tokio::test]
async fn a_replica_that_says_something_else_is_told() {
    let books = Books::new().await;
    books.change_offer(|_| offer(10, 1300)).await;
    books.change_listing(|listing| Listing { sales: Sales { version: 1, ..listing.sales }, ..listing }).await;
    books.change_payable(books.open, |payable| Payable { status: PayableStatus::Completed, ..payable }).await;

    let (ticket, order) = (books.ticket, books.open);
    assert_eq!(
        standing(&books).await,
        [
            format!("ticket {ticket} is at version 1, and the orders service holds another price"),
            format!("ticket {ticket} is at version 5 of its sales, and the tickets service holds version 1"),
            format!("order {order} is at version 1, and the payments service holds another status"),
        ]
    );
}

#[tokio::test]
async fn a_replica_that_is_missing_or_has_no_source_is_told() {
    let books = Books::new().await;
    let (unheard, stray) = (books.insert_listing().await, books.stray_order());
    let unlisted = books.insert_stock().await;
    books.insert_payable(Payable::of(&stray)).await;
    let unpaid = books.insert_order_of_the_ticket().await;

    let found = standing(&books).await;

    let expected = [
        format!("ticket {unheard} is at version 1, and the orders service does not know it"),
        format!("ticket {unlisted} does not exist, and the orders service knows version 1 of it"),
        format!("order {} does not exist, and the payments service knows version 1 of it", stray.id),
        format!("order {unpaid} is at version 1, and the payments service does not know it"),
    ];
    for expected in expected {
        assert!(found.contains(&expected), "{expected}: {found:#?}");
    }
}

#[tokio::test]
async fn events_and_deliveries_that_wait_for_somebody_are_told() {
    let books = Books::new().await;
    let since = books.engines.clock.now();
    books.tell_without_a_relay().await;
    books.park("payments").await;
    books.engines.clock.advance(Duration::from_secs(1));

    assert_eq!(
        standing(&books).await,
        [
            format!("the orders service has not published events: 1, the oldest committed at {since}"),
            "the payments service has parked deliveries: 1".to_owned(),
        ]
    );
}

#[tokio::test]
async fn what_should_have_come_to_its_end_is_told() {
    let books = Books::new().await;
    let since = books.engines.clock.now();
    let pending = books.insert_payment(books.open, PaymentStatus::Pending).await;
    let due = books.insert_payment(books.cancelled, PaymentStatus::RefundDue { reference: "ch".into() }).await;
    books.engines.clock.advance(crate::market::HOLD * 2);

    let found = standing(&books).await;

    let pay_by = since.after(crate::market::HOLD);
    let expected = [
        format!("order {} awaits a payment that was due at {pay_by}", books.open),
        format!("payment {pending} began at {since} and is still pending"),
        format!("payment {due} began at {since}, and its money is still to go back"),
    ];
    for expected in expected {
        assert!(found.contains(&expected), "{expected}: {found:#?}");
    }
}

#[tokio::test]
async fn a_lag_that_heals_in_time_is_not_told() {
    let books = Books::new().await;
    let clock = books.engines.clock.clone();
    books.change_payable(books.completed, |payable| Payable { order_version: 1, ..payable }).await;
    let heal = async {
        clock.sleep(PATIENCE / 2).await;
        books.change_payable(books.completed, |payable| Payable { order_version: 2, ..payable }).await;
    };

    let audit = books.engines.audit();
    let (report, ()) = clock.run(futures::future::join(audit.run(&|_| {}), heal)).await;

    let report = report.unwrap();
    assert!(report.is_clean() && report.moving == 0 && report.passes > 5, "{report}");
}

#[tokio::test]
async fn a_lag_that_does_not_heal_is_told_once_patience_ends() {
    let books = Books::new().await;
    let began_at = books.engines.clock.now();
    books.change_payable(books.completed, |payable| Payable { order_version: 1, ..payable }).await;

    let told = "is at version 2, and the payments service holds version 1";
    assert_eq!(standing(&books).await, [format!("order {} {told}", books.completed)]);
    let took = books.engines.clock.now().since(began_at);
    assert!((PATIENCE..PATIENCE * 2).contains(&took), "{took:?}");
}

/// What an audit tells of a marketplace that somebody changes all the time, for twice as long as it is patient.
async fn while_moving<F>(books: &Books, change: impl Fn(u64) -> F + Sync) -> AuditReport
where
    F: Future<Output = ()> + Send,
{
    let clock = books.engines.clock.clone();
    let moving = async {
        for nth in 0..40 {
            change(nth).await;
            clock.sleep(PATIENCE / 20).await;
        }
    };
    let audit = books.engines.audit();
    clock.run(futures::future::join(moving, audit.run(&|_| {}))).await.1.expect("the engines are up")
}

#[tokio::test]
async fn a_count_that_moves_whenever_it_is_looked_at_is_counted_and_not_told() {
    let books = &Books::new().await;

    let report = while_moving(books, |nth| async move {
        let sales = Sales { held: 2, sold: 2, version: 10 + nth };
        books.change_stock(|stock| Stock { sales, ..stock }).await;
        books.change_listing(|listing| Listing { sales, ..listing }).await;
    })
    .await;

    assert_eq!((report.findings.len(), report.moving), (0, 1), "{report}");
    assert!(report.to_string().contains("1 differences moved while they were looked at"), "{report}");
}

#[tokio::test]
async fn a_replica_that_stands_still_while_its_source_moves_on_is_told() {
    let books = &Books::new().await;

    let report = while_moving(books, |nth| async move {
        books.change_stock(|stock| Stock { sales: Sales { version: 10 + nth, ..stock.sales }, ..stock }).await;
    })
    .await;

    let told: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{report}");
    assert!(told[0].ends_with("of its sales, and the tickets service holds version 5"), "{report}");
}

#[tokio::test]
async fn an_audit_tells_how_far_it_is() {
    let books = Books::new().await;
    let heard: Mutex<Vec<Progress>> = Mutex::default();
    let audit = Audit { config: AuditConfig { page: 2, ..AuditConfig::default() }, ..books.engines.audit() };

    let report = audit.run(&|progress| heard.lock().unwrap().push(progress)).await.unwrap();

    let records: Vec<_> = heard.lock().unwrap().iter().map(|progress| progress.counts.records()).collect();
    assert!(records.is_sorted_by(|one, next| one + 2 <= *next), "{records:?}");
    assert!(records.len() >= 4 && report.counts.records() == 13, "{records:?}");
}

#[tokio::test]
async fn an_audit_of_a_store_that_does_not_answer_says_so() {
    let books = Books::new().await;
    let faults = FaultPlan::counting(std::sync::Arc::new(books.engines.clock.clone()));
    faults.crash();
    let audit_reader = books.engines.with_faults(&faults).audit_reader();
    let audit = Audit { audit_reader: std::sync::Arc::new(audit_reader), ..books.engines.audit() };

    let told = audit.run(&|_| {}).await;

    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
}

#[tokio::test]
async fn passes_that_are_not_those_of_their_order_are_told() {
    let books = Books::new().await;
    let order = books.completed;
    let at = books.engines.env.now();
    let void = |admission: &mut Admission| {
        let voided = admission.passes[0].pass.clone().void(at, VoidReason::OrderCancelled);
        admission.passes[0].pass = voided.expect("it is not void").0;
    };
    books.change_admission(order, void).await;
    assert_eq!(
        standing(&books).await,
        [format!("order {order} is at version 2, and the admissions service holds another passes")]
    );

    books.change_admission(order, |admission| admission.order_version = 1).await;
    let told = format!("order {order} is at version 2, and the admissions service holds version 1");
    assert_eq!(standing(&books).await, [told]);
    let audit = Audit { admissions: None, ..books.engines.audit() };
    assert_eq!(audit.look().await.unwrap(), [], "where no admissions service runs, nobody has passes");
}

#[tokio::test]
async fn passes_and_doors_without_an_order_or_a_ticket_are_told() {
    let books = Books::new().await;
    let (order, ticket) = books.insert_stray_passes().await;

    let mut found = standing(&books).await;

    found.sort();
    let expected = [
        format!("order {order} does not exist, and the admissions service knows version 2 of it"),
        format!("ticket {ticket} does not exist, and the admissions service knows version 1 of it"),
    ];
    assert_eq!(found, expected);
}
