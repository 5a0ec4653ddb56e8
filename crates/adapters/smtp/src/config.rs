//! Where the mail server is, and from whom mail comes.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ticketing_core::domain::account::EmailAddress;

/// Where the mail server is, and from whom mail comes.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_smtp::SmtpConfig;
///
/// let config = SmtpConfig::new("smtps://tickets:secret@smtp.example.org", "tickets@example.org".parse()?);
/// let config = SmtpConfig { timeout: Duration::from_secs(60), ..config };
/// assert!(!format!("{config:?}").contains("secret"), "a password is never printed");
/// # Ok::<(), ticketing_core::domain::invalid::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    /// - `smtps://user:password@host:465` is TLS from the first byte, the best choice where the server has it;
    /// - `smtp://user:password@host:587` begins without TLS and continues with it (STARTTLS), or not at all;
    /// - `smtp://host:25?tls=none` is without TLS: for a server on the same machine, or behind a mesh that encrypts.
    ///
    /// User, password and port may be left out; what is special in a URL is percent-encoded in a password.
    pub url: String,
    /// From whom mail comes. Its domain ends each `Message-ID`, and should have SPF and DKIM for the server.
    pub sender: EmailAddress,
    /// What the sender is called. By default `None`: the address alone.
    pub sender_name: Option<String>,
    /// The authorities that may sign the server's certificate: a file in PEM. By default `None`, those that browsers
    /// trust.
    pub ca: Option<PathBuf>,
    /// The longest that a mail takes. Half of it is for the way to the server, and the rest for the server to accept
    /// the mail: who gives up then does not know whether it arrives.
    pub timeout: Duration,
}

impl SmtpConfig {
    /// A server and a sender, with the default limit of 20 seconds.
    #[must_use]
    pub fn new(url: &str, sender: EmailAddress) -> Self {
        Self { url: url.to_owned(), sender, sender_name: None, ca: None, timeout: Duration::from_secs(20) }
    }
}

/// Without the URL, which may hold a password, and the sender.
impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("sender_name", &self.sender_name)
            .field("ca", &self.ca)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
