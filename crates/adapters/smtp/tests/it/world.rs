//! A mailer and its mail server, and what arrives there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use mail_parser::{Message, MessageParser, MimeHeaders};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ticketing_conformance::mailer::{ArrivedMail, MailerFixture, ServerState};
use ticketing_conformance::sample;
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::ids::LetterId;
use ticketing_core::ports::mailer::{Attachment, Mail, Mailer};
use ticketing_smtp::{SmtpConfig, SmtpMailer};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::server::{Encryption, MailServer, Taken};

/// From whom the mail of these tests comes.
pub(crate) const SENDER: &str = "tickets@example.org";

pub(crate) struct World {
    pub(crate) server: MailServer,
    pub(crate) mailer: SmtpMailer,
}

/// A server's certificate, and the file of the authority that signed it.
pub(crate) struct Certificate {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca: PathBuf,
}

/// A certificate of a host by an authority of its own.
pub(crate) fn certificate(host: &str) -> Certificate {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![host.to_owned()]).expect("a host");
    let signed = params.signed_by(&key, &authority).expect("a certificate");
    let ca = std::env::temp_dir().join(format!("{}.pem", sample::uuid()));
    std::fs::write(&ca, authority.pem()).expect("a temporary file");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS has versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(signed)], key)
        .expect("the key is of the certificate");
    Certificate { acceptor: TlsAcceptor::from(Arc::new(config)), ca }
}

pub(crate) fn config(url: &str) -> SmtpConfig {
    let config = SmtpConfig::new(url, SENDER.parse().expect("an address"));
    SmtpConfig { sender_name: Some("Tickets, by Example".to_owned()), ..config }
}

impl World {
    pub(crate) async fn plain() -> Self {
        let server = MailServer::start(Encryption::Never).await;
        let config = config(&format!("smtp://127.0.0.1:{}?tls=none", server.port));
        Self { server, mailer: SmtpMailer::new(&config).expect("a configuration") }
    }

    pub(crate) async fn tls() -> Self {
        let Certificate { acceptor, ca } = certificate("localhost");
        let server = MailServer::start(Encryption::Always(acceptor)).await;
        let config = config(&format!("smtps://tickets%40example.org:to%23mato@localhost:{}", server.port));
        let mailer = SmtpMailer::new(&SmtpConfig { ca: Some(ca), ..config });
        Self { server, mailer: mailer.expect("a configuration") }
    }

    pub(crate) async fn starttls() -> Self {
        let Certificate { acceptor, ca } = certificate("localhost");
        let server = MailServer::start(Encryption::StartTls(acceptor)).await;
        let config = config(&format!("smtp://tickets%40example.org:to%23mato@localhost:{}", server.port));
        let mailer = SmtpMailer::new(&SmtpConfig { ca: Some(ca), ..config });
        Self { server, mailer: mailer.expect("a configuration") }
    }

    /// The same server, and a mailer that soon loses its patience.
    pub(crate) async fn impatient() -> Self {
        let world = Self::plain().await;
        let config = config(&format!("smtp://127.0.0.1:{}?tls=none", world.server.port));
        let mailer = SmtpMailer::new(&SmtpConfig { timeout: Duration::from_millis(600), ..config });
        Self { mailer: mailer.expect("a configuration"), ..world }
    }
}

/// A mail to somebody whom nobody else writes to.
pub(crate) fn mail() -> Mail {
    Mail {
        id: LetterId::new(sample::uuid()),
        to: sample::email(),
        subject: "Your tickets".to_owned(),
        text: "Here they are.".to_owned(),
        html: "<p>Here they are.</p>".to_owned(),
        attachments: Vec::new(),
        unsubscribe: None,
    }
}

#[async_trait]
impl MailerFixture for World {
    fn mailer(&self) -> Arc<dyn Mailer> {
        Arc::new(self.mailer.clone())
    }

    async fn arrived(&self) -> Vec<ArrivedMail> {
        self.server.taken().iter().map(arrived).collect()
    }

    async fn refuse(&self, recipient: &EmailAddress) {
        self.server.behaviour.lock().refused.insert(recipient.as_str().to_owned());
    }

    async fn turn(&self, state: ServerState) -> bool {
        self.server.behaviour.lock().state = state;
        true
    }
}

fn arrived(taken: &Taken) -> ArrivedMail {
    let message = MessageParser::default().parse(&taken.message).expect("a message");
    let of = |part: Option<std::borrow::Cow<'_, str>>| part.map(|text| text.replace("\r\n", "\n")).unwrap_or_default();
    ArrivedMail {
        recipients: taken.recipients.clone(),
        header_names: message.headers_raw().map(|(name, _)| name.to_owned()).collect(),
        message_id: message.message_id().unwrap_or_default().to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: of(message.body_text(0)),
        html: of(message.body_html(0)),
        attachments: attachments(&message),
        unsubscribe: unsubscribe(&message),
    }
}

/// Programs show a button only if both fields are there.
fn unsubscribe(message: &Message<'_>) -> Option<String> {
    let one_click = message.header_raw("List-Unsubscribe-Post")?.trim() == "List-Unsubscribe=One-Click";
    let address = message.header_raw("List-Unsubscribe")?.trim().strip_prefix('<')?.strip_suffix('>')?;
    one_click.then(|| address.split_whitespace().collect())
}

fn attachments(message: &Message<'_>) -> Vec<Attachment> {
    let all = message.attachments().map(|part| {
        let kind = part.content_type().expect("a media type");
        let attributes = kind.attributes.iter().flatten();
        let attributes = attributes.map(|attribute| format!("; {}={}", attribute.name, attribute.value));
        let media_type =
            format!("{}/{}{}", kind.ctype(), kind.subtype().unwrap_or_default(), attributes.collect::<String>());
        let name = part.attachment_name().unwrap_or_default().to_owned();
        Attachment { name, media_type, content: Bytes::copy_from_slice(part.contents()) }
    });
    all.collect()
}
