//! Matches tickets that others may begin to find with the questions that people keep.
//!
//! A ticket as it was seen last is written after the letters about what it is now. So a crash in between brings the
//! same news again, and the letters that were written are their own marks.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::alert::Alerts;
use crate::domain::event::{Event, Topic};
use crate::domain::ids::{AccountId, TicketId};
use crate::domain::order::OrderChange;
use crate::domain::search::{SearchChange, SearchEntry};
use crate::domain::ticket::{ChangedTicket, Sales};
use crate::domain::time::Timestamp;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::letter_store::LetterNeeds;
use crate::ports::store::{Stored, Write};
use crate::ports::transport::Kinds;
use crate::usecase::contended::{Contended, NotFollowed};

use super::Notifications;

/// Feeds the events of tickets, orders and accounts to the alerts of the notifications service.
///
/// It has a group of its own: a ticket that very many are waiting for keeps no other letter back.
#[derive(Debug, Clone)]
pub struct AlertsFollow(pub Notifications);

/// What was told of a ticket, or that an account is gone.
#[derive(Debug)]
enum News<'a> {
    Ticket {
        id: TicketId,
        reports: Vec<Report<'a>>,
        /// When the newest of them happened.
        at: Timestamp,
    },
    Gone(AccountId),
}

/// What an event says of a ticket.
///
/// Sales are most of all events and nobody begins to find a ticket by one, so they are not followed. What was left
/// before a change is in the event that reports the change.
#[derive(Debug, Clone, Copy)]
enum Report<'a> {
    Facts(&'a ChangedTicket),
    Release {
        change: &'a OrderChange,
        /// The sales just before.
        before: Sales,
    },
}

#[async_trait]
impl EventHandler for AlertsFollow {
    fn name(&self) -> &str {
        "notifications-alerts"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Accounts, Topic::Tickets, Topic::Orders]
    }

    fn kinds(&self) -> Kinds {
        Kinds::Only(&[
            "account.deleted",
            "order.cancelled",
            "order.refunded",
            "ticket.created",
            "ticket.updated",
            "ticket.rescheduled",
            "ticket.called_off",
            "ticket.withdrawn",
        ])
    }

    /// A letter takes longer than that in any case.
    fn patience(&self) -> Duration {
        Duration::from_millis(250)
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let mut news = Contended::new(news_of(events));
        loop {
            match self.0.follow_for_alerts(&news.news).await {
                Ok(()) => return news.answer(events, |incoming| subject(&incoming.event)),
                Err(NotFollowed::Conflict(named)) => news.leave_out(named),
                Err(NotFollowed::Store(error)) => return Err(error.into()),
            }
        }
    }
}

/// Whether the same questions find a ticket on sale as before. Then nothing is written, so a busy evening costs little.
fn is_no_news(before: &SearchEntry, after: &SearchEntry) -> bool {
    before == after || before.shown().is_some() && before.facts == after.facts && before.left() == after.left()
}

fn subject(event: &Event) -> Option<Uuid> {
    let ticket = || event.ticket().map(|ticket| ticket.id).or_else(|| Some(event.order_change()?.order.ticket.id));
    event.account().map(|account| account.id.uuid()).or_else(|| ticket().map(TicketId::uuid))
}

fn news_of(events: &[Incoming]) -> HashMap<Uuid, News<'_>> {
    let mut news: HashMap<Uuid, News<'_>> = HashMap::new();
    for Incoming { event, envelope } in events {
        if let Event::AccountDeleted(account) = event {
            news.insert(account.id.uuid(), News::Gone(account.id));
        }
        let Some(report) = Report::of(event) else { continue };
        let id = report.ticket();
        let known =
            news.entry(id.uuid()).or_insert_with(|| News::Ticket { id, reports: Vec::new(), at: envelope.time });
        if let News::Ticket { reports, at, .. } = known {
            reports.push(report);
            *at = (*at).max(envelope.time);
        }
    }
    news
}

