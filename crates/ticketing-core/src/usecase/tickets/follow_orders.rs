//! Keeps the count of sales beside each ticket.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::event::Topic;
use crate::domain::ids::TicketId;
use crate::domain::ticket::Sales;
use crate::flow::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::store::{StoreError, UnitOfWork};
use crate::usecase::DECISIONS;

use super::Tickets;

/// Feeds order events to the tickets service.
///
/// Only the newest count of each ticket matters: a batch of events about one
/// hot ticket is one write.
#[derive(Debug, Clone)]
pub struct TicketsFollowOrders(pub Tickets);

#[async_trait]
impl EventHandler for TicketsFollowOrders {
    fn name(&self) -> &str {
        "tickets"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let newest = newest_sales(events);
        for _ in 0..DECISIONS {
            match self.0.follow(&newest).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Vec::new()).into())
    }
}

fn newest_sales(events: &[Incoming]) -> HashMap<TicketId, Sales> {
    let mut newest: HashMap<TicketId, Sales> = HashMap::new();
    for change in events.iter().filter_map(|incoming| incoming.event.order_change()) {
        let known = newest.entry(change.order.ticket.id).or_default();
        if change.sales.version > known.version {
            *known = change.sales;
        }
    }
    newest
}

impl Tickets {
    async fn follow(&self, newest: &HashMap<TicketId, Sales>) -> Result<(), StoreError> {
        let ids: Vec<TicketId> = newest.keys().copied().collect();
        let listings = self.store.listings(&ids).await?;
        let writes = listings.iter().filter_map(|stored| {
            let sales = newest.get(&stored.record.ticket.id)?;
            stored.record.clone().follow(*sales).map(|listing| stored.replace(listing))
        });
        let work = UnitOfWork { writes: writes.collect(), events: Vec::new() };
        if work.is_empty() { Ok(()) } else { self.store.commit(work).await.map(drop) }
    }
}
