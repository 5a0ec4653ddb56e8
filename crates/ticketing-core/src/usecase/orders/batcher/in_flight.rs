//! Orders that the batchers of this process are deciding right now.
//!
//! A buyer's orders for different tickets are decided by different batchers,
//! and neither finds in the store what the other is about to commit. So each
//! batch is entered here before anything is read for it, and counts what was
//! entered earlier as if it were committed: of two orders at the same time,
//! one counts against the other, and never both.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::stock::OrderRequest;

/// The orders that are being decided. A clone shares them.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlightOrders(Arc<Mutex<Entered>>);

#[derive(Debug, Default)]
struct Entered {
    batches: u64,
    of_buyer: HashMap<AccountId, Vec<InFlightOrder>>,
}

/// One order of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct InFlightOrder {
    batch: u64,
    pub(super) order: OrderId,
    pub(super) ticket: TicketId,
    pub(super) places: u32,
}

/// A batch that is being decided; dropping it takes its orders out.
#[derive(Debug)]
pub(super) struct InFlightBatch {
    number: u64,
    buyers: Vec<AccountId>,
    in_flight: InFlightOrders,
}

impl InFlightOrders {
    /// Enters the orders of a batch. Call it before anything is read for them.
    pub(super) fn enter<'a>(&self, requests: impl Iterator<Item = (TicketId, &'a OrderRequest)>) -> InFlightBatch {
        let mut entered = self.entered();
        entered.batches += 1;
        let number = entered.batches;
        let mut buyers = Vec::new();
        for (ticket, request) in requests {
            let entry = InFlightOrder { batch: number, order: request.id, ticket, places: request.quantity.get() };
            entered.of_buyer.entry(request.buyer).or_default().push(entry);
            buyers.push(request.buyer);
        }
        drop(entered);
        InFlightBatch { number, buyers, in_flight: self.clone() }
    }

    fn entered(&self) -> MutexGuard<'_, Entered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlightBatch {
    /// The orders of this batch's buyers that were entered before it and are not decided yet.
    pub(super) fn earlier(&self) -> HashMap<AccountId, Vec<InFlightOrder>> {
        let entered = self.in_flight.entered();
        let entries = self.buyers.iter().filter_map(|buyer| Some((*buyer, entered.of_buyer.get(buyer)?)));
        let earlier =
            |entries: &Vec<InFlightOrder>| entries.iter().filter(|entry| entry.batch < self.number).copied().collect();
        let found = entries.map(|(buyer, entries)| (buyer, earlier(entries)));
        found.filter(|(_, entries): &(_, Vec<_>)| !entries.is_empty()).collect()
    }
}

impl Drop for InFlightBatch {
    fn drop(&mut self) {
        let mut entered = self.in_flight.entered();
        for buyer in &self.buyers {
            let Some(entries) = entered.of_buyer.get_mut(buyer) else { continue };
            entries.retain(|entry| entry.batch != self.number);
            if entries.is_empty() {
                entered.of_buyer.remove(buyer);
            }
        }
    }
}
