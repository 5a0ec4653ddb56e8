//! What is said to a mail server, step by step.

use lettre::Address;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Severity;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::error::{Answer, Failure, NoAnswer, SmtpError, Step};
use crate::line_by_line::LineByLine;
use crate::server::{Encryption, Server};

/// How long a server may take to say goodbye; what was said before counts all the same.
const GOODBYE: Duration = Duration::from_secs(1);

/// A mail that is ready to go.
pub(crate) struct Parcel {
    pub(crate) sender: Address,
    pub(crate) recipient: Address,
    pub(crate) message: Vec<u8>,
    /// The spellings of the recipient's address, which no error quotes.
    pub(crate) private: Vec<String>,
}

/// A server that knows us.
pub(crate) struct Conversation(AsyncSmtpConnection);

impl Conversation {
    /// Connects, encrypts and logs in.
    pub(crate) async fn open(server: &Server, hello: &ClientId) -> Result<Self, SmtpError> {
        let failed = |step| move |error| SmtpError::at(step, server.to_string(), error);
        let mut connection = connect(server, hello).await?;
        if let Some(credentials) = &server.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(failed(Step::LogIn))?;
        }
        Ok(Self(connection))
    }

    /// Names sender and recipient, until the server waits for the message.
    pub(crate) async fn offer(&mut self, server: &Server, parcel: &Parcel) -> Result<(), Failure> {
        let parameters = self.parameters(parcel)?;
        let sender = Mail::new(Some(parcel.sender.clone()), parameters);
        // The sender is a setting, so what is wrong with it is wrong with every mail.
        let refused = |error| SmtpError::at(Step::Sender, server.to_string(), error);
        self.0.command(sender).await.map_err(refused)?;
        let recipient = Rcpt::new(parcel.recipient.clone(), Vec::new());
        self.0.command(recipient).await.map_err(|error| not_taken(server, parcel, error))?;
        self.0.command(Data).await.map_err(|error| not_taken(server, parcel, error))?;
        Ok(())
    }

    /// Hands the message over. Whatever goes wrong but for a plain no, the server may have it.
    pub(crate) async fn hand_over(&mut self, server: &Server, parcel: &Parcel) -> Result<(), Failure> {
        match self.0.message(&parcel.message).await {
            Ok(answer) if answer.code().severity == Severity::PositiveCompletion => Ok(()),
            Ok(answer) => Err(Failure::Unanswered(Box::new(NoAnswer(answer.code().severity)))),
            Err(error) if error.status().is_some() => Err(not_taken(server, parcel, error)),
            Err(error) => Err(Failure::Unanswered(Box::new(error))),
        }
    }

    /// Says goodbye, and does not care for an answer.
    pub(crate) async fn close(mut self) {
        let _told = timeout(GOODBYE, self.0.quit()).await;
    }

    /// What the server has to know of letters that are not ASCII.
    fn parameters(&self, parcel: &Parcel) -> Result<Vec<MailParameter>, Failure> {
        let addresses = [&parcel.sender, &parcel.recipient].map(AsRef::<str>::as_ref);
        if parcel.message.is_ascii() && addresses.iter().all(|address| address.is_ascii()) {
            return Ok(Vec::new());
        }
        let knows = |extension| self.0.server_info().supports_feature(extension);
        if knows(Extension::SmtpUtfEight) && knows(Extension::EightBitMime) {
            return Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]);
        }
        let why = "the address is not ASCII, and the mail server takes only such (no SMTPUTF8)";
        Err(Failure::Refused(why.to_owned()))
    }
}

async fn connect(server: &Server, hello: &ClientId) -> Result<AsyncSmtpConnection, SmtpError> {
    let place = (server.host.as_str(), server.port);
    let failed = |error| SmtpError::at(Step::Greet, server.to_string(), error);
    if let Encryption::Tls(tls) = &server.encryption {
        return AsyncSmtpConnection::connect_tokio1(place, None, hello, Some(tls.clone()), None).await.map_err(failed);
    }
    let unreachable = |source| SmtpError::Unreachable { address: server.to_string(), source };
    let stream = TcpStream::connect(place).await.map_err(|error| unreachable(Box::new(error)))?;
    let stream = Box::new(LineByLine::new(stream));
    let mut connection = AsyncSmtpConnection::connect_with_transport(stream, hello).await.map_err(failed)?;
    if let Encryption::StartTls(tls) = &server.encryption {
        if !connection.can_starttls() {
            Conversation(connection).close().await;
            return Err(SmtpError::NoTlsThere { address: server.to_string() });
        }
        connection.starttls(tls.clone(), hello).await.map_err(failed)?;
    }
    Ok(connection)
}

/// What it means that the server did not take a recipient or a message.
fn not_taken(server: &Server, parcel: &Parcel, error: lettre::transport::smtp::Error) -> Failure {
    let private: Vec<_> = parcel.private.iter().map(String::as_str).collect();
    let address = server.to_string();
    match Answer::of(&error, &private) {
        Some(answer) if answer.is_for_now() => Failure::NotTaken(SmtpError::Busy { address, source: answer.into() }),
        // It wants a user first: no mail is to blame.
        Some(answer) if answer.wants_log_in() => {
            Failure::NotTaken(SmtpError::Denied { address, source: answer.into() })
        }
        Some(answer) => Failure::Refused(answer.to_string()),
        None => Failure::NotTaken(SmtpError::Unreachable { address, source: Box::new(error) }),
    }
}
