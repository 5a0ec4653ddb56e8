//! Rules of [`Mailer`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod failures;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::ids::LetterId;
use ticketing_core::ports::mailer::{Attachment, Mail, MailError, Mailer};

use crate::outcome::{Outcome, broken};
use crate::report::Family;
use crate::sample;
use crate::time::{eventually, soon};

pub use failures::{a_lost_answer_is_unknown, a_mail_can_be_sent_once_the_server_is_back, a_refused_address_is_told};

/// Every rule of this module.
pub const MAILER: Family<dyn MailerFixture> = crate::mailer!(@ [family]);

/// A mail as its recipient finds it, parsed and decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrivedMail {
    /// To whom the server was told to deliver it.
    pub recipients: Vec<String>,
    /// The names of its header fields, in order; none if mail has no header there.
    pub header_names: Vec<String>,
    /// Its `Message-ID`, without angle brackets.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// Its plain text, with `\n` at the ends of lines.
    pub text: String,
    /// Its HTML, with `\n` at the ends of lines.
    pub html: String,
    /// Its attachments, as they were decoded.
    pub attachments: Vec<Attachment>,
    /// Where one request ends mails like it.
    pub unsubscribe: Option<String>,
}

/// How a mail server feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// It takes mail.
    Up,
    /// Nobody answers.
    Away,
    /// It answers that one is to come again later.
    Busy,
    /// It takes the next mail and goes away without an answer.
    Silent,
}

/// A mailer, and a mail server that it alone sends to.
#[async_trait]
pub trait MailerFixture: Send + Sync {
    /// The mailer; always the same one.
    fn mailer(&self) -> Arc<dyn Mailer>;

    /// Every mail that the server took, oldest first.
    async fn arrived(&self) -> Vec<ArrivedMail>;

    /// Lets the server refuse this recipient for good from now on.
    async fn refuse(&self, recipient: &EmailAddress);

    /// Brings the server into a state; `false` if it cannot be brought into it.
    async fn turn(&self, state: ServerState) -> bool;
}

/// Texts that a careless encoding changes: lines of a full stop, long ones, ends with spaces, and letters of all kinds.
fn odd_text(line_break: &str) -> String {
    let long = "Così fan tutte, ".repeat(100);
    let lines =
        ["Hello Ada,", "", ".", "..", ".hidden", "From here", "two spaces  ", "a=3D", "№ 7 \u{1F3AB} שלום", &long];
    [&lines.join(line_break), line_break, "the end"].concat()
}

/// A mail to somebody whom nobody else writes to.
fn mail() -> Mail {
    Mail {
        id: LetterId::new(sample::uuid()),
        to: sample::email(),
        subject: "Your tickets for Così fan tutte".to_owned(),
        text: "Here they are.".to_owned(),
        html: "<p>Here they are.</p>".to_owned(),
        attachments: Vec::new(),
        unsubscribe: None,
    }
}

fn attachment(name: &str, media_type: &str, content: impl Into<Bytes>) -> Attachment {
    Attachment { name: name.to_owned(), media_type: media_type.to_owned(), content: content.into() }
}

async fn send(fixture: &dyn MailerFixture, mail: &Mail) -> Result<(), MailError> {
    let mailer = fixture.mailer();
    soon("a mail is sent or not", mailer.send(mail)).await
}

async fn sent(fixture: &dyn MailerFixture, mail: &Mail) {
    if let Err(error) = send(fixture, mail).await {
        broken(&format!("a mail was not sent: {error:?}"));
    }
}

/// What arrived for the recipient of a mail.
async fn arrived_of(fixture: &dyn MailerFixture, mail: &Mail) -> Vec<ArrivedMail> {
    let to = mail.to.as_str();
    let arrived = soon("the server shows what arrived", fixture.arrived()).await.into_iter();
    arrived.filter(|arrived| arrived.recipients.iter().any(|recipient| recipient == to)).collect()
}

/// The one mail that arrived for the recipient of a mail.
async fn arrived_once(fixture: &dyn MailerFixture, mail: &Mail) -> ArrivedMail {
    let mut arrived = arrived_of(fixture, mail).await;
    assert_eq!(arrived.len(), 1, "of a mail that was sent once, {} arrived", arrived.len());
    arrived.remove(0)
}

