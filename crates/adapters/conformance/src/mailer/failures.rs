//! What a mailer says when the server does not take a mail.

use ticketing_core::ports::mailer::{Mail, MailError};

use crate::outcome::{Outcome, broken};

use super::{MailerFixture, ServerState, arrived_of, arrived_once, eventually, mail, send, sent};

/// An address that the server refuses for good is told as refused, and no other one is.
pub async fn a_refused_address_is_told(fixture: &dyn MailerFixture) -> Outcome {
    let (refused, taken) = (mail(), mail());
    fixture.refuse(&refused.to).await;
    for _ in 0..2 {
        match send(fixture, &refused).await {
            Err(MailError::Refused(why)) => assert!(!why.is_empty(), "an address was refused without a reason"),
            other => broken(&format!("an address that the server refuses for good was answered with {other:?}")),
        }
    }
    sent(fixture, &taken).await;

    arrived_once(fixture, &taken).await;
    assert!(arrived_of(fixture, &refused).await.is_empty(), "a mail arrived although it was refused");
    Outcome::Kept
}

/// While the server is away or busy, a mail is not sent and may be sent later; then it arrives once.
pub async fn a_mail_can_be_sent_once_the_server_is_back(fixture: &dyn MailerFixture) -> Outcome {
    let mail = mail();
    let mut was_down = false;
    for state in [ServerState::Away, ServerState::Busy] {
        if fixture.turn(state).await {
            assert_unavailable(fixture, &mail, state).await;
            was_down = true;
        }
    }
    if !was_down {
        return Outcome::NotClaimed("the fixture cannot bring its server down");
    }

    assert!(fixture.turn(ServerState::Up).await, "the fixture cannot bring its server back");
    sent(fixture, &mail).await;
    arrived_once(fixture, &mail).await;
    Outcome::Kept
}

async fn assert_unavailable(fixture: &dyn MailerFixture, mail: &Mail, state: ServerState) {
    match send(fixture, mail).await {
        Err(MailError::Unavailable(_)) => {}
        other => broken(&format!("a server in the state {state:?} was told as {other:?}")),
    }
    assert!(arrived_of(fixture, mail).await.is_empty(), "a mail arrived although it was not sent");
}

/// If the server takes a mail and goes away without an answer, nobody knows whether it arrives.
pub async fn a_lost_answer_is_unknown(fixture: &dyn MailerFixture) -> Outcome {
    let mail = mail();
    if !fixture.turn(ServerState::Silent).await {
        return Outcome::NotClaimed("the fixture cannot take a mail without an answer");
    }
    match send(fixture, &mail).await {
        Err(MailError::Unknown(_)) => {}
        other => broken(&format!("a mail whose answer was lost was answered with {other:?}")),
    }
    eventually("a mail that the server took arrives", || async {
        let arrived = arrived_of(fixture, &mail).await;
        (!arrived.is_empty()).then_some(())
    })
    .await;
    Outcome::Kept
}
