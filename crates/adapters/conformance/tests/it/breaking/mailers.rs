//! Mailers that change a mail, add to it, or do not say what became of it.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::mailer::{ArrivedMail, MAILER, MailerFixture, ServerState};
use ticketing_conformance::sample;
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::ids::LetterId;
use ticketing_core::ports::mailer::{Mail, MailError, Mailer};

use super::assert_notices;
use crate::world::World;

/// What is wrong with a mailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    ForgetsAttachments,
    LetsNobodyOut,
    HidesLinesOfAFullStop,
    DrawsAMessageId,
    HasOneMessageId,
    BelievesASubject,
    BelievesAnAddress,
    TakesARefusalForALater,
    PromisesEverything,
    GivesUpTooEarly,
    TakesAnUnknownForALater,
    SendsAgain,
}

#[derive(Debug)]
struct Flawed(Arc<dyn Mailer>, Flaw);

#[async_trait]
impl Mailer for Flawed {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if let Some(added) = self.added(mail) {
            self.0.send(&added).await?;
        }
        let sent = self.0.send(&self.changed(mail)).await;
        match (self.1, sent) {
            (Flaw::TakesARefusalForALater, Err(MailError::Refused(why))) => Err(MailError::Unavailable(why.into())),
            (Flaw::PromisesEverything, Err(_)) => Ok(()),
            (Flaw::GivesUpTooEarly, Err(MailError::Unavailable(_))) => Err(MailError::Refused("busy".to_owned())),
            (Flaw::TakesAnUnknownForALater, Err(MailError::Unknown(why))) => Err(MailError::Unavailable(why)),
            (Flaw::SendsAgain, Err(_)) => self.0.send(mail).await,
            (_, sent) => sent,
        }
    }
}

impl Flawed {
    fn changed(&self, mail: &Mail) -> Mail {
        let mail = mail.clone();
        match self.1 {
            Flaw::ForgetsAttachments => Mail { attachments: Vec::new(), ..mail },
            Flaw::LetsNobodyOut => Mail { unsubscribe: None, ..mail },
            Flaw::HidesLinesOfAFullStop => Mail { text: mail.text.replace("\n.", "\n"), ..mail },
            Flaw::DrawsAMessageId => Mail { id: LetterId::new(sample::uuid()), ..mail },
            Flaw::HasOneMessageId => Mail { id: LetterId::from_u128(1), ..mail },
            Flaw::BelievesAnAddress if mail.to.as_str().contains(' ') => eves(mail),
            _ => mail,
        }
    }

    /// The mail to somebody else that a mail brings with it.
    fn added(&self, mail: &Mail) -> Option<Mail> {
        (self.1 == Flaw::BelievesASubject && mail.subject.contains("\nBcc: ")).then(|| eves(mail.clone()))
    }
}

fn eves(mail: Mail) -> Mail {
    Mail { to: "eve@example.org".parse().expect("an address"), ..mail }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let mailer = Arc::new(Flawed(Arc::clone(&sound.mailer), flaw));
    assert_notices(&MAILER, rule, &World::default(), &World { mailer, ..sound }).await;
}

#[tokio::test]
async fn a_mailer_that_changes_a_mail() {
    for flaw in [Flaw::ForgetsAttachments, Flaw::LetsNobodyOut, Flaw::HidesLinesOfAFullStop] {
        assert_flawed("a_mail_arrives_as_it_was_written", flaw).await;
    }
}

#[tokio::test]
async fn a_mail_without_an_id_of_its_own() {
    for flaw in [Flaw::DrawsAMessageId, Flaw::HasOneMessageId] {
        assert_flawed("a_mail_keeps_its_message_id", flaw).await;
    }
}

#[tokio::test]
async fn a_mailer_that_writes_to_somebody_else() {
    for flaw in [Flaw::BelievesASubject, Flaw::BelievesAnAddress] {
        assert_flawed("nothing_in_a_mail_adds_a_header", flaw).await;
    }
}

#[tokio::test]
async fn a_mailer_that_does_not_tell_a_refusal() {
    for flaw in [Flaw::TakesARefusalForALater, Flaw::PromisesEverything] {
        assert_flawed("a_refused_address_is_told", flaw).await;
    }
}

#[tokio::test]
async fn a_mailer_whose_server_is_away() {
    for flaw in [Flaw::PromisesEverything, Flaw::GivesUpTooEarly, Flaw::SendsAgain] {
        assert_flawed("a_mail_can_be_sent_once_the_server_is_back", flaw).await;
    }
}

#[tokio::test]
async fn a_mailer_that_hides_that_it_does_not_know() {
    for flaw in [Flaw::PromisesEverything, Flaw::TakesAnUnknownForALater, Flaw::SendsAgain] {
        assert_flawed("a_lost_answer_is_unknown", flaw).await;
    }
}

/// A sound mailer, and mail that arrives otherwise than it was sent.
struct Seen(World, fn(&mut ArrivedMail));

#[async_trait]
impl MailerFixture for Seen {
    fn mailer(&self) -> Arc<dyn Mailer> {
        self.0.mailer()
    }

    async fn arrived(&self) -> Vec<ArrivedMail> {
        let mut arrived = self.0.arrived().await;
        arrived.iter_mut().for_each(self.1);
        arrived
    }

    async fn refuse(&self, recipient: &EmailAddress) {
        self.0.refuse(recipient).await;
    }

    async fn turn(&self, state: ServerState) -> bool {
        self.0.turn(state).await
    }
}

#[tokio::test]
async fn a_header_of_several_lines() {
    let sees: [fn(&mut ArrivedMail); 2] = [
        |arrived| arrived.header_names.extend(arrived.subject.contains("X-Added").then(|| "X-Added".to_owned())),
        |arrived| arrived.subject = arrived.subject.replace(" X-Added", "\r\nX-Added"),
    ];
    for seen in sees {
        let (sound, broken) = (Seen(World::default(), |_| {}), Seen(World::default(), seen));
        assert_notices(&MAILER, "nothing_in_a_mail_adds_a_header", &sound, &broken).await;
    }
}
