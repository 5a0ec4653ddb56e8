//! What only the order store promises.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::money::{Price, Quantity};
use ticketing_core::domain::order::{CancelReason, IdempotencyKey, Order, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Sales, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OverdueCursor};
use ticketing_core::ports::store::{Page, RecordKey, Revision, Stored, UnitOfWork, Write};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};
use crate::time::soon;

use super::any_store::key;
use super::bench::{Bench, inserted_by};
use super::{Orders, StoreFixture};

fn account() -> AccountId {
    AccountId::new(sample::uuid())
}

fn order(buyer: AccountId, key: Option<&IdempotencyKey>) -> Order {
    Order { key: key.cloned(), ..sample::order(buyer) }
}

fn inserting(orders: &[Order]) -> UnitOfWork<OrderRecord> {
    orders.iter().cloned().fold(UnitOfWork::default(), |work, order| work.with(Write::insert(order)))
}

async fn load(bench: &Bench<Orders>, needs: OrderNeeds) -> OrderRecords {
    soon("a read is answered", bench.store.load(&needs)).await.expect("a read succeeds")
}

/// Of one buyer, a key makes one order, however often and by however many it is sent at once.
pub async fn a_key_makes_one_order_of_a_buyer(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let (buyer, other, wanted) = (account(), account(), key("once"));
    let first = order(buyer, Some(&wanted));
    let token = bench.commit(inserting(std::slice::from_ref(&first))).await;

    let (again, neighbour) = (order(buyer, Some(&wanted)), order(buyer, None));
    let named = bench.conflict("a second order under a key", inserting(&[neighbour.clone(), again])).await;
    let taken = RecordKey::OrderKey(buyer, wanted.clone());
    assert_eq!(Vec::from_iter(named), [taken], "the conflict names the key");
    assert_eq!(bench.find(&neighbour.into()).await, None, "a commit over a taken key left another order");
    bench.commit(inserting(&[order(other, Some(&wanted)), order(buyer, None), order(buyer, None)])).await;

    let keys = vec![(buyer, wanted.clone()), (buyer, key("never")), (account(), wanted)];
    let both_ways = OrderNeeds { orders: vec![first.id], keys: keys.clone(), ..OrderNeeds::default() };
    for needs in [OrderNeeds { keys, ..OrderNeeds::default() }, both_ways] {
        let found = load(&bench, needs).await.orders;
        assert!(found.contains(&inserted_by(token, first.clone())), "a key does not lead to its order");
        assert!(found.iter().all(|stored| stored.record.id == first.id), "a key leads to another's order");
    }
    order_at_once(&bench, buyer).await;
    Outcome::Kept
}

async fn order_at_once(bench: &Bench<Orders>, buyer: AccountId) {
    let wanted = key("at once");
    let orders = (0..16).map(|_| {
        let (store, work) = (Arc::clone(&bench.store), inserting(&[order(buyer, Some(&wanted))]));
        tokio::spawn(async move { store.commit(work).await })
    });
    let ends = soon("commits are answered", join_all(orders.collect::<Vec<_>>())).await;
    let won = ends.iter().filter(|end| matches!(end, Ok(Ok(_)))).count();
    assert_eq!(won, 1, "of sixteen orders under one key, one is made");
}

/// A reader that sees the places that an order took finds the order by its key, in the same response.
pub async fn a_stock_brings_the_orders_that_changed_it(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let (buyer, stock) = (account(), sample::stock());
    let mut token = bench.commit(UnitOfWork::default().with(Write::insert(OrderRecord::from(stock.clone())))).await;
    for count in 1..=32 {
        let revision = Revision { count, token };
        let wanted = key(&format!("number {count}"));
        let sales = Sales { held: 1, sold: 0, version: stock.sales.version + count };
        let read = Stored { record: OrderRecord::from(stock.clone()), revision };
        let taken = read.replace(OrderRecord::from(Stock { sales, ..stock.clone() }));
        let (store, work) = (Arc::clone(&bench.store), inserting(&[order(buyer, Some(&wanted))]).with(taken));
        let commit = tokio::spawn(async move { store.commit(work).await });
        read_until_taken(&bench, count, stock.ticket, (buyer, wanted)).await;
        token = soon("a commit is answered", commit).await.expect("it ends").expect("nothing speaks against it");
    }
    Outcome::Kept
}

async fn read_until_taken(bench: &Bench<Orders>, before: u64, ticket: TicketId, key: (AccountId, IdempotencyKey)) {
    let needs = OrderNeeds { stocks: vec![ticket], keys: vec![key], ..OrderNeeds::default() };
    loop {
        let found = load(bench, needs.clone()).await;
        if found.stocks.iter().any(|stored| stored.revision.count > before) {
            return assert_eq!(found.orders.len(), 1, "places are taken, and the order that took them is not found");
        }
        tokio::task::yield_now().await;
    }
}

