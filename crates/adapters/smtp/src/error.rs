//! What the mail server said, as what to do about it. No error shows a password or the address of a recipient.

use std::error::Error;
use std::fmt;

use lettre::transport::smtp::response::Severity;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::mailer::MailError;

/// Why there is no conversation with the mail server. Never shows a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// Correct the URL.
    #[error("the SMTP URL is not like smtps://user:password@host:465, or smtp://host:587")]
    Url(#[source] BoxError),
    /// Correct the sender: no mail server takes it.
    #[error("the sender's address is none that a mail server takes")]
    Sender(#[source] BoxError),
    /// Correct the file.
    #[error("the trusted authorities in {file} cannot be read")]
    Authorities {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: BoxError,
    },
    /// Correct the file of authorities, or build with another version of rustls.
    #[error("TLS cannot be used: the authorities or the cryptography do not serve")]
    Tls(#[source] BoxError),
    /// Nothing answered in time: start it, or correct the address; the same call may succeed later.
    #[error(
        "no mail server answers at {address}: check host and port, and whether it speaks TLS from the first byte (smtps://)"
    )]
    Unreachable {
        /// Host and port.
        address: String,
        /// What went wrong.
        source: BoxError,
    },
    /// Look at the server's certificate, at the authorities that are trusted, and at the URL: the certificate must be
    /// of that name and not expired.
    #[error(
        "the mail server at {address} does not prove who it is: check its certificate, its name and whom is trusted"
    )]
    Untrusted {
        /// Host and port.
        address: String,
        /// What is wrong.
        source: BoxError,
    },
    /// Use `smtps://`, or, only where the network is encrypted or yours, `?tls=none`.
    #[error("the mail server at {address} offers no TLS: nothing is sent without")]
    NoTlsThere {
        /// Host and port.
        address: String,
    },
    /// Correct user and password: until then no mail is sent.
    #[error("NO MAIL IS SENT: the mail server at {address} refuses user and password")]
    Denied {
        /// Host and port.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// Correct the sender, or let the server take mail of this sender: until then no mail is sent.
    #[error("NO MAIL IS SENT: the mail server at {address} refuses the sender")]
    SenderRefused {
        /// Host and port.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// It takes no mail from us at all: the source says why.
    #[error("NO MAIL IS SENT: the mail server at {address} turns us away")]
    TurnedAway {
        /// Host and port.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// It asks us to come back: the same call may succeed later.
    #[error("the mail server at {address} asks us to come back later")]
    Busy {
        /// Host and port.
        address: String,
        /// What it said.
        source: BoxError,
    },
}

/// What became of a mail that was not accepted.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server does not have it.
    NotTaken(SmtpError),
    /// The server may have it.
    Unanswered(BoxError),
    /// The server will never take it.
    Refused(String),
}

impl From<Failure> for MailError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotTaken(error) => Self::Unavailable(Box::new(error)),
            Failure::Unanswered(error) => Self::Unknown(error),
            Failure::Refused(why) => Self::Refused(why),
        }
    }
}

impl From<SmtpError> for Failure {
    fn from(error: SmtpError) -> Self {
        Self::NotTaken(error)
    }
}

/// At which step a conversation broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Connect and greet.
    Greet,
    /// Prove who we are.
    LogIn,
    /// Name the sender.
    Sender,
}

impl SmtpError {
    /// What a failure at a step, which is before any mail is offered, is to the operator.
    pub(crate) fn at(step: Step, address: String, error: lettre::transport::smtp::Error) -> Self {
        let answer = Answer::of(&error, &[]);
        match (answer, step) {
            (Some(answer), _) if answer.is_for_now() => Self::Busy { address, source: answer.into() },
            (Some(answer), Step::Greet) => Self::TurnedAway { address, source: answer.into() },
            (Some(answer), Step::LogIn) => Self::Denied { address, source: answer.into() },
            (Some(answer), Step::Sender) => Self::SenderRefused { address, source: answer.into() },
            // It offers no way to log in that we know.
            (None, Step::LogIn) if error.is_client() => Self::Denied { address, source: Box::new(error) },
            (None, _) if is_untrusted(&error) => Self::Untrusted { address, source: Box::new(error) },
            (None, _) => Self::Unreachable { address, source: Box::new(error) },
        }
    }
}

/// Whether the certificate is why there is no connection.
fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An I/O error hides what it is made of from `source`.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| matches!(inner.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What the server answered, in one line, and without the addresses that it quotes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Answer {
    code: u16,
    text: String,
}

/// The longest that is kept of an answer.
const MOST_CHARS: usize = 200;

impl Answer {
    /// The answer that an error is, if it is one; `private` is what is not to be quoted.
    pub(crate) fn of(error: &lettre::transport::smtp::Error, private: &[&str]) -> Option<Self> {
        let code = u16::from(error.status()?);
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        let text = private.iter().fold(text, |text, word| text.replace(word, "…"));
        let text = text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Some(Self { code, text: text.chars().take(MOST_CHARS).collect() })
    }

    /// Whether the same may be accepted later. 421 and 4xx are for now, 5xx is for good.
    pub(crate) const fn is_for_now(&self) -> bool {
        self.code < 500
    }

    /// Whether the server wants to know first who we are (RFC 4954: 530), or a stronger proof of it.
    pub(crate) const fn wants_log_in(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// The server did something that is not SMTP.
#[derive(Debug, thiserror::Error)]
#[error("the mail server answered {0:?}, which is no answer to a mail")]
pub(crate) struct NoAnswer(pub(crate) Severity);
