//! Orders, and how long it takes until the ticket shows them.
//!
//! The orders service answers once the order is committed; the tickets service
//! hears of it by an event. Each connection orders tickets that nobody else
//! orders, and asks for the ticket again and again until it shows a place less.
//! What is measured is therefore late by up to one such question.

use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::session::{Ordered, Place, Session};
use crate::tally::Kind;

use super::Turn;

/// An event that takes longer than this is not late but lost.
const LOST: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Availability {
    available: u32,
}

pub(super) async fn turn(session: &mut Session, due: Instant) -> Turn {
    let ticket = own_ticket(session);
    let Some(before) = available(session, ticket).await else { return Turn::Done };
    // The first question is not part of the order.
    let ordered = session.buy(ticket, due.max(Instant::now())).await;
    let answered = Instant::now();
    if matches!(ordered, Ordered::Held { .. }) {
        until_fewer_than(session, ticket, before, answered).await;
    }
    Turn::Done
}

async fn until_fewer_than(session: &mut Session, ticket: usize, before: u32, since: Instant) {
    while since.elapsed() < LOST {
        if available(session, ticket).await.is_some_and(|now| now < before) {
            return session.count(|tally| tally.waited(Kind::Lag, since, since.elapsed()));
        }
    }
    session.count(|tally| tally.missed(Kind::Lag, since, "never seen"));
}

async fn available(session: &mut Session, ticket: usize) -> Option<u32> {
    let path = format!("/api/tickets/{}", session.shop.ticket(ticket)?);
    let body = session.read(Kind::Ticket, Place::Door, &path, Instant::now()).await?;
    Some(serde_json::from_slice::<Availability>(&body).ok()?.available)
}

/// Draws one of the tickets that belong to this connection alone.
fn own_ticket(session: &mut Session) -> usize {
    use rand::RngExt;

    let step = session.settings.connections as usize;
    let own = (session.shop.ticket_count() - session.number).div_ceil(step);
    session.number + step * session.random.random_range(0..own.max(1))
}
