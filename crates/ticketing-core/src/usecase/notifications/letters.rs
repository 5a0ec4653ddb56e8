//! Which letters the news calls for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::facts_tag::FactsTag;
use crate::domain::ids::{LetterId, TicketId};
use crate::domain::letter::{Letter, LetterCause, LetterReason};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::Payment;
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::ports::letter_store::LetterNeeds;
use crate::ports::store::{Page, StoreError, Write};
use crate::usecase::contended::NotFollowed;

use super::Notifications;
use super::follow::{News, Of};

/// A seller is told of sales at once, and then at most once in this span.
const SALES_TOLD_EVERY: Duration = Duration::from_hours(1);

/// How many orders of a ticket are read together, and how many letters written.
const AT_ONCE: usize = 256;

/// Letters by their ids, because two events may call for one.
type Letters = HashMap<LetterId, Letter>;

impl Notifications {
    /// The letters that the news calls for, whether they were written before or not.
    ///
    /// `before` are the tickets as they were known until this news.
    pub(super) async fn letters(&self, news: &[News<'_>], before: &[Ticket]) -> Result<Letters, StoreError> {
        let tickets = self.tickets_of(news).await?;
        let now = self.env.now();
        let mut letters = Vec::new();
        for News { of, at } in news {
            match of {
                Of::Ticket(ticket) => {
                    let before = before.iter().find(|known| known.id == ticket.id);
                    letters.extend(self.about_ticket(ticket, before, *at).await?);
                }
                Of::Order(order) => letters.extend(about_order(order, tickets.get(&order.ticket.id), *at)),
                Of::Refund(payment) => letters.push(money_returned(payment, *at)),
                Of::Account { event, .. } => letters.extend(about_account(event, *at)),
            }
        }
        // A service that reads an old log writes to nobody.
        let of_use = letters.into_iter().filter(|letter| !letter.is_too_late(now));
        Ok(of_use.map(|letter| (letter.id, letter)).collect())
    }

    /// Writes those of the letters that were not written before, a part at a time: an event may have many buyers.
    pub(super) async fn keep_letters(&self, letters: Letters) -> Result<(), NotFollowed<Uuid>> {
        let letters: Vec<Letter> = letters.into_values().collect();
        for part in letters.chunks(AT_ONCE) {
            let needs =
                LetterNeeds { letters: part.iter().map(|letter| letter.id).collect(), ..LetterNeeds::default() };
            let known = self.store.load(&needs).await?.letters;
            let known: HashSet<LetterId> = known.into_iter().map(|stored| stored.record.id).collect();
            let new = part.iter().filter(|letter| !known.contains(&letter.id));
            self.commit(new.cloned().map(Write::insert).collect()).await?;
        }
        Ok(())
    }

    /// The tickets of the orders, as far as they are known.
    async fn tickets_of(&self, news: &[News<'_>]) -> Result<HashMap<TicketId, Ticket>, StoreError> {
        let of_orders = news.iter().filter_map(|news| match news.of {
            Of::Order(order) => Some(order.ticket.id),
            Of::Ticket(_) | Of::Refund(_) | Of::Account { .. } => None,
        });
        let mut tickets: Vec<TicketId> = of_orders.collect();
        tickets.sort_unstable();
        tickets.dedup();
        if tickets.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.store.load(&LetterNeeds { tickets, ..LetterNeeds::default() }).await?;
        Ok(found.tickets.into_iter().map(|stored| (stored.record.id, stored.record)).collect())
    }

    /// Tells those who bought what the ticket no longer is; and its seller, if orders came before the ticket.
    async fn about_ticket(
        &self,
        ticket: &Ticket,
        before: Option<&Ticket>,
        at: Timestamp,
    ) -> Result<Vec<Letter>, StoreError> {
        let mut letters = Vec::new();
        let mut page = Page::first(AT_ONCE);
        loop {
            let orders = self.store.orders_of(ticket.id, page).await?;
            for order in &orders {
                letters.extend(event_changed(order, ticket, at));
                letters.extend(before.and_then(|before| event_changed_back(order, before, ticket, at)));
                letters.extend(places_sold(order, ticket));
            }
            match orders.last() {
                Some(last) if orders.len() == page.limit => page.after = Some(last.id),
                Some(_) | None => return Ok(letters),
            }
        }
    }
}

fn about_account(event: &Event, at: Timestamp) -> Option<Letter> {
    let account = event.account()?;
    let reason = match event {
        Event::AccountRegistered(_) | Event::AccountConfirmationRequested(_) => LetterReason::ConfirmAddress,
        Event::AccountResetRequested(_) => LetterReason::ResetPassword,
        Event::AccountPasswordChanged(_) => LetterReason::PasswordChanged,
        Event::AccountBrowserAdded { device, .. } => LetterReason::NewBrowser { device: Arc::clone(device) },
        // Owners who confirmed an address, chose a name or left know that, and the rest is not about accounts.
        _ => return None,
    };
    let cause = LetterCause { subject: account.id.uuid(), number: account.version, at };
    Some(Letter::new(account.id, reason, cause))
}

fn about_order(order: &Order, ticket: Option<&Ticket>, at: Timestamp) -> Vec<Letter> {
    let Some(own) = Letter::about(order, at) else { return Vec::new() };
    // Without its ticket, the rest is told when the ticket comes.
    let of_ticket = ticket
        .into_iter()
        .flat_map(|ticket| places_sold(order, ticket).into_iter().chain(event_changed(order, ticket, at)));
    [own].into_iter().chain(of_ticket).collect()
}

/// The letter to a buyer whose event is not what it was, if it is not: one for all that it is now, however often the
/// ticket changes otherwise.
fn event_changed(order: &Order, ticket: &Ticket, at: Timestamp) -> Option<Letter> {
    if !order.is_completed() || order.ticket.event.is_still(&ticket.offer.details.event) {
        return None;
    }
    let number = FactsTag::of(&ticket.offer.details.event).number();
    let cause = LetterCause { subject: order.id.uuid(), number, at };
    Some(Letter::new(order.buyer, LetterReason::EventChanged { order: order.id }, cause))
}

/// The letter to a buyer whose event is again what it was: who heard that it changed would come at another time.
fn event_changed_back(order: &Order, before: &Ticket, ticket: &Ticket, at: Timestamp) -> Option<Letter> {
    let is_still = |ticket: &Ticket| order.ticket.event.is_still(&ticket.offer.details.event);
    if !order.is_completed() || is_still(before) || !is_still(ticket) || before.version >= ticket.version {
        return None;
    }
    let cause = LetterCause { subject: order.id.uuid(), number: ticket.version, at };
    Some(Letter::new(order.buyer, LetterReason::EventChanged { order: order.id }, cause))
}

/// The letter to a seller, one for all sales of a ticket in a span of time.
fn places_sold(order: &Order, ticket: &Ticket) -> Option<Letter> {
    let OrderStatus::Completed { at, .. } = order.status else { return None };
    let span = i64::try_from(SALES_TOLD_EVERY.as_millis()).unwrap_or(i64::MAX);
    let number = u64::try_from(at.millis() / span).unwrap_or(0);
    let cause = LetterCause { subject: ticket.id.uuid(), number, at };
    Some(Letter::new(ticket.seller, LetterReason::PlacesSold { ticket: ticket.id }, cause))
}

fn money_returned(payment: &Payment, at: Timestamp) -> Letter {
    let cause = LetterCause { subject: payment.id.uuid(), number: payment.version, at };
    let reason = LetterReason::MoneyReturned { order: payment.order, amount: payment.total };
    Letter::new(payment.buyer, reason, cause)
}
