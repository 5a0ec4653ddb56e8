//! What is left of a ticket and for how much, while it changes.
//!
//! An event handler of its own group turns ticket and order events into the
//! newest state of each ticket that somebody watches. Listeners see the newest
//! state and not every change, so a hot ticket costs them no more than a quiet one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa::ToSchema;

use ticketing_core::domain::event::{Event, Topic};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Listing, Sales, Ticket, TicketStatus};
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
    offered: Option<Offered>,
    sales: Sales,
}

/// What of a ticket its seller decides.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Offered {
    price: MoneyBody<'static>,
    quantity: u32,
    status: TicketStatus,
    version: u64,
}

/// A ticket as the API tells it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ToldTicket {
    price: MoneyBody<'static>,
    quantity: u32,
    available: u32,
    status: StatusBody,
    version: u64,
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
        self.begin(&(&listing.ticket).into(), listing.sales);
    }

    /// The same where the store is another process's.
    pub(crate) fn begin_with_told(&self, told: ToldTicket) {
        // The API does not tell the version of sales, so any event of an order goes before it.
        let held = told.quantity.saturating_sub(told.available);
        self.begin(&told.into(), Sales { held, ..Sales::default() });
    }

    fn begin(&self, offered: &Offered, sales: Sales) {
        if let Some(sender) = self.board.watched().get(&self.ticket) {
            sender.send_if_modified(|known| known.begin(offered, sales));
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

impl From<&Ticket> for Offered {
    fn from(ticket: &Ticket) -> Self {
        Self {
            price: ticket.offer.price.money().into(),
            quantity: ticket.offer.quantity.get(),
            status: ticket.status,
            version: ticket.version,
        }
    }
}

impl From<ToldTicket> for Offered {
    fn from(ToldTicket { price, quantity, status, version, .. }: ToldTicket) -> Self {
        let status = match status {
            StatusBody::Withdrawn => TicketStatus::Withdrawn,
            StatusBody::OnSale | StatusBody::SoldOut => TicketStatus::OnSale,
        };
        Self { price, quantity, status, version }
    }
}

impl Known {
    fn merge_offer(&mut self, offered: &Offered) -> bool {
        let newer = self.offered.as_ref().is_none_or(|known| offered.version > known.version);
        if newer {
            self.offered = Some(offered.clone());
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

    fn begin(&mut self, offered: &Offered, sales: Sales) -> bool {
        // Sales of no version are worth something as long as nothing better is known.
        let first = self.offered.is_none() && self.sales.version == 0;
        if first {
            self.sales = sales;
        }
        let (offer, sales) = (self.merge_offer(offered), self.merge_sales(sales));
        first || offer || sales
    }

    fn visible(&self) -> Option<LiveTicket> {
        let offered = self.offered.as_ref()?;
        let available = match offered.status {
            TicketStatus::OnSale => offered.quantity.saturating_sub(self.sales.committed()),
            TicketStatus::Withdrawn => 0,
        };
        Some(LiveTicket {
            available,
            price: offered.price.clone(),
            status: StatusBody::new(offered.status, available),
            version: offered.version + self.sales.version,
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
                        sender.send_if_modified(|known| known.merge_offer(&ticket.into()));
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
