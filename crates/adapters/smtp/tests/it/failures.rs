//! What becomes of a mail, by what the server says and when.

use ticketing_conformance::mailer::ServerState;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::mailer::{MailError, Mailer as _};
use ticketing_smtp::{SmtpError, SmtpMailer};
use tokio::net::TcpListener;

use crate::world::{World, config, mail};

/// The kind of an error, and all that a log would show of it.
fn told(sent: Result<(), MailError>) -> (&'static str, String) {
    match sent {
        Ok(()) => ("Sent", String::new()),
        Err(error) => {
            let kind = match &error {
                MailError::Unavailable(_) => "Unavailable",
                MailError::Unknown(_) => "Unknown",
                MailError::Refused(_) => "Refused",
            };
            (kind, error_chain(&error))
        }
    }
}

#[tokio::test]
async fn what_the_server_says_and_when_decides_what_becomes_of_a_mail() {
    for (command, answer, expected) in [
        ("greeting", "421 4.3.2 shutting down", "Unavailable"),
        ("greeting", "554 5.7.1 you are on a list", "Unavailable"),
        ("EHLO", "500 5.5.1 what?", "Unavailable"),
        ("MAIL", "451 4.3.0 later", "Unavailable"),
        ("MAIL", "550 5.1.8 we know no such sender", "Unavailable"),
        ("MAIL", "530 5.7.0 log in first", "Unavailable"),
        ("RCPT", "450 4.2.0 greylisted", "Unavailable"),
        ("RCPT", "452 4.2.2 the mailbox is full", "Unavailable"),
        ("RCPT", "530 5.7.0 log in first", "Unavailable"),
        ("RCPT", "550 5.1.1 no such mailbox", "Refused"),
        ("RCPT", "553 5.1.3 no such address", "Refused"),
        ("DATA", "451 4.3.0 no space", "Unavailable"),
        ("DATA", "554 5.5.1 no valid recipients", "Refused"),
        (".", "452 4.3.1 no space", "Unavailable"),
        (".", "421 4.3.2 shutting down", "Unavailable"),
        (".", "552 5.3.4 too large", "Refused"),
        (".", "554 5.7.1 this is spam", "Refused"),
        (".", "who knows", "Unknown"),
        (".", "354 go on", "Unknown"),
    ] {
        let world = World::plain().await;
        world.server.answer(command, answer);
        let (kind, shown) = told(world.mailer.send(&mail()).await);
        assert_eq!(kind, expected, "{command}: {answer}: {shown}");
    }
}

#[tokio::test]
async fn who_is_silent_before_the_message_has_no_mail_and_who_is_silent_after_it_may_have_one() {
    for (command, expected) in [
        ("greeting", "Unavailable"),
        ("EHLO", "Unavailable"),
        ("RCPT", "Unavailable"),
        ("DATA", "Unavailable"),
        (".", "Unknown"),
    ] {
        let world = World::impatient().await;
        world.server.answer(command, "");
        let (kind, shown) = told(world.mailer.send(&mail()).await);
        assert_eq!(kind, expected, "{command}: {shown}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for url in [
        format!("smtp://127.0.0.1:{port}?tls=none"),
        format!("smtps://127.0.0.1:{port}"),
        format!("smtp://127.0.0.1:{port}"),
    ] {
        let mailer = SmtpMailer::new(&config(&url)).unwrap();
        let (kind, shown) = told(mailer.send(&mail()).await);
        assert_eq!(kind, "Unavailable");
        let expected = format!("no mail server answers at 127.0.0.1:{port}: check host and port");
        assert!(shown.contains(&expected), "{shown}");
        assert!(matches!(mailer.check().await, Err(SmtpError::Unreachable { .. })));
    }
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_fault_and_said_loudly() {
    let world = World::tls().await;
    world.server.answer("AUTH", "535 5.7.8 who are you?");
    let (kind, shown) = told(world.mailer.send(&mail()).await);

    assert_eq!(kind, "Unavailable", "no mail is to blame");
    let port = world.server.port;
    assert!(
        shown.contains(&format!("NO MAIL IS SENT: the mail server at localhost:{port} refuses user and password")),
        "{shown}"
    );
    assert!(matches!(world.mailer.check().await, Err(SmtpError::Denied { .. })));
    assert!(!format!("{shown} {:?}", world.mailer).contains("mato"), "{shown}");
}

#[tokio::test]
async fn a_server_that_lets_nobody_log_in_gets_no_mail() {
    let world = World::tls().await;
    world.server.answer("EHLO", "250 mail.example.org");

    assert!(matches!(world.mailer.check().await, Err(SmtpError::Denied { .. })));
    let (kind, _) = told(world.mailer.send(&mail()).await);
    assert_eq!((kind, world.server.taken().len()), ("Unavailable", 0));
}

#[tokio::test]
async fn no_error_quotes_the_address_of_a_recipient() {
    let world = World::plain().await;
    let mail = mail();
    for answer in ["550 5.1.1", "450 4.2.0"] {
        world.server.answer("RCPT", &format!("{answer} <{}>: not today", mail.to));
        let (_, shown) = told(world.mailer.send(&mail).await);
        assert!(shown.contains("<…>: not today"), "{shown}");
    }
}

#[tokio::test]
async fn a_check_sends_nothing() {
    let world = World::starttls().await;
    world.mailer.check().await.unwrap();

    let heard = world.server.heard();
    assert!(
        heard.iter().any(|command| command.starts_with("AUTH PLAIN ")) && heard.last().unwrap() == "QUIT",
        "{heard:?}"
    );
    assert!(!heard.iter().any(|command| command.starts_with("MAIL")), "{heard:?}");
    world.server.behaviour.lock().state = ServerState::Busy;
    assert!(matches!(world.mailer.check().await, Err(SmtpError::Busy { .. })));
}
