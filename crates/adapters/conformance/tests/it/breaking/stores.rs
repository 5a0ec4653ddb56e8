//! Stores that write in part, overwrite or find the wrong things.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::store::ORDER_STORE;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, Revision, StoreError, UnitOfWork, Write};

use super::assert_notices;
use crate::world::World;

/// What is wrong with an order store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    WritesInPart,
    TellsWhatItRefused,
    Overwrites,
    ComparesCounts,
    NamesNothing,
    TakesTwoSteps,
    ForgetsTheLastOfMany,
    IgnoresKeys,
    LooksForKeysFirst,
    ShowsOneTooFew,
    FindsWhatIsNotDue,
    LeavesOutEquals,
    ForgivesTooEarly,
    CountsNothingBought,
    KeepsWhatWentBack,
    AddsCurrencies,
    TakesNothingAway,
}

/// A store, and what is wrong with it.
#[derive(Debug)]
struct Flawed(Arc<dyn OrderStore>, Flaw);

impl Flawed {
    async fn commit_in_part(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        for write in work.writes {
            self.0.commit(UnitOfWork::default().with(write)).await?;
        }
        self.0.commit(UnitOfWork { writes: Vec::new(), events: work.events }).await
    }

    async fn overwrite(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        let mut forced = UnitOfWork { writes: Vec::new(), events: work.events };
        for write in work.writes {
            let replaces = self.revision(&write.record).await?;
            forced.writes.push(Write { replaces, ..write });
        }
        self.0.commit(forced).await
    }

    /// Takes what is stored for what was read, if both were written as often.
    async fn compare_counts(&self, mut work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        for write in &mut work.writes {
            let stored = self.revision(&write.record).await?;
            if stored.map(|stored| stored.count) == write.replaces.map(|read| read.count) {
                write.replaces = stored;
            }
        }
        self.0.commit(work).await
    }

    async fn revision(&self, record: &OrderRecord) -> Result<Option<Revision>, StoreError> {
        let needs = match record {
            OrderRecord::Stock(stock) => OrderNeeds { stocks: vec![stock.ticket], ..OrderNeeds::default() },
            OrderRecord::Order(order) => OrderNeeds { orders: vec![order.id], ..OrderNeeds::default() },
        };
        let found = self.0.load(&needs).await?;
        let stock = found.stocks.first().map(|stored| stored.revision);
        Ok(stock.or_else(|| found.orders.first().map(|stored| stored.revision)))
    }

    /// Leaves a field as it was that is no longer there.
    async fn take_nothing_away(&self, mut work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        for write in &mut work.writes {
            let OrderRecord::Stock(stock) = &mut write.record else { continue };
            let needs = OrderNeeds { stocks: vec![stock.ticket], ..OrderNeeds::default() };
            let stored = self.0.load(&needs).await?.stocks.pop();
            stock.sales_end_at = stock.sales_end_at.or(stored.and_then(|stored| stored.record.sales_end_at));
        }
        self.0.commit(work).await
    }

    async fn tell_on_conflict(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        let events = work.events.clone();
        let end = self.0.commit(work).await;
        if end.is_err() {
            self.0.commit(UnitOfWork { writes: Vec::new(), events }).await?;
        }
        end
    }
}

#[async_trait]
impl OrderStore for Flawed {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        match self.1 {
            Flaw::LooksForKeysFirst => {}
            Flaw::ForgivesTooEarly => {
                let placed_since = needs.placed_since.after(Duration::from_secs(90));
                return self.0.load(&OrderNeeds { placed_since, ..needs.clone() }).await;
            }
            Flaw::CountsNothingBought => {
                return self.0.load(&OrderNeeds { bought: Vec::new(), ..needs.clone() }).await;
            }
            _ => return self.0.load(needs).await,
        }
        let keyed = OrderNeeds { keys: needs.keys.clone(), ..OrderNeeds::default() };
        let keyed = self.0.load(&keyed).await?;
        tokio::task::yield_now().await;
        let mut found = self.0.load(&OrderNeeds { keys: Vec::new(), ..needs.clone() }).await?;
        found.orders.extend(keyed.orders);
        Ok(found)
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        let mut orders = self.0.orders_of(buyer, page).await?;
        if self.1 == Flaw::ShowsOneTooFew && orders.len() > 2 {
            orders.remove(1);
        }
        Ok(orders)
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        let mut orders = self.0.orders_for(ticket, page).await?;
        if self.1 == Flaw::ShowsOneTooFew && orders.len() > 2 {
            orders.remove(1);
        }
        Ok(orders)
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        let mut totals = self.0.sales_totals(ticket).await?;
        match self.1 {
            Flaw::KeepsWhatWentBack => {
                for total in &mut totals {
                    total.sold = total.sold.plus(total.refunded);
                }
            }
            Flaw::AddsCurrencies => totals.truncate(1),
            _ => {}
        }
        Ok(totals)
    }

    async fn overdue(&self, deadline: Timestamp, mut page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        let minute = Duration::from_secs(60);
        let deadline = if self.1 == Flaw::FindsWhatIsNotDue { deadline.after(minute) } else { deadline };
        if let Some(after) = page.after.as_mut().filter(|_| self.1 == Flaw::LeavesOutEquals) {
            after.pay_by = after.pay_by.after(Duration::from_millis(1));
            after.id = OrderId::new(uuid::Uuid::nil());
        }
        self.0.overdue(deadline, page).await
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        let mut stocks = self.0.called_off(page).await?;
        if self.1 == Flaw::ShowsOneTooFew && stocks.len() > 2 {
            stocks.remove(1);
        }
        Ok(stocks)
    }

    async fn commit(&self, mut work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        match self.1 {
            Flaw::WritesInPart => self.commit_in_part(work).await,
            Flaw::TellsWhatItRefused => self.tell_on_conflict(work).await,
            Flaw::Overwrites => self.overwrite(work).await,
            Flaw::ComparesCounts => self.compare_counts(work).await,
            Flaw::TakesNothingAway => self.take_nothing_away(work).await,
            Flaw::NamesNothing => self.0.commit(work).await.map_err(|_| StoreError::Conflict(Vec::new())),
            Flaw::TakesTwoSteps => {
                let events = std::mem::take(&mut work.events);
                self.0.commit(work).await?;
                tokio::task::yield_now().await;
                self.0.commit(UnitOfWork { writes: Vec::new(), events }).await
            }
            Flaw::ForgetsTheLastOfMany => {
                work.writes.truncate(999);
                self.0.commit(work).await
            }
            Flaw::IgnoresKeys => {
                for write in &mut work.writes {
                    if let OrderRecord::Order(order) = &mut write.record {
                        order.key = None;
                    }
                }
                self.0.commit(work).await
            }
            _ => self.0.commit(work).await,
        }
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let orders = Arc::new(Flawed(sound.orders, flaw));
    assert_notices(&ORDER_STORE, rule, &World::default(), &World { orders, ..sound }).await;
}

