//! Hands the newest state of tickets to all who watch them.
//!
//! A board holds the newest state of each ticket that somebody watches; a feed
//! that learns of a change shows it there. A listener watches one ticket or several,
//! and sees the newest state of each and not every change, so a hot ticket costs
//! no more than a quiet one.
//!
//! Invariant: what a listener sees never runs backwards, in whatever order
//! changes are learned of. The offer and the sales of a ticket each have a version.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::select_all;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use ticketing_api::live::LiveTicket;
use ticketing_api::tickets::TicketBody;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::wire::TicketState;

use super::known::{Known, Offered, sales_of};

/// Hands live updates to listeners. A clone hands out the same ones.
#[derive(Debug, Clone)]
pub struct LiveUpdates(Arc<Board>);

#[derive(Debug)]
struct Board {
    most: usize,
    places: Arc<Semaphore>,
    watched: Mutex<HashMap<TicketId, watch::Sender<Known>>>,
}

/// Nobody else may listen now: come again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many listen already")]
pub struct Crowded;

/// Somebody who watches tickets.
#[derive(Debug)]
pub struct Listener {
    watched: Vec<Watched>,
    board: Arc<Board>,
    _place: OwnedSemaphorePermit,
}

/// One of the tickets that a listener watches.
#[derive(Debug)]
struct Watched {
    ticket: TicketId,
    updates: watch::Receiver<Known>,
    seen: Option<LiveTicket>,
}

/// What comes to a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// A state that was not seen yet.
    News(TicketId, LiveTicket),
    /// The ticket may have changed: look, and begin with what there is. Only one of its listeners gets this.
    Doubt(TicketId),
}

impl LiveUpdates {
    /// Hands updates to so many listeners at a time.
    #[must_use]
    pub fn new(listeners: usize) -> Self {
        let most = listeners.min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Board { most, places: Arc::new(Semaphore::new(most)), watched: Mutex::default() }))
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.0.most - self.0.places.available_permits()
    }

    /// Watches these tickets from now on. A listener takes one place, however many it watches.
    ///
    /// # Errors
    ///
    /// [`Crowded`].
    pub fn listen(&self, tickets: &[TicketId]) -> Result<Listener, Crowded> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| Crowded)?;
        let mut board = self.0.watched();
        let watched = tickets.iter().map(|ticket| {
            let sender = board.entry(*ticket).or_insert_with(|| watch::Sender::new(Known::default()));
            Watched { ticket: *ticket, updates: sender.subscribe(), seen: None }
        });
        let watched = watched.collect();
        drop(board);
        Ok(Listener { watched, board: Arc::clone(&self.0), _place: place })
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
    /// The tickets that it watches.
    pub fn tickets(&self) -> impl Iterator<Item = TicketId> + '_ {
        self.watched.iter().map(|watched| watched.ticket)
    }

    /// Takes over what the store knows. Call it after listening began, so that nothing falls between.
    pub fn begin_with(&self, listing: &Listing) {
        self.begin(listing.ticket.id, &TicketState::from(listing).into(), listing.sales);
    }

    /// The same where the store is another process's.
    pub(crate) fn begin_with_answer(&self, ticket: TicketId, answer: TicketBody) {
        let sales = sales_of(&answer);
        self.begin(ticket, &answer.into(), sales);
    }

    fn begin(&self, ticket: TicketId, offered: &Offered, sales: Sales) {
        self.board.change(ticket, |known| {
            known.read_at = Some(Instant::now());
            known.merge(offered, sales)
        });
    }

    /// The tickets that no listener has read for this long. The caller reads them: to all others they count as read.
    pub(crate) fn take_unread_for(&self, span: Duration) -> Vec<TicketId> {
        self.tickets().filter(|ticket| self.board.takes_read(*ticket, span)).collect()
    }

    /// Watches a ticket no more: there is none such.
    pub(crate) fn forget(&mut self, ticket: TicketId) {
        self.watched.retain(|watched| watched.ticket != ticket);
        self.board.leave(ticket);
    }

    /// Waits for an update; `None` if there will be no more.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            let board = &self.board;
            if let Some(update) = self.watched.iter_mut().find_map(|watched| watched.update(board)) {
                return Some(update);
            }
            if self.watched.is_empty() {
                return None;
            }
            let changed = self.watched.iter_mut().map(|watched| watched.updates.changed().boxed());
            let (changed, _, _) = select_all(changed).await;
            changed.ok()?;
        }
    }
}

impl Watched {
    fn update(&mut self, board: &Board) -> Option<Update> {
        let known = self.updates.borrow_and_update().clone();
        let news = known.visible();
        if news.is_some() && news != self.seen {
            self.seen.clone_from(&news);
            return news.map(|news| Update::News(self.ticket, news));
        }
        (known.in_doubt && board.takes_doubt(self.ticket)).then_some(Update::Doubt(self.ticket))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let watched = std::mem::take(&mut self.watched);
        let tickets: Vec<_> = watched.iter().map(|watched| watched.ticket).collect();
        drop(watched);
        tickets.into_iter().for_each(|ticket| self.board.leave(ticket));
    }
}

impl Board {
    fn watched(&self) -> MutexGuard<'_, HashMap<TicketId, watch::Sender<Known>>> {
        self.watched.lock()
    }

    /// Takes a ticket off the board, if nobody watches it any more.
    fn leave(&self, ticket: TicketId) {
        let mut watched = self.watched();
        if watched.get(&ticket).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&ticket);
        }
    }

    /// Changes what is known of a ticket, if somebody watches it.
    fn change(&self, ticket: TicketId, change: impl FnOnce(&mut Known) -> bool) {
        if let Some(sender) = self.watched().get(&ticket) {
            sender.send_if_modified(change);
        }
    }

    /// Whether it is the caller who has to read a ticket again.
    fn takes_read(&self, ticket: TicketId, span: Duration) -> bool {
        let (mut is_due, now) = (false, Instant::now());
        self.change(ticket, |known| {
            is_due = known.read_at.is_none_or(|at| now.duration_since(at) >= span);
            known.read_at = if is_due { Some(now) } else { known.read_at };
            false
        });
        is_due
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
