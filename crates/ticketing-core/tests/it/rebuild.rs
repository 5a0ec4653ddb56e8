//! Replicas that were damaged are rebuilt from the log; what a service owns is never made up.

use std::sync::Arc;

use ticketing_core::domain::account::{DisplayName, PublicAccount};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::{EventId, TicketId};
use ticketing_core::domain::payment::{Payable, PayableStatus};
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::{Page, RecordKey, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::EventPublisher;
use ticketing_core::rebuild::{
    Differing, Rebuild, RebuildAdmissions, RebuildLetters, RebuildPayables, RebuildSales, RebuildSellers,
    RebuildStocks, RebuildTickets, RebuildTimers, Rebuilt, rebuild, rebuild_from_owners,
};
use ticketing_core::wire;
use ticketing_memory::{FaultPlan, MemoryLetterStore};

use crate::market::{Engines, Process, account};

const SELLER: u128 = 1;
const BUYER: u128 = 2;

/// A ticket of which one place is sold and one held.
async fn sale(engines: &Engines) -> (Process, Listing) {
    let mut process = engines.start(&FaultPlan::none());
    let ticket = process.sell(SELLER, 10).await.expect("it is on sale");
    process.settle().await.expect("it settles");
    let sold = process.order(BUYER, ticket.ticket.id, 1).await.expect("an order");
    process.settle().await.expect("it settles");
    process.pay(BUYER, sold.id, "tok_visa").await.expect("it is paid");
    process.order(BUYER, ticket.ticket.id, 1).await.expect("an order");
    process.settle().await.expect("it settles");
    (process, ticket)
}

async fn run(engines: &Engines, replicas: &mut dyn Rebuild, differing: Differing) -> Rebuilt {
    let mut log = engines.broker.log(replicas.topics());
    rebuild(&mut log, replicas, differing, &|_| {}).await.expect("nothing fails")
}

async fn listing(engines: &Engines, ticket: TicketId) -> Stored<Listing> {
    engines.tickets.listings(&[ticket]).await.expect("an answer").pop().expect("the listing")
}

async fn stock(engines: &Engines, ticket: TicketId) -> Stored<Stock> {
    let needs = OrderNeeds { stocks: vec![ticket], ..OrderNeeds::default() };
    engines.orders.load(&needs).await.expect("an answer").stocks.pop().expect("the stock")
}

#[tokio::test]
async fn a_sound_marketplace_is_as_the_log_says() {
    let engines = Engines::new();
    let (_process, ticket) = sale(&engines).await;
    let before = listing(&engines, ticket.ticket.id).await;

    for replicas in [
        &mut RebuildSales::new(Arc::new(engines.tickets.clone())) as &mut dyn Rebuild,
        &mut RebuildStocks::new(Arc::new(engines.orders.clone())),
        &mut RebuildPayables::new(Arc::new(engines.payments.clone())),
        &mut RebuildTimers::new(Arc::new(engines.timers.clone())),
        &mut RebuildAdmissions::new(Arc::new(engines.passes.clone()), engines.env.clone()),
        &mut RebuildLetters::new(Arc::new(engines.letters.clone())),
    ] {
        let rebuilt = run(&engines, replicas, Differing::Replace).await;
        assert!(rebuilt.same > 0 && rebuilt.differing.is_empty() && rebuilt.lost.is_empty(), "{rebuilt:?}");
    }
    assert_eq!(listing(&engines, ticket.ticket.id).await, before, "nothing was written");
}

#[tokio::test]
async fn damaged_sales_are_told_and_replaced_only_if_asked_to() {
    let engines = Engines::new();
    let (_process, ticket) = sale(&engines).await;
    let id = ticket.ticket.id;
    let sound = listing(&engines, id).await;
    for damage in [Sales::default(), Sales { held: 9, ..sound.record.sales }] {
        let stored = listing(&engines, id).await;
        let damaged = Listing { sales: damage, ..stored.record.clone() };
        engines.tickets.commit(UnitOfWork::default().with(stored.replace(damaged))).await.expect("damage");

        let told = run(&engines, &mut sales(&engines), Differing::Tell).await;
        assert_eq!((told.differing.len(), told.same), (1, 0), "{told:?}");
        assert_eq!(listing(&engines, id).await.record.sales, damage, "it was only told");

        run(&engines, &mut sales(&engines), Differing::Replace).await;
        assert_eq!(listing(&engines, id).await.record, sound.record, "it is as the log says");
    }
    let ahead = Sales { version: sound.record.sales.version + 5, ..sound.record.sales };
    let stored = listing(&engines, id).await;
    let newer = Listing { sales: ahead, ..stored.record.clone() };
    engines.tickets.commit(UnitOfWork::default().with(stored.replace(newer))).await.expect("a newer count");
    assert_eq!(run(&engines, &mut sales(&engines), Differing::Replace).await.newer, 1);
    assert_eq!(listing(&engines, id).await.record.sales, ahead, "what is newer than the log stays");
}

fn sales(engines: &Engines) -> RebuildSales {
    RebuildSales::new(Arc::new(engines.tickets.clone()))
}

#[tokio::test]
async fn a_damaged_stock_keeps_the_places_that_are_taken() {
    let engines = Engines::new();
    let (_process, ticket) = sale(&engines).await;
    let sound = stock(&engines, ticket.ticket.id).await;
    let damaged =
        Stock { seller: ticketing_core::domain::ids::AccountId::new(uuid::Uuid::nil()), ..sound.record.clone() };
    engines.orders.commit(UnitOfWork::default().with(sound.replace(damaged))).await.expect("damage");

    let mut replicas = RebuildStocks::new(Arc::new(engines.orders.clone()));
    let rebuilt = run(&engines, &mut replicas, Differing::Replace).await;
    assert_eq!(rebuilt.differing.len(), 1, "{rebuilt:?}");
    assert_eq!(stock(&engines, ticket.ticket.id).await.record, sound.record);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_the_rest_is_replaced() {
    let engines = Engines::new();
    let (mut process, ticket) = sale(&engines).await;
    let other = process.sell(SELLER, 10).await.expect("it is on sale").ticket;
    process.settle().await.expect("it settles");
    let order = process.order(BUYER, other.id, 1).await.expect("an order");
    process.settle().await.expect("it settles");
    let sound = (listing(&engines, other.id).await, stock(&engines, other.id).await);
    let damaged = Listing { sales: Sales::default(), ..sound.0.record.clone() };
    engines.tickets.commit(UnitOfWork::default().with(sound.0.replace(damaged))).await.expect("damage");
    let damaged = Stock { seller: account(77), ..sound.1.record.clone() };
    engines.orders.commit(UnitOfWork::default().with(sound.1.replace(damaged))).await.expect("damage");
    assert!(engines.tickets.spoil(&RecordKey::Listing(ticket.ticket.id)));
    assert!(engines.orders.spoil(&RecordKey::Stock(ticket.ticket.id)));
    assert!(engines.payments.spoil(&RecordKey::Payable(order.id)));

    for (replicas, differing, id) in [
        (&mut sales(&engines) as &mut dyn Rebuild, 1, ticket.ticket.id.to_string()),
        (&mut RebuildStocks::new(Arc::new(engines.orders.clone())), 1, ticket.ticket.id.to_string()),
        (&mut RebuildPayables::new(Arc::new(engines.payments.clone())), 0, order.id.to_string()),
    ] {
        let rebuilt = run(&engines, replicas, Differing::Replace).await;
        assert_eq!(rebuilt.differing.len(), differing, "{rebuilt:?}");
        assert!(rebuilt.skipped.len() == 1 && rebuilt.skipped[0].contains(&id), "{rebuilt:?}");
        assert!(rebuilt.to_string().ends_with(", 1 skipped"), "{rebuilt}");
    }
    assert_eq!(listing(&engines, other.id).await.record, sound.0.record);
    assert_eq!(stock(&engines, other.id).await.record, sound.1.record);
}

#[tokio::test]
async fn a_lost_stock_is_rebuilt_only_if_nobody_ordered() {
    let (engines, empty) = (Engines::new(), Engines::new());
    let (mut process, ordered) = sale(&engines).await;
    let quiet = process.sell(SELLER, 3).await.expect("it is on sale");
    process.settle().await.expect("it settles");

    let mut replicas = RebuildStocks::new(Arc::new(empty.orders.clone()));
    let rebuilt = run(&engines, &mut replicas, Differing::Replace).await;
    assert_eq!(rebuilt.lost, [format!("stock {}, which was ordered", ordered.ticket.id)]);
    assert_eq!(stock(&empty, quiet.ticket.id).await.record, Stock::of(&quiet.ticket));
}

#[tokio::test]
async fn a_payable_that_missed_a_cancellation_gives_the_money_back() {
    let engines = Engines::new();
    let (mut process, ticket) = sale(&engines).await;
    let order = process.order(BUYER, ticket.ticket.id, 1).await.expect("an order");
    process.settle().await.expect("it settles");
    process.cancel(BUYER, order.id).await.expect("it is cancelled");
    process.settle().await.expect("it settles");
    let needs = PaymentNeeds { payables: vec![order.id], ..PaymentNeeds::default() };
    let payable = || async { engines.payments.load(&needs).await.expect("an answer").payables.pop().expect("it") };
    let sound = payable().await;
    assert_eq!(sound.record.status, PayableStatus::Cancelled);
    let pay_by = order.pay_by().expect("it awaited payment");
    let missed = Payable { status: PayableStatus::Open { pay_by }, order_version: 1, ..sound.record.clone() };
    engines.payments.commit(UnitOfWork::default().with(sound.replace(missed))).await.expect("damage");
    process.pay(BUYER, order.id, "tok_visa").await.expect("by what payments knows it may be paid");

    let mut replicas = RebuildPayables::new(Arc::new(engines.payments.clone()));
    let rebuilt = run(&engines, &mut replicas, Differing::Replace).await;
    assert_eq!(rebuilt.differing.len(), 1, "{rebuilt:?}");
    assert_eq!(payable().await.record.status, PayableStatus::Cancelled);
    process.recover().await;
    assert_eq!(engines.gateway.total_captured() - engines.gateway.total_refunded(), 1200, "one order is paid");
}

/// What an owner holds counts, whatever a log tells of another history.
#[tokio::test]
async fn after_a_restored_backup_replicas_are_what_their_owners_hold() {
    let engines = Engines::new();
    let (mut process, ticket) = sale(&engines).await;
    let (id, offer) = (ticket.ticket.id, ticket.ticket.clone());
    let unheard = process.order(BUYER, id, 2).await.expect("an order");
    let unknown = process.sell(SELLER, 3).await.expect("it is on sale");
    // No event moves: what was told since the sale is lost.
    let stale = listing(&engines, id).await.record.sales;
    let owned = stock(&engines, id).await.record.sales;
    assert_ne!(stale, owned);
    let owners = engines.audit_reader();
    let rebuilds = || -> [Box<dyn Rebuild>; 4] {
        [
            Box::new(sales(&engines)),
            Box::new(RebuildStocks::new(Arc::new(engines.orders.clone()))),
            Box::new(RebuildPayables::new(Arc::new(engines.payments.clone()))),
            Box::new(RebuildTimers::new(Arc::new(engines.timers.clone()))),
        ]
    };

    let mut told = Vec::new();
    for mut replicas in rebuilds() {
        let rebuilt = rebuild_from_owners(&owners, &mut *replicas, Differing::Replace, &|_| {}).await;
        told.extend(rebuilt.expect("nothing fails").differing);
    }

    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(listing(&engines, id).await.record.sales, owned);
    assert_eq!(stock(&engines, unknown.ticket.id).await.record, Stock::of(&unknown.ticket));
    assert_eq!(stock(&engines, id).await.record, Stock { sales: owned, ..Stock::of(&offer) });
    process.pay(BUYER, unheard.id, "tok_visa").await.expect("payments knows of it");
    for mut replicas in rebuilds().into_iter().take(3) {
        let again = rebuild_from_owners(&owners, &mut *replicas, Differing::Replace, &|_| {}).await;
        assert_eq!(again.expect("nothing fails").differing, [""; 0]);
    }
    process.settle().await.expect("it settles");
}

#[tokio::test]
async fn what_letters_tell_of_is_rebuilt_and_nobody_is_written_to() {
    let engines = Engines::new();
    let (process, ticket) = sale(&engines).await;
    let told = engines.mailbox.told();
    drop(process);
    let letters = MemoryLetterStore::new(Arc::new(engines.clock.clone()));
    let mut replicas = RebuildLetters::new(Arc::new(letters.clone()));

    let rebuilt = run(&engines, &mut replicas, Differing::Replace).await;
    assert_eq!((rebuilt.differing.len(), rebuilt.same), (2, 0), "the ticket and its paid order: {rebuilt:?}");
    let mut from_owners = RebuildLetters::new(Arc::new(letters.clone()));
    let rebuilt = rebuild_from_owners(&engines.audit_reader(), &mut from_owners, Differing::Replace, &|_| {}).await;
    assert_eq!(rebuilt.expect("the engines are up").same, 2, "owners say what the log says");
    let orders = letters.orders_of(ticket.ticket.id, Page::first(10)).await.expect("the engines are up");
    assert_eq!((orders.len(), engines.mailbox.told()), (1, told));
}

/// What the log tells of the seller's account.
async fn told_of_seller(engines: &Engines, called: &str, version: u64) {
    let account = PublicAccount {
        id: account(SELLER),
        registered_at: Timestamp::EPOCH,
        display_name: DisplayName::parse(called).expect("a name"),
        confirmed_at: None,
        deleted_at: None,
        version,
    };
    let (now, origin) = (engines.env.now(), engines.start(&FaultPlan::none()).origin());
    let event = wire::seal(&Event::AccountRenamed(account), EventId::new(engines.env.uuid(now)), now, &origin);
    engines.broker.publisher().publish(&[event]).await.expect("the broker is up");
}

fn all_of_tickets(engines: &Engines) -> RebuildTickets {
    let store = || Arc::new(engines.tickets.clone());
    RebuildTickets::new(RebuildSales::new(store()), RebuildSellers::new(store(), engines.env.clone()))
}

#[tokio::test]
async fn what_sellers_are_called_is_rebuilt_with_the_names_of_their_tickets() {
    let engines = Engines::new();
    let (mut process, ticket) = sale(&engines).await;
    // As if a release that did not follow names had passed it by: the process is not stepped.
    told_of_seller(&engines, "Sally", 2).await;
    told_of_seller(&engines, "Eve", 1).await;

    let told = run(&engines, &mut all_of_tickets(&engines), Differing::Tell).await;
    assert_eq!((told.differing.len(), told.same), (2, 1), "the seller, the ticket and its sales: {told:?}");
    assert_eq!(engines.tickets.seller(account(SELLER)).await.expect("an answer"), None, "it was only told");
    let rebuilt = run(&engines, &mut all_of_tickets(&engines), Differing::Replace).await;
    assert_eq!(rebuilt.differing, told.differing);

    let named = listing(&engines, ticket.ticket.id).await.record.ticket;
    assert_eq!((named.seller_name, named.version), (named_sally(), 2));
    let again = run(&engines, &mut all_of_tickets(&engines), Differing::Replace).await;
    assert_eq!((again.differing, again.same), (Vec::new(), 2));
    process.settle().await.expect("it settles");
    assert_eq!(stock(&engines, ticket.ticket.id).await.record.seller_name, named_sally());

    let stored = engines.tickets.seller(account(SELLER)).await.expect("an answer").expect("it is kept");
    let newer = Seller { version: 9, ..stored.record.clone() };
    engines.tickets.commit(UnitOfWork::default().with(stored.replace(newer))).await.expect("a newer account");
    assert_eq!(run(&engines, &mut all_of_tickets(&engines), Differing::Replace).await.newer, 1);
}

fn named_sally() -> Option<DisplayName> {
    DisplayName::parse("Sally").expect("a name")
}
