//! Keeps mail instead of sending it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::ports::mailer::{KeptMail, Mail, MailError, Mailer};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;

/// Keeps the last mails in memory and sends none: the outbox of a machine on which somebody develops. A clone is a
/// handle to the same mails.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::ids::LetterId;
/// use ticketing_core::ports::mailer::{Mail, MailError, Mailer};
/// use ticketing_memory::MemoryMailer;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mailer = MemoryMailer::default();
/// let mail = Mail {
///     id: LetterId::from_u128(1),
///     to: "ada@example.org".parse()?,
///     subject: "Your tickets".to_owned(),
///     text: "Here they are.".to_owned(),
///     html: "<p>Here they are.</p>".to_owned(),
///     attachments: Vec::new(),
///     unsubscribe: None,
/// };
/// mailer.send(&mail).await?;
/// assert_eq!(mailer.mails(), [mail.clone()]);
///
/// mailer.refuse(mail.to.clone());
/// assert!(matches!(mailer.send(&mail).await, Err(MailError::Refused(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryMailer {
    kept: Arc<Lock<Kept>>,
    faults: FaultPlan,
}

#[derive(Default)]
struct Kept {
    mails: VecDeque<Mail>,
    refused: BTreeSet<EmailAddress>,
}

impl MemoryMailer {
    /// How many mails are kept; the oldest give way.
    pub const MOST_MAILS: usize = 200;

    /// The same mails, through a mailer that fails by this plan: [`Fault::FailBefore`](crate::Fault::FailBefore) is a
    /// server that is away, [`Fault::FailAfter`](crate::Fault::FailAfter) one whose answer is lost.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { faults, ..self.clone() }
    }

    /// The mails that are kept, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.kept.lock().mails.iter().cloned().collect()
    }

    /// From now on, mail to this address is refused for good.
    pub fn refuse(&self, address: EmailAddress) {
        self.kept.lock().refused.insert(address);
    }
}

impl KeptMail for MemoryMailer {
    fn mails(&self) -> Vec<Mail> {
        Self::mails(self)
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let fault = self.faults.enter(Operation::Mail).await.map_err(|fault| MailError::Unavailable(fault.into()))?;
        self.kept.lock().keep(mail)?;
        // It is kept, whatever the sender hears.
        self.faults.leave(fault).map_err(|fault| MailError::Unknown(fault.into()))
    }
}

impl Kept {
    fn keep(&mut self, mail: &Mail) -> Result<(), MailError> {
        if !is_deliverable(&mail.to) {
            return Err(MailError::Refused("the address is none".to_owned()));
        }
        if self.refused.contains(&mail.to) {
            return Err(MailError::Refused("550 no such mailbox".to_owned()));
        }
        if self.mails.len() >= MemoryMailer::MOST_MAILS {
            self.mails.pop_front();
        }
        self.mails.push_back(Mail { subject: one_line(&mail.subject), ..mail.clone() });
        Ok(())
    }
}

/// A real mailer puts the address into a command and a header.
fn is_deliverable(address: &EmailAddress) -> bool {
    let text = address.as_str();
    let is_one = text.split('@').count() == 2;
    is_one && !text.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c))
}

/// A real mailer puts the subject into one header.
fn one_line(subject: &str) -> String {
    subject.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ticketing_core::domain::ids::LetterId;

    use super::*;
    use crate::clock::ManualClock;
    use crate::faults::Fault;

    fn mail(id: u128) -> Mail {
        Mail {
            id: LetterId::from_u128(id),
            to: "ada@example.org".parse().unwrap(),
            subject: "Tickets".to_owned(),
            text: String::new(),
            html: String::new(),
            attachments: Vec::new(),
            unsubscribe: None,
        }
    }

    #[tokio::test]
    async fn the_oldest_mails_give_way() {
        let mailer = MemoryMailer::default();
        let most = u128::try_from(MemoryMailer::MOST_MAILS).unwrap();
        for id in 0..most + 3 {
            mailer.send(&mail(id)).await.unwrap();
        }

        let mails = mailer.mails();
        assert_eq!(mails.len(), MemoryMailer::MOST_MAILS);
        assert_eq!(
            (mails[0].id, mails.last().map(|mail| mail.id)),
            (LetterId::from_u128(3), Some(LetterId::from_u128(most + 2)))
        );
    }

    #[tokio::test]
    async fn a_crash_after_a_mail_was_kept_leaves_it_unknown() {
        let plan = FaultPlan::crash_at(Arc::new(ManualClock::default()), 1);
        let mailer = MemoryMailer::default().with_faults(plan.clone());

        assert!(matches!(mailer.send(&mail(1)).await, Err(MailError::Unknown(_))));
        assert!(matches!(mailer.send(&mail(2)).await, Err(MailError::Unavailable(_))));
        plan.revive();
        plan.inject(Operation::Mail, Fault::FailAfter);
        assert!(matches!(mailer.send(&mail(3)).await, Err(MailError::Unknown(_))));
        assert_eq!(mailer.mails().len(), 2);
    }
}