/// A mail arrives as it was written: subject, text, HTML, attachments and a way out, to the one that it was for.
pub async fn a_mail_arrives_as_it_was_written(fixture: &dyn MailerFixture) -> Outcome {
    let all_bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let mail = Mail {
        subject: "Così fan tutte, \u{1F3AB} שלום: a subject that is longer than one line of a header may be".to_owned(),
        text: odd_text("\n"),
        html: format!("<!DOCTYPE html>\n<p>{}</p>", odd_text("<br>\n")),
        attachments: vec![
            attachment("event.ics", "text/calendar; method=PUBLISH; charset=utf-8", odd_text("\r\n")),
            attachment("Führer durchs Haus.bin", "application/octet-stream", all_bytes),
        ],
        unsubscribe: Some(format!("https://tickets.example/alerts/end/{}", "0123456789abcdef".repeat(6))),
        ..mail()
    };
    sent(fixture, &mail).await;

    let arrived = arrived_once(fixture, &mail).await;
    assert_eq!(arrived.recipients, [mail.to.as_str()], "of a mail, the recipients");
    assert_eq!(arrived.subject, mail.subject, "of a mail, the subject");
    assert_eq!(arrived.text, mail.text, "of a mail, the text");
    assert_eq!(arrived.html, mail.html, "of a mail, the HTML");
    assert_eq!(arrived.attachments, mail.attachments, "of a mail, the attachments");
    assert_eq!(arrived.unsubscribe, mail.unsubscribe, "of a mail, the way out");
    Outcome::Kept
}

/// A mail that is sent twice has one `Message-ID`, and two mails have two.
pub async fn a_mail_keeps_its_message_id(fixture: &dyn MailerFixture) -> Outcome {
    let twice = mail();
    let other = Mail { id: LetterId::new(sample::uuid()), ..twice.clone() };
    for mail in [&twice, &twice, &other] {
        sent(fixture, mail).await;
    }

    let ids: Vec<_> = arrived_of(fixture, &twice).await.into_iter().map(|arrived| arrived.message_id).collect();
    let [first, again, another] = &*ids else { broken(&format!("of 3 mails, {} arrived", ids.len())) };
    assert!(first.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty()), "{first:?}");
    assert_eq!(first, again, "a mail that is sent twice has one Message-ID");
    assert_ne!(first, another, "two mails have two Message-IDs");
    Outcome::Kept
}

/// Nobody else's address.
const EVE: &str = "eve@example.org";

/// What would add a header or a recipient if it got into a header, or into a command, as it is.
fn injections() -> [String; 5] {
    ["\r\n", "\n", "\r", "\r\n\r\n", "\u{0}\r\n "].map(|end| format!("Tickets{end}Bcc: {EVE}{end}X-Added: yes{end}"))
}

/// Whatever a subject, an address or the name of a file says, it adds no header and no recipient.
pub async fn nothing_in_a_mail_adds_a_header(fixture: &dyn MailerFixture) -> Outcome {
    let plain = Mail { attachments: vec![attachment("a.txt", "text/plain", "a")], ..mail() };
    sent(fixture, &plain).await;
    let names = arrived_once(fixture, &plain).await.header_names;

    for injection in injections() {
        let subject = Mail { subject: injection.clone(), ..mail() };
        let file = Mail { attachments: vec![attachment(&injection, "text/plain", "a")], ..mail() };
        let media_type = Mail { attachments: vec![attachment("a.txt", &format!("text/{injection}"), "a")], ..mail() };
        for hostile in [subject, file, media_type] {
            assert_adds_nothing(fixture, &hostile, &names).await;
        }
    }
    for text in [format!("ada@example.org>\r\nRCPT TO:<{EVE}"), format!("ada@example.org,{EVE}"), format!("a {EVE}")] {
        let hostile = Mail { to: EmailAddress::from_stored(text), ..mail() };
        assert_adds_nothing(fixture, &hostile, &names).await;
    }
    Outcome::Kept
}

/// The mail is refused, or arrives without anything added.
async fn assert_adds_nothing(fixture: &dyn MailerFixture, hostile: &Mail, names: &[String]) {
    match send(fixture, hostile).await {
        Ok(()) => {
            let arrived = arrived_once(fixture, hostile).await;
            let (found, known): (BTreeSet<_>, BTreeSet<_>) =
                (arrived.header_names.iter().collect(), names.iter().collect());
            let added: Vec<_> = found.difference(&known).collect();
            assert!(added.is_empty(), "a mail added the headers {added:?}: {hostile:?}");
            assert!(!arrived.subject.contains(['\r', '\n']), "a subject has several lines: {:?}", arrived.subject);
        }
        Err(MailError::Refused(_)) => {}
        Err(error) => broken(&format!("a mail that no server takes was not refused: {error:?}")),
    }
    let is_eve = |arrived: &ArrivedMail| arrived.recipients.iter().any(|recipient| recipient == EVE);
    assert!(!fixture.arrived().await.iter().any(is_eve), "a mail added a recipient: {hostile:?}");
}