/// Orders that await payment count against their buyer, and so do those that ended without one lately; no others do.
pub async fn unpaid_orders_count_against_their_buyer(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let [buyer, second, other] = std::array::from_fn(|_| account());
    let minute = |n: u64| NOW.after(Duration::from_secs(60 * n));
    let placed = |order: Order, at: Timestamp| {
        let id = uuid::Builder::from_unix_timestamp_millis(at.millis().unsigned_abs(), &rand::random()).into_uuid();
        Order { id: OrderId::new(id), placed_at: at, ..order }
    };
    let cancelled = |buyer, reason| {
        let status = OrderStatus::Cancelled { reason, at: minute(9) };
        Order { status, version: 2, ..order(buyer, None) }
    };
    let [paid, _] = ended(buyer);
    let counted = [
        placed(order(buyer, None), minute(5)),
        placed(order(second, None), minute(7)),
        placed(cancelled(buyer, CancelReason::Expired), minute(5)),
        placed(cancelled(second, CancelReason::ByBuyer), minute(6)),
    ];
    let earlier = placed(cancelled(buyer, CancelReason::ByBuyer), minute(4));
    bench.commit(inserting(&counted)).await;
    bench.commit(inserting(&[placed(paid, minute(6)), placed(order(other, None), minute(6)), earlier])).await;

    assert_eq!(unpaid(&bench, &[buyer, second], minute(5)).await, ids(&counted), "all that were placed since then");
    assert_eq!(unpaid(&bench, &[account()], NOW).await, [], "nothing counts against a stranger");
    let [open, ..] = counted;
    let status = OrderStatus::Completed { payment: PaymentId::new(sample::uuid()), at: minute(7) };
    let read = bench.find(&OrderRecord::Order(open.clone())).await.expect("it was inserted");
    let paid = OrderRecord::Order(Order { status, version: 2, ..open.clone() });
    bench.commit(UnitOfWork::default().with(read.replace(paid))).await;
    let left = unpaid(&bench, &[buyer], NOW).await;
    assert!(!left.contains(&open.id), "an order that was paid counts against nobody");
    Outcome::Kept
}

async fn unpaid(bench: &Bench<Orders>, buyers: &[AccountId], placed_since: Timestamp) -> Vec<OrderId> {
    let needs = OrderNeeds { unpaid_of: buyers.to_vec(), placed_since, ..OrderNeeds::default() };
    found(bench, needs).await
}

/// What a buyer bought of a ticket is found: no other buyer's, of no other ticket, and nothing that is not paid.
pub async fn what_a_buyer_bought_of_a_ticket_is_found(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let (buyer, other) = (account(), account());
    let [first, second] = [(); 2].map(|()| TicketId::new(sample::uuid()));
    let of = |ticket, order: Order| Order { ticket: OrderedTicket { id: ticket, ..order.ticket.clone() }, ..order };
    let bought = |buyer, ticket| {
        let [paid, _] = ended(buyer);
        of(ticket, paid)
    };
    let [_, cancelled] = ended(buyer);
    let theirs = [bought(buyer, first), bought(buyer, first)];
    bench.commit(inserting(&theirs)).await;
    let neighbours = [bought(other, first), bought(buyer, second)];
    bench.commit(inserting(&neighbours)).await;
    bench.commit(inserting(&[of(first, order(buyer, None)), of(first, cancelled)])).await;

    let bought = async |pairs: &[(AccountId, TicketId)]| {
        found(&bench, OrderNeeds { bought: pairs.to_vec(), ..OrderNeeds::default() }).await
    };
    assert_eq!(bought(&[(buyer, first)]).await, ids(&theirs), "of this ticket, and all of it");
    assert_eq!(bought(&[(other, first), (buyer, second)]).await, ids(&neighbours), "each pair leads to its own");
    assert_eq!(bought(&[(other, second), (account(), first)]).await, [], "nothing was bought");
    Outcome::Kept
}

async fn found(bench: &Bench<Orders>, needs: OrderNeeds) -> Vec<OrderId> {
    let found: Vec<Order> = load(bench, needs).await.orders.into_iter().map(|stored| stored.record).collect();
    ids(&found)
}

/// In order; what is found twice is there twice.
fn ids(orders: &[Order]) -> Vec<OrderId> {
    let mut ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    ids.sort();
    ids
}

