//! Orders among people who browse.

use std::time::Instant;

use crate::session::Session;
use crate::tally::Kind;

use super::{Turn, browse, distinct};

pub(super) async fn turn(session: &mut Session, due: Instant) -> Turn {
    match browse::pick(session, session.settings.mix) {
        Kind::Order => distinct::turn(session, due).await,
        kind @ (Kind::Catalog | Kind::Ticket | Kind::Search | Kind::Payment | Kind::Lag) => {
            browse::look(session, kind, due).await;
            Turn::Done
        }
    }
}
