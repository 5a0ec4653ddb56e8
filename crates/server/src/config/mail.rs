//! How people are written to.

use std::path::PathBuf;

use ticketing_core::domain::account::EmailAddress;

use super::Secret;

/// What sends mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum MailBy {
    /// A mail server.
    Smtp,
    /// Nothing: the last mails are kept in memory and shown at `/dev/mail`, for development.
    Outbox,
}

impl MailBy {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Outbox => "outbox",
        }
    }
}

/// A mail server, and in whose name it sends.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Where it is, with the user and the password: `smtps://…`, or `smtp://…` with STARTTLS.
    pub url: Secret,
    /// The sender; its domain ends each `Message-ID`.
    pub from: EmailAddress,
    /// Certificate authorities to trust, as a file in PEM.
    pub ca: Option<PathBuf>,
}
