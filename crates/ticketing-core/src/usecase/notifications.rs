//! The notifications service: people are told by mail what happens to what is theirs.
//!
//! Events become letters, whose ids are derived from what caused them: the letter is the mark that it was written.
//! People keep questions here, too: alerts, which are matched with every ticket that others may begin to find.
//! A step of its own sends the letters, and notes that a mail may be on its way before it is.
//!
//! Invariant: no address and no secret is kept here; both are asked for when a letter is sent.

mod counts;
mod follow;
mod follow_for_alerts;
mod keep_alerts;
mod letters;
mod send_letters;
mod tell_of_tickets;

use std::sync::Arc;

use crate::ports::clock::ClockAndIds;
use crate::ports::contacts::Contacts;
use crate::ports::letter_store::LetterStore;
use crate::ports::letter_writer::LetterWriter;
use crate::ports::mailer::Mailer;

pub use counts::LetterCounts;
pub use follow::NotificationsFollow;
pub use follow_for_alerts::AlertsFollow;
pub use send_letters::{SendLetters, SendingConfig};

/// What the notifications service works with. A clone is the same service.
///
/// [`ServiceContext::notifications`](crate::assembly::ServiceContext::notifications) puts it together.
#[derive(Debug, Clone)]
pub struct Notifications {
    /// Keeps letters and alerts.
    pub store: Arc<dyn LetterStore>,
    /// Knows how to reach people.
    pub contacts: Arc<dyn Contacts>,
    /// Puts letters into words.
    pub writer: Arc<dyn LetterWriter>,
    /// Sends them.
    pub mailer: Arc<dyn Mailer>,
    /// Time and chance.
    pub env: ClockAndIds,
}
