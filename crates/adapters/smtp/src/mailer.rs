//! Sends mail over SMTP.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::extension::ClientId;
use ticketing_core::ports::mailer::{Mail, MailError, Mailer};
use tokio::time::{Instant, timeout, timeout_at};

use crate::config::SmtpConfig;
use crate::conversation::{Conversation, Parcel};
use crate::error::{Failure, SmtpError};
use crate::message::{Sender, deliverable, write};
use crate::server::Server;

/// Sends mail over SMTP, one connection for each. A clone sends through the same server.
#[derive(Clone)]
pub struct SmtpMailer {
    server: Server,
    sender: Sender,
    hello: ClientId,
    timeout: Duration,
}

impl SmtpMailer {
    /// A mailer, which connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`SmtpError`] if the configuration is wrong.
    pub fn new(config: &SmtpConfig) -> Result<Self, SmtpError> {
        let server = Server::parse(&config.url, config.ca.as_deref())?;
        let sender = Sender::new(&config.sender, config.sender_name.as_deref()).map_err(SmtpError::Sender)?;
        let hello = ClientId::Domain(sender.domain().to_owned());
        Ok(Self { server, sender, hello, timeout: config.timeout })
    }

    /// Connects and logs in, and sends nothing.
    ///
    /// # Errors
    ///
    /// [`SmtpError`] says what an operator has to do.
    pub async fn check(&self) -> Result<(), SmtpError> {
        let opened = timeout(self.timeout, Conversation::open(&self.server, &self.hello)).await;
        opened.unwrap_or_else(|silence| Err(self.silent(silence)))?.close().await;
        Ok(())
    }

    /// Brings a mail to the server until it waits for the message. The server has nothing yet.
    async fn bring(&self, parcel: &Parcel) -> Result<Conversation, Failure> {
        let mut conversation = Conversation::open(&self.server, &self.hello).await?;
        match conversation.offer(&self.server, parcel).await {
            Ok(()) => Ok(conversation),
            Err(failure) => {
                conversation.close().await;
                Err(failure)
            }
        }
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<(), Failure> {
        let began = Instant::now();
        // Half of the time at most, so that the server has the other half to say that it took the mail.
        let brought = timeout_at(began + self.timeout / 2, self.bring(parcel)).await;
        let mut conversation = brought.unwrap_or_else(|silence| Err(self.silent(silence).into()))?;
        let handed_over = timeout_at(began + self.timeout, conversation.hand_over(&self.server, parcel)).await;
        // From here on the server may have it, whatever happens.
        let taken = handed_over.unwrap_or_else(|silence| Err(Failure::Unanswered(Box::new(silence))));
        if !matches!(taken, Err(Failure::Unanswered(_))) {
            conversation.close().await;
        }
        taken
    }

    fn parcel(&self, mail: &Mail) -> Result<Parcel, Failure> {
        let refused = |error: ticketing_core::ports::BoxError| Failure::Refused(error.to_string());
        let recipient = deliverable(&mail.to).map_err(refused)?;
        let message = write(mail, &self.sender, recipient.clone()).map_err(refused)?;
        let private = vec![mail.to.as_str().to_owned(), recipient.to_string()];
        Ok(Parcel { sender: self.sender.address().clone(), recipient, message, private })
    }

    fn silent(&self, silence: tokio::time::error::Elapsed) -> SmtpError {
        SmtpError::Unreachable { address: self.server.to_string(), source: Box::new(silence) }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let parcel = self.parcel(mail)?;
        Ok(self.deliver(&parcel).await?)
    }
}

/// Host and port alone: user, password and sender are not printed.
impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("server", &self.server.to_string())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
