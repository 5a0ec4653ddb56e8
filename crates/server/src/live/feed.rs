//! Feeds live updates with events, where nothing else does.

use async_trait::async_trait;

use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::messaging::consumer::{EventHandler, HandleError, Incoming};
use ticketing_core::ports::clock::ClockAndIds;

use super::LiveUpdates;

/// Feeds ticket and order events to live updates.
#[derive(Debug)]
pub(crate) struct LiveFollowsEvents {
    live: LiveUpdates,
    /// Unique, so that every process gets every event.
    group: String,
}

impl LiveFollowsEvents {
    pub(crate) fn new(live: LiveUpdates, env: &ClockAndIds) -> Self {
        Self { live, group: format!("web-live-{}", env.uuid(env.now()).simple()) }
    }
}

#[async_trait]
impl EventHandler for LiveFollowsEvents {
    fn name(&self) -> &str {
        &self.group
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let board = &self.live.0;
        for incoming in events {
            match &incoming.event {
                Event::TicketCreated(ticket) | Event::TicketUpdated(ticket) | Event::TicketWithdrawn(ticket) => {
                    board.change(ticket.id, |known| known.merge_offer(&ticket.into()));
                }
                Event::OrderCreated(change) | Event::OrderCancelled(change) | Event::OrderCompleted(change) => {
                    board.change(change.order.ticket.id, |known| known.merge_sales(change.sales));
                }
                Event::AccountRegistered { .. }
                | Event::PaymentCaptured(_)
                | Event::PaymentFailed(_)
                | Event::PaymentRefunded(_)
                | Event::ExpirationCompleted { .. } => {}
            }
        }
        Ok(())
    }
}
