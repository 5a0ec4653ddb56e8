//! Issues and voids passes as orders go, and keeps a replica of each ticket's door.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use tracing::Instrument;
use uuid::Uuid;

use crate::domain::admission::{Admission, Entrance};
use crate::domain::event::Topic;
use crate::domain::ids::{OrderId, TicketId};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::pass::CodeSeed;
use crate::domain::ticket::Ticket;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::messaging::spans;
use crate::ports::pass_store::{PassNeeds, PassRecord, PassRecords};
use crate::ports::store::{RecordKey, StoreError, UnitOfWork, Write};
use crate::ports::transport::Kinds;
use crate::usecase::contended::{Contended, NotFollowed};
use crate::wire::Origin;

use super::Admissions;

/// Feeds ticket and order events to the admissions service.
///
/// The version of the order that an admission holds is the mark of what was handled; passes and their events are
/// one commit with it.
#[derive(Debug, Clone)]
pub struct AdmissionsFollow(pub Admissions);

/// The newest that was told of an aggregate, and by which event.
#[derive(Debug, Clone, Copy)]
struct News<'a> {
    of: Of<'a>,
    incoming: &'a Incoming,
}

#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    Ticket(&'a Ticket),
    Order(&'a Order),
}

#[async_trait]
impl EventHandler for AdmissionsFollow {
    fn name(&self) -> &str {
        "admissions"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders]
    }

    /// Nobody who has not paid yet has passes.
    fn kinds(&self) -> Kinds {
        Kinds::AllBut(&["order.created"])
    }

    /// Who paid looks for passes after a page or two.
    fn patience(&self) -> Duration {
        Duration::from_millis(50)
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
        if news.incoming.event.version() > known.incoming.event.version() {
            *known = news;
        }
    }
    newest
}

impl<'a> News<'a> {
    fn of(incoming: &'a Incoming) -> Option<Self> {
        let event = &incoming.event;
        let of = match event.ticket() {
            Some(ticket) => Of::Ticket(ticket),
            None => Of::Order(&event.order_change()?.order),
        };
        Some(Self { of, incoming })
    }

    const fn id(&self) -> Uuid {
        match self.of {
            Of::Ticket(ticket) => ticket.id.uuid(),
            Of::Order(order) => order.id.uuid(),
        }
    }

    const fn ticket(&self) -> Option<TicketId> {
        match self.of {
            Of::Ticket(ticket) => Some(ticket.id),
            Of::Order(_) => None,
        }
    }

    /// The order, if it may have passes.
    const fn order(&self) -> Option<OrderId> {
        match self.of {
            Of::Order(Order { status: OrderStatus::AwaitingPayment { .. }, .. }) | Of::Ticket(_) => None,
            Of::Order(order) => Some(order.id),
        }
    }
}

impl Admissions {
    async fn follow(&self, news: &HashMap<Uuid, News<'_>>) -> Result<(), NotFollowed<Uuid>> {
        let needs = PassNeeds {
            admissions: news.values().filter_map(News::order).collect(),
            entrances: news.values().filter_map(News::ticket).collect(),
            ..PassNeeds::default()
        };
        if needs == PassNeeds::default() {
            return Ok(());
        }
        let records = self.store.load(&needs).await?;
        let work = news.values().fold(UnitOfWork::default(), |work, news| self.following(work, news, &records));
        if work.is_empty() {
            return Ok(());
        }
        let span = spans::commit(&work);
        match self.store.commit(work).instrument(span).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(keys)) => {
                Err(NotFollowed::Conflict(keys.iter().filter_map(aggregate_of).collect()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn following(
        &self,
        work: UnitOfWork<PassRecord>,
        news: &News<'_>,
        records: &PassRecords,
    ) -> UnitOfWork<PassRecord> {
        match news.of {
            Of::Ticket(ticket) => with_entrance(work, ticket, records),
            // Nobody looked for the passes of an order that cannot have any.
            Of::Order(_) if news.order().is_none() => work,
            Of::Order(order) => self.with_admission(work, order, news.incoming, records),
        }
    }

    fn with_admission(
        &self,
        work: UnitOfWork<PassRecord>,
        order: &Order,
        incoming: &Incoming,
        records: &PassRecords,
    ) -> UnitOfWork<PassRecord> {
        let known = records.admissions.iter().find(|stored| stored.record.order == order.id);
        let decided = match known {
            Some(stored) => stored.record.follow(order).map(|(next, events)| (stored.replace(next), events)),
            None => {
                let issued = Admission::of(order, &CodeSeed::new(self.env.ids.secret()));
                issued.map(|(admission, events)| (Write::insert(admission), events))
            }
        };
        let Some((write, events)) = decided else { return work };
        let (now, origin) = (self.env.now(), Origin::caused_by(&incoming.envelope));
        events.iter().fold(work.with(write), |work, event| work.telling(self.env.seal(event, now, &origin)))
    }
}

fn with_entrance(work: UnitOfWork<PassRecord>, ticket: &Ticket, records: &PassRecords) -> UnitOfWork<PassRecord> {
    match records.entrances.iter().find(|stored| stored.record.ticket == ticket.id) {
        None => work.with(Write::insert(Entrance::of(ticket))),
        Some(stored) => match stored.record.follow(ticket) {
            Some(next) => work.with(stored.replace(next)),
            None => work,
        },
    }
}

/// Whose record a conflict named. Codes that are taken are drawn again with the order.
const fn aggregate_of(key: &RecordKey) -> Option<Uuid> {
    match key {
        RecordKey::Admission(order) | RecordKey::PassCodes(order) => Some(order.uuid()),
        RecordKey::Entrance(ticket) => Some(ticket.uuid()),
        _ => None,
    }
}
