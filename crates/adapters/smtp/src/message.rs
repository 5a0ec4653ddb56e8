//! A mail as bytes: RFC 5322, with MIME.

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::mailer::{self, Mail};

/// From whom mail comes.
#[derive(Clone)]
pub(crate) struct Sender {
    mailbox: Mailbox,
    domain: String,
}

impl Sender {
    pub(crate) fn new(address: &EmailAddress, name: Option<&str>) -> Result<Self, BoxError> {
        let address = deliverable(address)?;
        let name = name.map(one_line).filter(|name| !name.is_empty());
        Ok(Self { domain: address.domain().to_owned(), mailbox: Mailbox::new(name, address) })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.mailbox.email
    }

    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }
}

/// An address as servers know it: the domain as the DNS has it, and what stands before it unchanged.
pub(crate) fn deliverable(address: &EmailAddress) -> Result<Address, BoxError> {
    let (local, domain) = address.as_str().rsplit_once('@').ok_or("it has no @")?;
    let domain = idna::domain_to_ascii(domain)?;
    Ok(Address::new(local, domain)?)
}

/// The bytes of a mail.
pub(crate) fn write(mail: &Mail, sender: &Sender, recipient: Address) -> Result<Vec<u8>, BoxError> {
    let mut message = Message::builder()
        .message_id(Some(format!("<{}@{}>", mail.id, sender.domain)))
        .from(sender.mailbox.clone())
        .to(Mailbox::new(None, recipient))
        .subject(one_line(&mail.subject))
        // No holiday notice comes back (RFC 3834).
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(address) = &mail.unsubscribe {
        // Together they are a button of mail programs (RFC 8058).
        message = message
            .raw_header(raw("List-Unsubscribe", format!("<{}>", one_line(address))))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    Ok(message.multipart(body(mail)?)?.formatted())
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn body(mail: &Mail) -> Result<MultiPart, BoxError> {
    let says = MultiPart::alternative()
        .singlepart(SinglePart::plain(mail.text.clone()))
        .singlepart(SinglePart::html(mail.html.clone()));
    if mail.attachments.is_empty() {
        return Ok(says);
    }
    mail.attachments
        .iter()
        .try_fold(MultiPart::mixed().multipart(says), |all, one| Ok(all.singlepart(attachment(one)?)))
}

fn attachment(file: &mailer::Attachment) -> Result<SinglePart, BoxError> {
    if file.media_type.contains(char::is_control) {
        return Err("a media type contains control characters".into());
    }
    let media_type = ContentType::parse(&file.media_type)?;
    Ok(Attachment::new(file_name(&file.name)).body(file.content.to_vec(), media_type))
}

/// No line break gets into a header.
fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A name that no system takes for a path, and no header for its end.
fn file_name(name: &str) -> String {
    one_line(name).replace(['/', '\\', '"', ':'], "_")
}
