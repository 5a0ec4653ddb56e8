//! What each connection does, turn by turn.

mod browse;
mod distinct;
mod hot;
mod lag;
mod mixed;

use std::sync::Arc;
use std::time::Instant;

use crate::session::Session;
use crate::settings::{Scenario, Settings};

pub use hot::Rush;

/// Whether there is anything left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Another turn may follow.
    Done,
    /// There is nothing left; this turn did nothing.
    Over,
}

/// What all connections of a run know together.
#[derive(Debug, Clone)]
pub struct Course {
    scenario: Scenario,
    rush: Arc<Rush>,
}

impl Course {
    /// The course of a run that did not begin.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { scenario: settings.scenario, rush: Arc::new(Rush::new(settings.ticket_count(), settings.quantity)) }
    }

    /// Does one turn, which was due at `due`.
    pub async fn turn(&self, session: &mut Session, due: Instant) -> Turn {
        match self.scenario {
            Scenario::Distinct => distinct::turn(session, due).await,
            Scenario::Hot => hot::turn(session, &self.rush, due).await,
            Scenario::Browse => browse::turn(session, due).await,
            Scenario::Mixed => mixed::turn(session, due).await,
            Scenario::Lag => lag::turn(session, due).await,
        }
    }

    /// What must not have happened, and did.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        if self.scenario == Scenario::Hot { self.rush.complaints() } else { Vec::new() }
    }
}
