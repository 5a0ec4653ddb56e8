//! What is left of a ticket and for how much, while it changes.
//!
//! An event handler of its own group turns ticket and order events into the
//! newest state of each ticket that somebody watches. Listeners see the newest
//! state and not every change, so a hot ticket costs them no more than a quiet one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa::ToSchema;

use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Listing, Sales, Ticket};
use ticketing_core::flow::consumer::{EventHandler, HandleError, Incoming};
use ticketing_core::flow::shutdown::Shutdown;
use ticketing_core::usecase::World;

use crate::api::money::MoneyBody;
use crate::api::tickets::StatusBody;

/// Hands live updates to listeners. A clone hands out the same ones.
#[derive(Debug, Clone)]
pub struct LiveUpdates(Arc<Board>);

#[derive(Debug)]
struct Board {
    /// Unique, so that every process gets every event.
    group: String,
    places: Arc<Semaphore>,
    stopping: Shutdown,
    watched: Mutex<HashMap<TicketId, watch::Sender<Known>>>,
}

/// What is known of a ticket, each half as new as its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    ticket: Option<Ticket>,
    sales: Sales,
}

/// The newest state of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveTicket {
    /// How many places are left.
    pub available: u32,
    /// Of one place.
    pub price: MoneyBody<'static>,
    /// Whether it may be ordered.
    pub status: StatusBody,
    /// Moves with every change of the offer and of its sales; never runs backwards.
    pub version: u64,
}

/// Nobody else may listen now: come again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many listen already")]
pub struct Crowded;

/// Somebody who watches a ticket.
#[derive(Debug)]
pub struct Listener {
    ticket: TicketId,
    updates: Option<watch::Receiver<Known>>,
    board: Arc<Board>,
    seen: Option<LiveTicket>,
    _place: OwnedSemaphorePermit,
}

impl LiveUpdates {
    pub(crate) fn new(world: &World, listeners: usize, stopping: Shutdown) -> Self {
        Self(Arc::new(Board {
            group: format!("web-live-{}", world.uuid(world.now()).simple()),
            places: Arc::new(Semaphore::new(listeners.min(Semaphore::MAX_PERMITS))),
            stopping,
            watched: Mutex::default(),
        }))
    }

    /// Watches a ticket from now on.
    ///
    /// # Errors
    ///
    /// [`Crowded`].
    pub fn listen(&self, ticket: TicketId) -> Result<Listener, Crowded> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| Crowded)?;
        let mut watched = self.0.watched();
        let sender = watched.entry(ticket).or_insert_with(|| watch::Sender::new(Known::default()));
        let updates = Some(sender.subscribe());
        drop(watched);
        Ok(Listener { ticket, updates, board: Arc::clone(&self.0), seen: None, _place: place })
    }
}

impl Listener {
    /// Takes over what the store knows. Call it after listening began, so that nothing falls between.
    pub fn begin_with(&self, listing: &Listing) {
        if let Some(sender) = self.board.watched().get(&self.ticket) {
            sender.send_if_modified(|known| known.merge_listing(listing));
        }
    }

    /// Waits for a state that was not seen yet; `None` once the process stops.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<LiveTicket> {
        let updates = self.updates.as_mut()?;
        loop {
            let news = updates.borrow_and_update().visible();
            if news.is_some() && news != self.seen {
                self.seen.clone_from(&news);
                return news;
            }
            tokio::select! {
                biased;
                () = self.board.stopping.requested() => return None,
                changed = updates.changed() => changed.ok()?,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.updates = None;
        let mut watched = self.board.watched();
        // Whoever leaves last takes the ticket off the board.
        if watched.get(&self.ticket).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&self.ticket);
        }
    }
}

impl Board {
    fn watched(&self) -> MutexGuard<'_, HashMap<TicketId, watch::Sender<Known>>> {
        // A panic elsewhere leaves whole entries, so a poisoned lock is as good as another.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn merge_ticket(&mut self, ticket: &Ticket) -> bool {
        let newer = self.ticket.as_ref().is_none_or(|known| ticket.version > known.version);
        if newer {
            self.ticket = Some(ticket.clone());
        }
        newer
    }

    fn merge_sales(&mut self, sales: Sales) -> bool {
        let newer = sales.version > self.sales.version;
        if newer {
            self.sales = sales;
        }
        newer
    }

    fn merge_listing(&mut self, listing: &Listing) -> bool {
        let (ticket, sales) = (self.merge_ticket(&listing.ticket), self.merge_sales(listing.sales));
        ticket || sales
    }

    fn visible(&self) -> Option<LiveTicket> {
        let listing = Listing { ticket: self.ticket.clone()?, sales: self.sales };
        let available = listing.available();
        Some(LiveTicket {
            available,
            price: listing.ticket.offer.price.money().into(),
            status: StatusBody::new(listing.ticket.status, available),
            version: listing.ticket.version + listing.sales.version,
        })
    }
}

#[async_trait]
impl EventHandler for LiveUpdates {
    fn name(&self) -> &str {
        &self.0.group
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let watched = self.0.watched();
        if watched.is_empty() {
            return Ok(());
        }
        for incoming in events {
            match &incoming.event {
                Event::TicketCreated(ticket) | Event::TicketUpdated(ticket) | Event::TicketWithdrawn(ticket) => {
                    if let Some(sender) = watched.get(&ticket.id) {
                        sender.send_if_modified(|known| known.merge_ticket(ticket));
                    }
                }
                Event::OrderCreated(change) | Event::OrderCancelled(change) | Event::OrderCompleted(change) => {
                    if let Some(sender) = watched.get(&change.order.ticket.id) {
                        sender.send_if_modified(|known| known.merge_sales(change.sales));
                    }
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