/// A buyer's own list has all that is theirs, newest first, in pages that join.
pub async fn a_buyer_finds_all_their_orders(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let (buyer, other) = (account(), account());
    let mut theirs: Vec<Order> = (0..10).map(|_| order(buyer, None)).collect();
    theirs.extend(ended(buyer));
    bench.commit(inserting(&theirs)).await;
    bench.commit(inserting(&[order(other, None)])).await;
    theirs.sort_by_key(|order| std::cmp::Reverse(order.id));

    for size in [1, 4, 12, 100] {
        let (mut page, mut read) = (Page::first(size), Vec::new());
        while let Some(last) = read_page(&bench, buyer, page, &mut read).await {
            page.after = Some(last);
            assert!(read.len() <= theirs.len(), "pages of {size} repeat an order or show another's");
        }
        assert_eq!(read, theirs, "pages of {size} do not join");
    }
    assert_eq!(read_page(&bench, account(), Page::first(10), &mut Vec::new()).await, None, "nobody has orders");
    Outcome::Kept
}

/// A ticket's list has all its orders, newest first, in pages that join.
pub async fn all_orders_of_a_ticket_are_found(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let refunded =
        OrderStatus::Refunded { payment: PaymentId::new(sample::uuid()), reason: RefundReason::CalledOff, at: NOW };
    let called_off = OrderStatus::Cancelled { reason: CancelReason::CalledOff, at: NOW };
    let of_ticket = |order: Order, ticket| Order { ticket: OrderedTicket { id: ticket, ..order.ticket }, ..order };
    let ticket = TicketId::new(sample::uuid());
    let mut theirs: Vec<Order> = ended(account()).into_iter().map(|order| of_ticket(order, ticket)).collect();
    for status in [refunded, called_off] {
        theirs.push(of_ticket(Order { status, version: 3, ..order(account(), None) }, ticket));
    }
    theirs.push(of_ticket(order(account(), None), ticket));
    bench.commit(inserting(&theirs)).await;
    bench.commit(inserting(&[order(account(), None)])).await;
    theirs.sort_by_key(|order| std::cmp::Reverse(order.id));

    for size in [1, 2, 5, 100] {
        let (mut page, mut read) = (Page::first(size), Vec::new());
        loop {
            let found =
                soon("a read is answered", bench.store.orders_for(ticket, page)).await.expect("a read succeeds");
            assert!(found.len() <= page.limit, "a page of {} has {} entries", page.limit, found.len());
            let Some(last) = found.last() else { break };
            page.after = Some(last.id);
            read.extend(found);
            assert!(read.len() <= theirs.len(), "pages of {size} repeat an order or show another's");
        }
        assert_eq!(read, theirs, "pages of {size} do not join");
    }
    Outcome::Kept
}

/// The orders of a ticket are added up by currency, and cancelled ones count for nothing.
pub async fn the_orders_of_a_ticket_are_added_up(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let ticket = TicketId::new(sample::uuid());
    let refund = |reason| OrderStatus::Refunded { payment: PaymentId::new(sample::uuid()), reason, at: NOW };
    let refunds = [RefundReason::CalledOff, RefundReason::ByBuyer, RefundReason::BySeller].map(refund);
    let mut theirs: Vec<Order> = (0..3).flat_map(|_| ended(account())).collect();
    theirs.extend(refunds.map(|status| Order { status, version: 3, ..order(account(), None) }));
    theirs.push(order(account(), None));
    let dearest = Price::parse(Price::MAX_AMOUNT, "CHF").expect("a price");
    for (order, places) in theirs.iter_mut().zip(1..) {
        order.ticket.id = ticket;
        order.quantity = Quantity::new(places * 99).expect("some places");
        if places > 5 {
            order.ticket.price = dearest;
        }
    }
    bench.commit(inserting(&theirs)).await;
    bench.commit(inserting(&[order(account(), None)])).await;

    let totals =
        async |ticket| soon("a read is answered", bench.store.sales_totals(ticket)).await.expect("a read succeeds");
    assert_eq!(totals(ticket).await, SalesTotal::of(&theirs), "all orders of the ticket count, and no others");
    assert_eq!(totals(TicketId::new(sample::uuid())).await, [], "a ticket without orders has no totals");
    Outcome::Kept
}

async fn read_page(
    bench: &Bench<Orders>,
    buyer: AccountId,
    page: Page<OrderId>,
    read: &mut Vec<Order>,
) -> Option<OrderId> {
    let found = soon("a read is answered", bench.store.orders_of(buyer, page)).await.expect("a read succeeds");
    assert!(found.len() <= page.limit, "a page of {} has {} entries", page.limit, found.len());
    let last = found.last().map(|order| order.id);
    read.extend(found);
    last
}

