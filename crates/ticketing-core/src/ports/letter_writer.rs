//! Puts letters into words.

use std::fmt;

use crate::domain::alert::Alert;
use crate::domain::ids::{AccountId, LetterId};
use crate::domain::letter::LetterReason;
use crate::domain::order::Order;
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;

use super::contacts::Contact;
use super::mailer::Mail;

/// All that is known when a letter is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterToWrite {
    /// The letter.
    pub id: LetterId,
    /// Why it is written.
    pub reason: LetterReason,
    /// When what it tells happened.
    pub caused_at: Timestamp,
    /// Whose letter it is.
    pub owner: AccountId,
    /// Who gets it, and the token of its link.
    pub to: Contact,
    /// The order that it is about, as it is now, with the facts that it froze.
    pub order: Option<Order>,
    /// The ticket of the order, or that was sold or found, as it is now.
    pub ticket: Option<Ticket>,
    /// The question that found it, and the link that ends it.
    pub alert: Option<Alert>,
}

/// Puts letters into words: subject, text, HTML and attachments.
///
/// It only writes: it does not wait, read a clock or touch the network.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::letter_writer::{LetterToWrite, LetterWriter};
/// use ticketing_core::ports::mailer::Mail;
///
/// #[derive(Debug)]
/// struct Curt;
///
/// impl LetterWriter for Curt {
///     fn write(&self, letter: &LetterToWrite) -> Mail {
///         let subject = letter.reason.code().to_owned();
///         let (id, to) = (letter.id, letter.to.email.clone());
///         Mail { id, to, text: subject.clone(), html: format!("<p>{subject}</p>"), subject, attachments: Vec::new(), unsubscribe: None }
///     }
/// }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait LetterWriter: Send + Sync + fmt::Debug + 'static {
    /// The mail that a letter is.
    fn write(&self, letter: &LetterToWrite) -> Mail;
}