#[tokio::test]
async fn a_commit_in_part() {
    assert_flawed("a_stale_commit_leaves_no_trace", Flaw::WritesInPart).await;
    assert_flawed("one_of_two_racing_commits_wins", Flaw::WritesInPart).await;
}

#[tokio::test]
async fn events_of_a_commit_that_was_refused() {
    assert_flawed("a_stale_commit_leaves_no_trace", Flaw::TellsWhatItRefused).await;
    assert_flawed("an_insert_of_what_exists_is_refused", Flaw::TellsWhatItRefused).await;
    assert_flawed("writers_who_reload_lose_nothing", Flaw::TellsWhatItRefused).await;
}

#[tokio::test]
async fn the_last_write_wins() {
    assert_flawed("one_of_two_racing_commits_wins", Flaw::Overwrites).await;
    assert_flawed("an_insert_of_what_exists_is_refused", Flaw::Overwrites).await;
}

#[tokio::test]
async fn revisions_that_only_count() {
    assert_flawed("a_revision_of_another_history_conflicts", Flaw::ComparesCounts).await;
}

#[tokio::test]
async fn a_conflict_over_nothing() {
    assert_flawed("a_conflict_names_what_changed", Flaw::NamesNothing).await;
}

#[tokio::test]
async fn a_field_that_stays() {
    assert_flawed("a_field_that_is_taken_away_is_gone", Flaw::TakesNothingAway).await;
}

#[tokio::test]
async fn a_commit_that_dies_halfway() {
    assert_flawed("a_cancelled_commit_leaves_all_or_nothing", Flaw::TakesTwoSteps).await;
}

#[tokio::test]
async fn a_bound_on_decisions() {
    assert_flawed("a_unit_of_work_carries_many_decisions", Flaw::ForgetsTheLastOfMany).await;
}

#[tokio::test]
async fn keys_that_are_not_kept() {
    assert_flawed("a_key_makes_one_order_of_a_buyer", Flaw::IgnoresKeys).await;
    assert_flawed("a_commit_is_visible_to_the_next_read", Flaw::IgnoresKeys).await;
}

#[tokio::test]
async fn keys_that_are_looked_for_too_early() {
    assert_flawed("a_stock_brings_the_orders_that_changed_it", Flaw::LooksForKeysFirst).await;
}

#[tokio::test]
async fn holds_that_count_against_nobody() {
    assert_flawed("unpaid_orders_count_against_their_buyer", Flaw::ForgivesTooEarly).await;
    assert_flawed("what_a_buyer_bought_of_a_ticket_is_found", Flaw::CountsNothingBought).await;
}

#[tokio::test]
async fn pages_with_a_gap() {
    assert_flawed("a_buyer_finds_all_their_orders", Flaw::ShowsOneTooFew).await;
    assert_flawed("all_orders_of_a_ticket_are_found", Flaw::ShowsOneTooFew).await;
    assert_flawed("called_off_stocks_are_found_until_their_orders_end", Flaw::ShowsOneTooFew).await;
}

#[tokio::test]
async fn totals_that_are_too_high_or_too_few() {
    assert_flawed("the_orders_of_a_ticket_are_added_up", Flaw::KeepsWhatWentBack).await;
    assert_flawed("the_orders_of_a_ticket_are_added_up", Flaw::AddsCurrencies).await;
}

#[tokio::test]
async fn orders_that_are_not_due() {
    assert_flawed("overdue_orders_are_found_until_they_end", Flaw::FindsWhatIsNotDue).await;
    assert_flawed("overdue_orders_are_found_until_they_end", Flaw::LeavesOutEquals).await;
}