fn ended(buyer: AccountId) -> [Order; 2] {
    let completed = OrderStatus::Completed { payment: PaymentId::new(sample::uuid()), at: NOW };
    let cancelled = OrderStatus::Cancelled { reason: CancelReason::Expired, at: NOW };
    [completed, cancelled].map(|status| Order { status, version: 2, ..order(buyer, None) })
}

/// Orders past their deadline are found until they end, most overdue first; others are not.
pub async fn overdue_orders_are_found_until_they_end(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let minute = |n: u64| NOW.after(Duration::from_secs(60 * n));
    let due = |n| Order { status: OrderStatus::AwaitingPayment { pay_by: minute(n) }, ..order(account(), None) };
    let [third, first, second, late] = [due(3), due(1), due(2), due(5)];
    // Due at the same time: pages end between equals.
    let beside = due(2);
    let (second, beside) = if second.id < beside.id { (second, beside) } else { (beside, second) };
    let orders = [third.clone(), first.clone(), second.clone(), late.clone(), beside.clone()];
    let token = bench.commit(inserting(&orders)).await;
    bench.commit(inserting(&ended(account()))).await;

    assert_eq!(overdue(&bench, NOW, 10).await, [], "no order is overdue before its deadline");
    for size in [1, 2, 10] {
        let by_three = overdue(&bench, minute(3), size).await;
        let expected = [first.clone(), second.clone(), beside.clone(), third.clone()];
        assert_eq!(by_three, expected, "the deadline itself counts, and pages of {size} join");
    }

    let end = OrderStatus::Cancelled { reason: CancelReason::Expired, at: minute(9) };
    let read = inserted_by(token, OrderRecord::Order(first.clone()));
    let gone = OrderRecord::Order(Order { status: end, version: 2, ..first });
    bench.commit(UnitOfWork::default().with(read.replace(gone))).await;
    assert_eq!(
        overdue(&bench, minute(9), 10).await,
        [second, beside, third, late],
        "an order that ended is not overdue"
    );
    Outcome::Kept
}

/// Stocks of called-off events are found until no place of theirs is held or sold; no others are.
pub async fn called_off_stocks_are_found_until_their_orders_end(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let (called_off, sales) = (TicketStatus::CalledOff, Sales { held: 1, sold: 0, version: 1 });
    let off = |sales| Stock { status: called_off, sales, ..sample::stock() };
    let mut stocks = [off(sales), off(Sales { held: 0, sold: 2, version: 2 }), off(sales)];
    stocks.sort_unstable_by_key(|stock| stock.ticket);
    let others = [off(Sales { held: 0, sold: 0, version: 2 }), Stock { sales, ..sample::stock() }];
    let inserting = |stocks: &[Stock]| {
        stocks.iter().cloned().fold(UnitOfWork::default(), |work, stock| work.with(Write::insert(stock)))
    };
    let token = bench.commit(inserting(&stocks)).await;
    bench.commit(inserting(&others)).await;

    for size in [1, 2, 10] {
        assert_eq!(to_end(&bench, size).await, stocks, "pages of {size} join");
    }
    let [first, rest @ ..] = stocks;
    let read = inserted_by(token, OrderRecord::Stock(first.clone()));
    let ended = Stock { sales: Sales { held: 0, sold: 0, version: 3 }, ..first };
    bench.commit(UnitOfWork::default().with(read.replace(OrderRecord::Stock(ended)))).await;
    assert_eq!(to_end(&bench, 10).await, rest, "a stock whose places are free is not found");
    Outcome::Kept
}

/// All of them, read in pages of `size`.
async fn to_end(bench: &Bench<Orders>, size: usize) -> Vec<Stock> {
    let (mut page, mut read) = (Page::first(size), Vec::new());
    loop {
        let found = soon("a read is answered", bench.store.called_off(page)).await.expect("a read succeeds");
        assert!(found.len() <= size, "a page of {size} has {} entries", found.len());
        let Some(last) = found.last() else { return read };
        page.after = Some(last.ticket);
        read.extend(found);
        assert!(read.len() <= 100, "pages of {size} repeat themselves");
    }
}

/// All of them, read in pages of `size`.
async fn overdue(bench: &Bench<Orders>, deadline: Timestamp, size: usize) -> Vec<Order> {
    let (mut page, mut read) = (Page::first(size), Vec::new());
    loop {
        let found = soon("a read is answered", bench.store.overdue(deadline, page)).await.expect("a read succeeds");
        assert!(found.len() <= size, "a page of {size} has {} entries", found.len());
        let Some(last) = found.last() else { return read };
        page.after = OverdueCursor::of(last);
        read.extend(found);
        assert!(read.len() <= 100, "pages of {size} repeat themselves");
    }
}
