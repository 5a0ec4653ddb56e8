//! Mail of the marketplace over SMTP.
//!
//! | port | adapter |
//! | --- | --- |
//! | `Mailer` | [`SmtpMailer`] |
//!
//! # What becomes of a mail
//!
//! | the mail server | the mailer says |
//! | --- | --- |
//! | accepts it | `Ok` |
//! | cannot be reached, does not prove who it is, or says 4xx | `Unavailable`: send it later |
//! | refuses user and password, the sender, or us as a whole | `Unavailable`, with a sentence for the operator: no mail is to blame |
//! | says 5xx to the recipient or to the content | `Refused`: drop it |
//! | got the mail, and its answer does not arrive | `Unknown`: it may have arrived |
//!
//! # Why so
//!
//! - **The conversation is held step by step**, not by a transport that does it all, because only the step at which it
//!   broke off says whether the mail may be sent again.
//! - **A `Message-ID` is derived from the letter**, so a mail that arrives twice can be known as one.
//! - **One connection for each mail**, because one that was kept may have been closed by the server, and a mail that
//!   meets a closing connection is unknown.
//! - **TLS unless the URL says `tls=none`**, and never "if offered": who is on the way could hide the offer.
//!
//! # Examples
//!
//! ```
//! use ticketing_smtp::{SmtpConfig, SmtpMailer};
//!
//! # fn open(url: &str) -> Result<SmtpMailer, Box<dyn std::error::Error>> {
//! let mut config = SmtpConfig::new(url, "tickets@example.org".parse()?);
//! config.sender_name = Some("Tickets of Example".to_owned());
//! let mailer = SmtpMailer::new(&config)?;
//! # Ok(mailer)
//! # }
//! # assert!(open("smtps://user:password@smtp.example.org").is_ok());
//! ```

mod config;
mod conversation;
mod error;
mod line_by_line;
mod mailer;
mod message;
mod server;

pub use config::SmtpConfig;
pub use error::SmtpError;
pub use mailer::SmtpMailer;