impl<'a> Report<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        let release = |change: &'a OrderChange| Some(Self::Release { change, before: change.sales_before_release()? });
        event.ticket_change().map(Self::Facts).or_else(|| release(event.order_change()?))
    }

    const fn ticket(self) -> TicketId {
        match self {
            Self::Facts(change) => change.ticket.id,
            Self::Release { change, .. } => change.order.ticket.id,
        }
    }

    fn sales(self) -> SearchChange {
        let sales = match self {
            Self::Facts(change) => change.sales,
            Self::Release { change, .. } => change.sales,
        };
        SearchChange::Sales { ticket: self.ticket(), sales }
    }
}

const fn fuller(one: Sales, other: Sales) -> Sales {
    if one.committed() < other.committed() { other } else { one }
}

/// A ticket before some reports, if it was known, and after them.
///
/// Before, it had the fewest places that any of them knows of: it may have been sold out since it was looked at.
fn followed(known: Option<&SearchEntry>, id: TicketId, reports: &[Report<'_>]) -> (Option<SearchEntry>, SearchEntry) {
    let (mut before, mut after) = (known.cloned(), known.cloned().unwrap_or_else(|| SearchEntry::new(id)));
    let mut fullest = Sales::default();
    for report in reports {
        after.follow(&report.sales());
        match report {
            Report::Facts(change) => {
                after.follow(&SearchChange::Facts(Box::new(change.ticket.clone())));
                if let Some(before) = &mut before {
                    before.follow(&report.sales());
                }
            }
            Report::Release { before, .. } => fullest = fuller(fullest, *before),
        }
    }
    (before.map(|before| SearchEntry { sales: fuller(before.sales, fullest), ..before }), after)
}

impl Notifications {
    async fn follow_for_alerts(&self, news: &HashMap<Uuid, News<'_>>) -> Result<(), NotFollowed<Uuid>> {
        let (mut tickets, mut gone) = (Vec::new(), Vec::new());
        for news in news.values() {
            match news {
                News::Ticket { id, reports, at } => tickets.push((*id, reports, *at)),
                News::Gone(account) => gone.push(*account),
            }
        }
        self.close_alerts(gone).await?;
        if tickets.is_empty() {
            return Ok(());
        }
        let needs = LetterNeeds { entries: tickets.iter().map(|(id, ..)| *id).collect(), ..LetterNeeds::default() };
        let known = self.store.load(&needs).await?.entries;
        let known: HashMap<TicketId, Stored<SearchEntry>> =
            known.into_iter().map(|stored| (stored.record.id, stored)).collect();
        let mut writes = Vec::new();
        for (id, reports, at) in tickets {
            let known = known.get(&id);
            let (before, after) = followed(known.map(|stored| &stored.record), id, reports);
            if before.as_ref().is_some_and(|before| is_no_news(before, &after)) {
                continue;
            }
            self.tell_of(before.as_ref(), &after, at).await?;
            writes.push(match known {
                Some(stored) => stored.replace(after),
                None => Write::insert(after),
            });
        }
        self.commit(writes).await
    }

    /// Ends the alerts of accounts that are gone, and notes that, so that none is kept later.
    async fn close_alerts(&self, gone: Vec<AccountId>) -> Result<(), NotFollowed<Uuid>> {
        if gone.is_empty() {
            return Ok(());
        }
        let known = self.store.load(&LetterNeeds { alerts: gone.clone(), ..LetterNeeds::default() }).await?.alerts;
        let close = |account: &AccountId| match known.iter().find(|stored| stored.record.account == *account) {
            Some(stored) if stored.record.is_closed => None,
            Some(stored) => Some(stored.replace(stored.record.clone().closed())),
            None => Some(Write::insert(Alerts::none(*account).closed())),
        };
        self.commit(gone.iter().filter_map(close).collect()).await
    }
}
