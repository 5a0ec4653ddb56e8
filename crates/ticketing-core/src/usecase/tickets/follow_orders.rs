//! Keeps the count of sales beside each ticket.

use std::collections::HashMap;

use async_trait::async_trait;
use tracing::Instrument;

use crate::domain::event::Topic;
use crate::domain::ids::TicketId;
use crate::domain::ticket::Sales;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::messaging::spans;
use crate::ports::store::{RecordKey, StoreError};
use crate::usecase::contended::{Contended, NotFollowed};

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
        let mut tickets = Contended::new(newest_sales(events));
        loop {
            match self.0.follow(&tickets.news).await {
                Ok(()) => {
                    return tickets.answer(events, |incoming| Some(incoming.event.order_change()?.order.ticket.id));
                }
                Err(NotFollowed::Conflict(named)) => tickets.leave_out(named),
                Err(NotFollowed::Store(error)) => return Err(error.into()),
            }
        }
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
    async fn follow(&self, newest: &HashMap<TicketId, Sales>) -> Result<(), NotFollowed<TicketId>> {
        if newest.is_empty() {
            return Ok(());
        }
        let span = spans::commit_of(newest.len());
        match self.store.follow_sales(newest).instrument(span).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(keys)) => Err(NotFollowed::Conflict(keys.iter().filter_map(listing_of).collect())),
            Err(error) => Err(error.into()),
        }
    }
}

const fn listing_of(key: &RecordKey) -> Option<TicketId> {
    match key {
        RecordKey::Listing(id) => Some(*id),
        _ => None,
    }
}
