//! Where the mail of these tests arrives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ticketing_core::assembly::MailPorts;
use ticketing_core::domain::ids::{AccountId, LetterId};
use ticketing_core::ports::contacts::{Contact, ContactPurpose, Contacts, ContactsUnavailable};
use ticketing_core::ports::letter_writer::{LetterToWrite, LetterWriter};
use ticketing_core::ports::mailer::{Mail, MailError, Mailer};

/// How the mail server answers next, other than by taking the mail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// It takes nothing.
    Away,
    /// It takes the mail, and does not say so.
    Lost,
    /// It never takes it.
    Refused,
}

/// A mail, as far as these tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) id: LetterId,
    pub(crate) to: String,
    /// The code of the letter's reason.
    pub(crate) subject: String,
}

/// Everybody's address, and the mail that came there. A clone is the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mailbox(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    arrived: Vec<Arrived>,
    answers: VecDeque<Answer>,
    gone: Vec<AccountId>,
}

impl Mailbox {
    pub(crate) fn ports(&self) -> MailPorts {
        let mailbox = Arc::new(self.clone());
        MailPorts { contacts: Arc::clone(&mailbox) as _, writer: Arc::clone(&mailbox) as _, mailer: mailbox }
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.inside(|inside| inside.arrived.clone())
    }

    /// Who got which letters, in order of names.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let mut told: Vec<_> = self.arrived().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        told.sort();
        told
    }

    pub(crate) fn answers(&self, next: impl IntoIterator<Item = Answer>) {
        self.inside(|inside| inside.answers.extend(next));
    }

    pub(crate) fn forget(&self, account: AccountId) {
        self.inside(|inside| inside.gone.push(account));
    }

    fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Contacts for Mailbox {
    async fn contact(&self, account: AccountId, _: ContactPurpose) -> Result<Option<Contact>, ContactsUnavailable> {
        let email = format!("{}@example.org", account.uuid().as_u128()).parse().expect("an address");
        let is_gone = self.inside(|inside| inside.gone.contains(&account));
        Ok((!is_gone).then_some(Contact { email, display_name: None, token: None }))
    }
}

impl LetterWriter for Mailbox {
    fn write(&self, letter: &LetterToWrite) -> Mail {
        let (id, to, subject) = (letter.id, letter.to.email.clone(), letter.reason.code().to_owned());
        Mail { id, to, subject, text: String::new(), html: String::new(), attachments: Vec::new(), unsubscribe: None }
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let to = mail.to.as_str().trim_end_matches("@example.org").to_owned();
        let arrived = Arrived { id: mail.id, to, subject: mail.subject.clone() };
        self.inside(|inside| match inside.answers.pop_front() {
            None => {
                inside.arrived.push(arrived);
                Ok(())
            }
            Some(Answer::Lost) => {
                inside.arrived.push(arrived);
                Err(MailError::Unknown("the line broke".into()))
            }
            Some(Answer::Away) => Err(MailError::Unavailable("nobody is there".into())),
            Some(Answer::Refused) => Err(MailError::Refused("no such mailbox".into())),
        })
    }
}
