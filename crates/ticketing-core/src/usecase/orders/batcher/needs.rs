//! What a batch has to know before it is decided, read in one round trip.

use std::collections::HashSet;
use std::time::Duration;

use crate::domain::hold_limits::HoldLimits;
use crate::domain::ids::TicketId;
use crate::domain::time::Timestamp;
use crate::ports::order_store::{OrderNeeds, OrderRecords};
use crate::ports::store::StoreError;

use super::command::{OrderAction, QueuedCommand};
use super::in_flight::InFlightBatch;
use super::run::{OrderBatcher, PriorAttempt};
use super::state::BatchState;

/// How long after its deadline an unpaid order may end and still count against its buyer.
const LATEST_END: Duration = Duration::from_secs(60 * 60);

impl OrderBatcher {
    /// Loads everything that the batch needs to be decided.
    pub(super) async fn set_up(&self, batch: &[QueuedCommand], prior: PriorAttempt) -> Result<BatchState, StoreError> {
        let now = self.env.now();
        let needs = self.needs(batch, prior, now);
        let earlier = self.batch.as_ref().map(InFlightBatch::earlier).unwrap_or_default();
        let found = if needs.is_empty() { OrderRecords::default() } else { self.store.load(&needs).await? };
        let known = batch.iter().filter_map(|queued| self.stocks.get(&queued.command.ticket)).cloned();
        Ok(BatchState::new(known.chain(found.stocks), found.orders).counting(earlier))
    }

    fn needs(&self, batch: &[QueuedCommand], prior: PriorAttempt, now: Timestamp) -> OrderNeeds {
        let placed_since = self.config.limits.unpaid_since(now).before(self.config.hold_for + LATEST_END);
        let mut needs = OrderNeeds { placed_since, ..OrderNeeds::default() };
        let mut stocks = HashSet::new();
        let mut buyers = HashSet::new();
        let limited = self.limited_by_sellers(batch);
        for QueuedCommand { command, .. } in batch {
            if !self.stocks.contains_key(&command.ticket) && stocks.insert(command.ticket) {
                needs.stocks.push(command.ticket);
            }
            match &command.action {
                OrderAction::Place(request) => {
                    needs.keys.extend(request.key.clone().map(|key| (request.buyer, key)));
                    if prior == PriorAttempt::MayHaveCommitted {
                        needs.orders.push(request.id);
                    }
                    if self.config.limits != HoldLimits::OFF && buyers.insert((request.buyer, None)) {
                        needs.unpaid_of.push(request.buyer);
                    }
                    if limited.contains(&command.ticket) && buyers.insert((request.buyer, Some(command.ticket))) {
                        needs.bought.push((request.buyer, command.ticket));
                    }
                }
                OrderAction::Cancel(order)
                | OrderAction::Expire(order)
                | OrderAction::Complete(order, _)
                | OrderAction::Refund(order, _)
                | OrderAction::CallOff(order)
                | OrderAction::LetIn(order) => needs.orders.push(*order),
                OrderAction::Follow(_) => {}
            }
        }
        needs
    }

    /// The tickets whose sellers may have set a limit for each buyer, as far as is known before anything is read.
    fn limited_by_sellers(&self, batch: &[QueuedCommand]) -> HashSet<TicketId> {
        let is_limited = |ticket| self.stocks.get(ticket).is_none_or(|stock| stock.record.max_per_buyer.is_some());
        let changed = |action: &OrderAction| matches!(action, OrderAction::Follow(ticket) if ticket.offer.max_per_buyer.is_some());
        let commands = batch.iter().map(|queued| &queued.command);
        commands
            .filter(|command| is_limited(&command.ticket) || changed(&command.action))
            .map(|command| command.ticket)
            .collect()
    }
}
