//! Sends mail.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::domain::account::EmailAddress;
use crate::domain::ids::LetterId;

use super::BoxError;

/// A mail, ready to be sent. From whom it comes is a setting of the mailer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The letter that it is. The mailer makes its `Message-ID` from it, so that one that is sent twice can be known.
    pub id: LetterId,
    /// Who gets it.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// The same as HTML, without scripts, pictures or anything else from elsewhere.
    pub html: String,
    /// Files that come with it.
    pub attachments: Vec<Attachment>,
    /// An address at which one request, sent by a button of a mail program, ends mails like this (RFC 8058).
    pub unsubscribe: Option<String>,
}

/// A file that comes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What the file is called, such as `event.ics`.
    pub name: String,
    /// Its media type, such as `text/calendar`.
    pub media_type: String,
    /// Its content.
    pub content: Bytes,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail server did not take it: the same mail may be sent later.
    #[error("the mail server did not take the mail")]
    Unavailable(#[source] BoxError),
    /// The mail server did not say whether it took it: do not send it again soon.
    #[error("the mail server did not say whether it took the mail")]
    Unknown(#[source] BoxError),
    /// The mail server refuses this mail, or its address, for good: drop it.
    #[error("the mail server refuses the mail: {0}")]
    Refused(String),
}

/// Shows the mail that was kept instead of sent, for development.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::mailer::KeptMail;
/// use ticketing_memory::MemoryMailer;
///
/// let outbox: &dyn KeptMail = &MemoryMailer::default();
/// assert!(outbox.mails().is_empty(), "nobody was written to");
/// ```
pub trait KeptMail: Send + Sync + fmt::Debug + 'static {
    /// The mails that are kept, the oldest first.
    fn mails(&self) -> Vec<Mail>;
}

/// Sends mail.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `mailer`.
///
/// - A mail arrives as it was written, with text, HTML, attachments and a way out: `a_mail_arrives_as_it_was_written`.
/// - A mail that is sent twice has one `Message-ID`, and two mails have two: `a_mail_keeps_its_message_id`.
/// - No subject, address or file name adds a header or another recipient: `nothing_in_a_mail_adds_a_header`.
/// - An address that the server refuses for good is `Refused`: `a_refused_address_is_told`.
/// - A server that is away, or busy, is `Unavailable`, and the mail can be sent later:
///   `a_mail_can_be_sent_once_the_server_is_back`.
/// - A server that takes the mail and goes away without an answer is `Unknown`: `a_lost_answer_is_unknown`.
///
/// # Examples
///
/// ```
/// use async_trait::async_trait;
/// use ticketing_core::ports::mailer::{Mail, MailError, Mailer};
///
/// /// Writes what it is given to the standard output.
/// #[derive(Debug)]
/// struct Printed;
///
/// #[async_trait]
/// impl Mailer for Printed {
///     async fn send(&self, mail: &Mail) -> Result<(), MailError> {
///         println!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.text);
///         Ok(())
///     }
/// }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync + fmt::Debug + 'static {
    /// Sends a mail, and returns once the mail server has accepted it. Bounded in time by the adapter.
    ///
    /// # Errors
    ///
    /// [`MailError`] says whether, and when, it may be sent again.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the mail may have been sent.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}
