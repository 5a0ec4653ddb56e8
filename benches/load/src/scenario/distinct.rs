//! Each order takes another ticket.

use std::time::Instant;

use crate::session::Session;

use super::Turn;

pub(super) async fn turn(session: &mut Session, due: Instant) -> Turn {
    let ticket = session.shop.next_ticket();
    session.buy(ticket, due).await;
    Turn::Done
}
