//! What the tickets service knows of sales.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::TicketId;
use crate::domain::ticket::{Listing, Sales};
use crate::ports::store::{StoreError, UnitOfWork};
use crate::ports::ticket_store::TicketStore;

use super::{Differing, Rebuild, Rebuilt};

/// Rebuilds the counts of held and sold places beside each ticket.
#[derive(Debug)]
pub struct RebuildSales {
    store: Arc<dyn TicketStore>,
    shadow: BTreeMap<Uuid, Sales>,
}

impl RebuildSales {
    /// For the tickets of this store.
    #[must_use]
    pub fn new(store: Arc<dyn TicketStore>) -> Self {
        Self { store, shadow: BTreeMap::new() }
    }
}

#[async_trait]
impl Rebuild for RebuildSales {
    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    fn shadow(&mut self, event: Event) {
        if let Some(change) = event.order_change() {
            let known = self.shadow.entry(change.order.ticket.id.uuid()).or_default();
            if change.sales.version > known.version {
                *known = change.sales;
            }
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.shadow.keys().copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let ids: Vec<TicketId> = subjects.iter().copied().map(TicketId::new).collect();
        let listings = self.store.listings(&ids).await?;
        let (mut rebuilt, mut work) = (Rebuilt::default(), UnitOfWork::default());
        for id in &ids {
            let Some(stored) = listings.iter().find(|stored| stored.record.ticket.id == *id) else {
                rebuilt.lost.push(format!("ticket {id}"));
                continue;
            };
            let (known, told) = (stored.record.sales, self.shadow.get(&id.uuid()).copied().unwrap_or_default());
            if known == told {
                rebuilt.same += 1;
            } else if known.version > told.version {
                rebuilt.newer += 1;
            } else {
                rebuilt.differing.push(format!("sales of ticket {id}: {known:?}, and the log says {told:?}"));
                work = work.with(stored.replace(Listing { sales: told, ..stored.record.clone() }));
            }
        }
        if differing == Differing::Replace && !work.is_empty() {
            self.store.commit(work).await?;
        }
        Ok(rebuilt)
    }
}
