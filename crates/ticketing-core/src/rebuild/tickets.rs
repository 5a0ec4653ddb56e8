//! All that the tickets service knows of others.

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::ports::store::StoreError;

use super::{Differing, Rebuild, RebuildSales, RebuildSellers, Rebuilt};

/// Rebuilds the counts of sales and what sellers are called, in one reading of the log.
#[derive(Debug)]
pub struct RebuildTickets {
    sales: RebuildSales,
    sellers: RebuildSellers,
}

impl RebuildTickets {
    /// Both of one store.
    #[must_use]
    pub const fn new(sales: RebuildSales, sellers: RebuildSellers) -> Self {
        Self { sales, sellers }
    }
}

#[async_trait]
impl Rebuild for RebuildTickets {
    fn topics(&self) -> &[Topic] {
        &[Topic::Orders, Topic::Accounts]
    }

    fn shadow(&mut self, event: Event) {
        match event.topic() {
            Topic::Accounts => self.sellers.shadow(event),
            _ => self.sales.shadow(event),
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.sales.subjects().into_iter().chain(self.sellers.subjects()).collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let (sellers, tickets): (Vec<Uuid>, Vec<Uuid>) = subjects.iter().partition(|id| self.sellers.knows(**id));
        let mut rebuilt = self.sales.compare(&tickets, differing).await?;
        rebuilt.add(self.sellers.compare(&sellers, differing).await?);
        Ok(rebuilt)
    }
}
