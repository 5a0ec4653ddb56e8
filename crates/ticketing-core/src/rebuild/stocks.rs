//! What the orders service knows of tickets.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::TicketId;
use crate::domain::stock::Stock;
use crate::domain::ticket::Ticket;
use crate::ports::order_store::{OrderNeeds, OrderStore};
use crate::ports::store::{StoreError, UnitOfWork, Write};

use super::{Differing, Rebuild, Rebuilt};

/// Rebuilds what a stock takes over from its ticket; the places that are held and sold are the service's own.
#[derive(Debug)]
pub struct RebuildStocks {
    store: Arc<dyn OrderStore>,
    shadow: BTreeMap<Uuid, Shadow>,
}

/// What the log has about a ticket.
#[derive(Debug, Default)]
struct Shadow {
    ticket: Option<Ticket>,
    /// Whether anybody ever ordered it.
    ordered: bool,
}

impl RebuildStocks {
    /// For the stocks of this store.
    #[must_use]
    pub fn new(store: Arc<dyn OrderStore>) -> Self {
        Self { store, shadow: BTreeMap::new() }
    }
}

#[async_trait]
impl Rebuild for RebuildStocks {
    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders]
    }

    fn shadow(&mut self, event: Event) {
        if let Some(change) = event.order_change() {
            self.shadow.entry(change.order.ticket.id.uuid()).or_default().ordered = true;
        }
        if let Some(ticket) = event.ticket() {
            let known = &mut self.shadow.entry(ticket.id.uuid()).or_default().ticket;
            if known.as_ref().is_none_or(|known| ticket.version > known.version) {
                *known = Some(ticket.clone());
            }
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.shadow.keys().copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let needs =
            OrderNeeds { stocks: subjects.iter().copied().map(TicketId::new).collect(), ..OrderNeeds::default() };
        let stocks = self.store.load(&needs).await?.stocks;
        let (mut rebuilt, mut work) = (Rebuilt::default(), UnitOfWork::default());
        for (id, shadow) in subjects.iter().filter_map(|id| self.shadow.get_key_value(id)) {
            let stored = stocks.iter().find(|stored| stored.record.ticket.uuid() == *id);
            match (stored, &shadow.ticket) {
                (Some(stored), Some(ticket)) => {
                    let told = Stock { sales: stored.record.sales, ..Stock::of(ticket) };
                    if stored.record == told {
                        rebuilt.same += 1;
                    } else if stored.record.ticket_version > ticket.version {
                        rebuilt.newer += 1;
                    } else {
                        rebuilt.differing.push(format!("the stock of ticket {id} is not what the ticket says"));
                        work = work.with(stored.replace(told));
                    }
                }
                // Its places are counted nowhere else: a new stock would sell them twice.
                (None, _) if shadow.ordered => rebuilt.lost.push(format!("stock {id}, which was ordered")),
                (None, Some(ticket)) => {
                    rebuilt.differing.push(format!("the stock of ticket {id} is missing"));
                    work = work.with(Write::insert(Stock::of(ticket)));
                }
                (_, None) => rebuilt.newer += 1,
            }
        }
        if differing == Differing::Replace && !work.is_empty() {
            self.store.commit(work).await?;
        }
        Ok(rebuilt)
    }
}
