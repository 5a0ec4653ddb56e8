//! Feeds events to the notifications service: replicas first, then the letters that they call for.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use tracing::Instrument;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::EventId;
use crate::domain::order::Order;
use crate::domain::payment::Payment;
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::messaging::spans;
use crate::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords};
use crate::ports::store::{RecordKey, StoreError, Stored, UnitOfWork, Write};
use crate::ports::transport::Kinds;
use crate::usecase::contended::{Contended, NotFollowed};

use super::Notifications;

/// Feeds the events of accounts, tickets, orders and payments to the notifications service.
///
/// Of several events of an order only the newest counts: a buyer who gave the order back needs no passes.
#[derive(Debug, Clone)]
pub struct NotificationsFollow(pub Notifications);

/// The newest that was told of an aggregate, and when that happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct News<'a> {
    pub(super) of: Of<'a>,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Of<'a> {
    Ticket(&'a Ticket),
    /// An order that was completed, and may have been refunded since.
    Order(&'a Order),
    /// A payment whose money went back.
    Refund(&'a Payment),
    /// Something that happened to an account. Each is news of its own: none makes another one old.
    Account {
        id: EventId,
        event: &'a Event,
    },
}

#[async_trait]
impl EventHandler for NotificationsFollow {
    fn name(&self) -> &str {
        "notifications"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Accounts, Topic::Tickets, Topic::Orders, Topic::Payments]
    }

    /// Nobody is told of orders that were never paid, or of money before an order has it.
    fn kinds(&self) -> Kinds {
        Kinds::AllBut(&["order.created", "order.cancelled", "payment.captured", "payment.failed"])
    }

    /// A letter takes longer than that in any case.
    fn patience(&self) -> Duration {
        Duration::from_millis(100)
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let mut news = Contended::new(newest(events));
        loop {
            match self.0.follow(&news.news).await {
                Ok(()) => return news.answer(events, |incoming| Some(News::of(incoming)?.id())),
                Err(NotFollowed::Conflict(named)) => news.leave_out(named),
                Err(NotFollowed::Store(error)) => return Err(error.into()),
            }
        }
    }
}

fn newest(events: &[Incoming]) -> HashMap<Uuid, News<'_>> {
    let mut newest: HashMap<Uuid, News<'_>> = HashMap::new();
    for news in events.iter().filter_map(News::of) {
        let known = newest.entry(news.id()).or_insert(news);
        if news.version() > known.version() {
            *known = news;
        }
    }
    newest
}

impl<'a> News<'a> {
    fn of(incoming: &'a Incoming) -> Option<Self> {
        let of = match &incoming.event {
            Event::OrderCompleted(change) | Event::OrderRefunded(change) => Of::Order(&change.order),
            Event::PaymentRefunded(payment) => Of::Refund(payment),
            event if event.account().is_some() => Of::Account { id: incoming.envelope.id, event },
            event => Of::Ticket(event.ticket()?),
        };
        Some(Self { of, at: incoming.envelope.time })
    }

    const fn id(&self) -> Uuid {
        match self.of {
            Of::Ticket(ticket) => ticket.id.uuid(),
            Of::Order(order) => order.id.uuid(),
            Of::Refund(payment) => payment.id.uuid(),
            Of::Account { id, .. } => id.uuid(),
        }
    }

    const fn version(&self) -> u64 {
        match self.of {
            Of::Ticket(ticket) => ticket.version,
            Of::Order(order) => order.version,
            Of::Refund(payment) => payment.version,
            Of::Account { event, .. } => event.version(),
        }
    }
}

impl Notifications {
    /// Order matters: whichever of an order and its ticket is kept last, its letters see the other.
    /// A crash between the two brings the events again, and letters that were written are not written twice.
    async fn follow(&self, news: &HashMap<Uuid, News<'_>>) -> Result<(), NotFollowed<Uuid>> {
        let news: Vec<News<'_>> = news.values().copied().collect();
        let before = self.keep_replicas(&news).await?;
        let letters = self.letters(&news, &before).await?;
        self.keep_letters(letters).await
    }

    /// Returns the tickets as they were known before.
    async fn keep_replicas(&self, news: &[News<'_>]) -> Result<Vec<Ticket>, NotFollowed<Uuid>> {
        let mut needs = LetterNeeds::default();
        for news in news {
            match news.of {
                Of::Ticket(ticket) => needs.tickets.push(ticket.id),
                Of::Order(order) => needs.orders.push(order.id),
                Of::Refund(_) | Of::Account { .. } => {}
            }
        }
        if needs == LetterNeeds::default() {
            return Ok(Vec::new());
        }
        let records = self.store.load(&needs).await?;
        self.commit(news.iter().filter_map(|news| newer(news, &records)).collect()).await?;
        Ok(records.tickets.into_iter().map(|stored| stored.record).collect())
    }

    pub(super) async fn commit(&self, writes: Vec<Write<LetterRecord>>) -> Result<(), NotFollowed<Uuid>> {
        if writes.is_empty() {
            return Ok(());
        }
        let work = UnitOfWork { writes, events: Vec::new() };
        let span = spans::commit(&work);
        match self.store.commit(work).instrument(span).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(keys)) => {
                Err(NotFollowed::Conflict(keys.iter().filter_map(aggregate_of).collect()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The write of a replica, if the news is newer than what is kept.
fn newer(news: &News<'_>, records: &LetterRecords) -> Option<Write<LetterRecord>> {
    match news.of {
        Of::Ticket(ticket) => {
            let known = records.tickets.iter().find(|stored| stored.record.id == ticket.id);
            replacing(known, ticket, |ticket| ticket.version)
        }
        Of::Order(order) => {
            let known = records.orders.iter().find(|stored| stored.record.id == order.id);
            replacing(known, order, |order| order.version)
        }
        Of::Refund(_) | Of::Account { .. } => None,
    }
}

fn replacing<R: Clone>(known: Option<&Stored<R>>, told: &R, version: impl Fn(&R) -> u64) -> Option<Write<LetterRecord>>
where
    LetterRecord: From<R>,
{
    match known {
        None => Some(Write::insert(told.clone())),
        Some(stored) if version(&stored.record) < version(told) => Some(stored.replace(told.clone())),
        Some(_) => None,
    }
}

/// Whose replica a conflict named. A letter that another process wrote meanwhile is there at the next try.
const fn aggregate_of(key: &RecordKey) -> Option<Uuid> {
    match key {
        RecordKey::OrderReplica(order) => Some(order.uuid()),
        RecordKey::TicketReplica(ticket) | RecordKey::AlertEntry(ticket) => Some(ticket.uuid()),
        RecordKey::Alerts(account) => Some(account.uuid()),
        _ => None,
    }
}
