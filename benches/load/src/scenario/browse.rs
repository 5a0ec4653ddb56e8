//! The catalogue, a ticket, a search: through the API or as pages.

use std::time::Instant;

use rand::RngExt;

use crate::session::{Place, Session};
use crate::settings::Mix;
use crate::tally::Kind;

use super::Turn;

pub(super) async fn turn(session: &mut Session, due: Instant) -> Turn {
    let kind = pick(session, Mix::BROWSE);
    look(session, kind, due).await;
    Turn::Done
}

/// Draws what to do next; an order is the last that is left.
pub(super) fn pick(session: &mut Session, mix: Mix) -> Kind {
    let drawn = session.random.random_range(0..mix.total());
    match drawn {
        drawn if drawn < mix.catalog => Kind::Catalog,
        drawn if drawn < mix.catalog + mix.ticket => Kind::Ticket,
        drawn if drawn < mix.catalog + mix.ticket + mix.search => Kind::Search,
        _ => Kind::Order,
    }
}

/// Looks at something that everybody may see.
pub(super) async fn look(session: &mut Session, kind: Kind, due: Instant) {
    let list = if session.settings.pages { "/" } else { "/api/tickets" };
    let one = if session.settings.pages { "/tickets" } else { "/api/tickets" };
    // Where orders are elsewhere, tickets are not.
    let place = if session.settings.auth_url.is_some() { Place::Door } else { Place::Base };
    match kind {
        Kind::Search => {
            let word = session.shop.word(session.random.random_range(0..usize::MAX));
            session.read(kind, place, &format!("{list}?q={word}"), due).await;
        }
        Kind::Ticket => {
            let ticket = session.random.random_range(0..session.shop.ticket_count());
            let id = session.shop.ticket(ticket).unwrap_or_default().to_owned();
            session.read(kind, place, &format!("{one}/{id}"), due).await;
        }
        Kind::Catalog | Kind::Order | Kind::Payment | Kind::Lag => {
            session.read(Kind::Catalog, place, list, due).await;
        }
    }
}
