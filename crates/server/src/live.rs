//! What is left of a ticket and for how much, while it changes.
//!
//! A board holds the newest state of each ticket that somebody watches; whoever
//! learns of a change shows it there. Listeners see the newest state and not
//! every change, so a hot ticket costs them no more than a quiet one.
//!
//! Invariant: what a listener sees never runs backwards, in whatever order
//! changes are learned of. The offer and the sales of a ticket each have a version.

mod follow;
mod known;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Listing, Sales};

use known::Known;

pub(crate) use follow::LiveFollowsEvents;
pub(crate) use known::ToldTicket;
pub use known::{LiveTicket, Offered};

/// Hands live updates to listeners. A clone hands out the same ones.
#[derive(Debug, Clone)]
pub struct LiveUpdates(Arc<Board>);

#[derive(Debug)]
struct Board {
    places: Arc<Semaphore>,
    watched: Mutex<HashMap<TicketId, watch::Sender<Known>>>,
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

/// What comes to a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// A state that was not seen yet.
    News(LiveTicket),
    /// The ticket may have changed: look, and begin with what there is. Only one of its listeners is told.
    Doubt,
}

impl LiveUpdates {
    /// Hands updates to so many listeners at a time.
    #[must_use]
    pub fn new(listeners: usize) -> Self {
        let places = Arc::new(Semaphore::new(listeners.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Board { places, watched: Mutex::default() }))
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

    /// Shows a ticket that changed, if somebody watches it; `state` is asked only then.
    ///
    /// A state that nobody knows leaves the ticket in doubt.
    pub fn show(&self, ticket: TicketId, state: impl FnOnce() -> Option<(Offered, Sales)>) {
        self.0.change(ticket, |known| match state() {
            Some((offered, sales)) => known.merge(&offered, sales),
            None => known.doubt(),
        });
    }

    /// Any ticket may have changed unheard.
    pub fn doubt_all(&self) {
        self.0.watched().values().for_each(|sender| {
            sender.send_if_modified(Known::doubt);
        });
    }
}

impl Listener {
    /// Takes over what the store knows. Call it after listening began, so that nothing falls between.
    pub fn begin_with(&self, listing: &Listing) {
        self.begin(&(&listing.ticket).into(), listing.sales);
    }

    /// The same where the store is another process's.
    pub(crate) fn begin_with_told(&self, told: ToldTicket) {
        let sales = told.sales();
        self.begin(&told.into(), sales);
    }

    fn begin(&self, offered: &Offered, sales: Sales) {
        self.board.change(self.ticket, |known| known.merge(offered, sales));
    }

    /// Waits for an update; `None` if there will be no more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Update> {
        let updates = self.updates.as_mut()?;
        loop {
            let known = updates.borrow_and_update().clone();
            let news = known.visible();
            if news.is_some() && news != self.seen {
                self.seen.clone_from(&news);
                return news.map(Update::News);
            }
            if known.in_doubt && self.board.takes_doubt(self.ticket) {
                return Some(Update::Doubt);
            }
            updates.changed().await.ok()?;
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

    /// Changes what is known of a ticket, if somebody watches it.
    fn change(&self, ticket: TicketId, change: impl FnOnce(&mut Known) -> bool) {
        if let Some(sender) = self.watched().get(&ticket) {
            sender.send_if_modified(change);
        }
    }

    /// Whether it is the caller who has to look.
    fn takes_doubt(&self, ticket: TicketId) -> bool {
        let mut was_in_doubt = false;
        self.change(ticket, |known| {
            was_in_doubt = std::mem::take(&mut known.in_doubt);
            false
        });
        was_in_doubt
    }
}

#[cfg(test)]
mod tests;
