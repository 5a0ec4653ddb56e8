//! What the notifications service knows of orders and tickets.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::{OrderId, TicketId};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::ticket::Ticket;
use crate::ports::letter_store::{LetterNeeds, LetterRecord, LetterStore};
use crate::ports::store::{StoreError, Stored, UnitOfWork, Write};

use super::{Differing, Rebuild, Rebuilt};

/// Rebuilds the replicas that letters tell of. Letters are the service's own: none is written or sent again.
#[derive(Debug)]
pub struct RebuildLetters {
    store: Arc<dyn LetterStore>,
    orders: BTreeMap<Uuid, Order>,
    tickets: BTreeMap<Uuid, Ticket>,
}

impl RebuildLetters {
    /// For the replicas of this store.
    #[must_use]
    pub fn new(store: Arc<dyn LetterStore>) -> Self {
        Self { store, orders: BTreeMap::new(), tickets: BTreeMap::new() }
    }
}

#[async_trait]
impl Rebuild for RebuildLetters {
    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders]
    }

    fn shadow(&mut self, event: Event) {
        if let Some(ticket) = event.ticket() {
            keep_newest(&mut self.tickets, ticket.id.uuid(), ticket, |ticket| ticket.version);
        }
        if let Some(order) = event.order_change().map(|change| &change.order).filter(|order| was_completed(order)) {
            // As events tell it: the key of a request stays with the service that it guards.
            let told = Order { key: None, ..order.clone() };
            keep_newest(&mut self.orders, order.id.uuid(), &told, |order| order.version);
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.tickets.keys().chain(self.orders.keys()).copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let orders: Vec<&Order> = subjects.iter().filter_map(|id| self.orders.get(id)).collect();
        let tickets: Vec<&Ticket> = subjects.iter().filter_map(|id| self.tickets.get(id)).collect();
        let needs = LetterNeeds {
            orders: orders.iter().map(|order| order.id).collect::<Vec<OrderId>>(),
            tickets: tickets.iter().map(|ticket| ticket.id).collect::<Vec<TicketId>>(),
            ..LetterNeeds::default()
        };
        let records = self.store.load(&needs).await?;
        let mut comparison = Comparison::default();
        for order in orders {
            let known = records.orders.iter().find(|stored| stored.record.id == order.id);
            comparison.compare(&format_args!("order {}", order.id), known, order, |order| order.version);
        }
        for ticket in tickets {
            let known = records.tickets.iter().find(|stored| stored.record.id == ticket.id);
            comparison.compare(&format_args!("ticket {}", ticket.id), known, ticket, |ticket| ticket.version);
        }
        let Comparison { rebuilt, work } = comparison;
        if differing == Differing::Replace && !work.is_empty() {
            self.store.commit(work).await?;
        }
        Ok(rebuilt)
    }
}

const fn was_completed(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Completed { .. } | OrderStatus::Refunded { .. })
}

fn keep_newest<R: Clone>(shadows: &mut BTreeMap<Uuid, R>, id: Uuid, told: &R, version: fn(&R) -> u64) {
    let known = shadows.entry(id).or_insert_with(|| told.clone());
    if version(told) > version(known) {
        *known = told.clone();
    }
}

/// What was found, and what is to be written.
#[derive(Default)]
struct Comparison {
    rebuilt: Rebuilt,
    work: UnitOfWork<LetterRecord>,
}

impl Comparison {
    fn compare<R: Clone + PartialEq>(
        &mut self,
        what: &dyn Display,
        known: Option<&Stored<R>>,
        told: &R,
        version: fn(&R) -> u64,
    ) where
        LetterRecord: From<R>,
    {
        match known {
            None => {
                self.rebuilt.differing.push(format!("the replica of {what} is missing"));
                self.work.writes.push(Write::insert(told.clone()));
            }
            Some(stored) if stored.record == *told => self.rebuilt.same += 1,
            Some(stored) if version(&stored.record) > version(told) => self.rebuilt.newer += 1,
            Some(stored) => {
                self.rebuilt.differing.push(format!("the replica of {what} is not what its events say"));
                self.work.writes.push(stored.replace(told.clone()));
            }
        }
    }
}
