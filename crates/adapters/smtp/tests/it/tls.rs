//! TLS: who is on the way reads nothing, says nothing, and cannot talk us out of it.

use ticketing_core::ports::error_chain;
use ticketing_core::ports::mailer::{MailError, Mailer as _};
use ticketing_smtp::{SmtpConfig, SmtpError, SmtpMailer};

use crate::server::{Encryption, MailServer};
use crate::world::{World, certificate, config, mail};

fn url(scheme: &str, port: u16) -> String {
    format!("{scheme}://tickets%40example.org:to%23mato@localhost:{port}")
}

#[tokio::test]
async fn a_password_and_a_mail_travel_encrypted() {
    let world = World::starttls().await;
    world.mailer.send(&mail()).await.unwrap();

    let heard = world.server.behaviour.lock().heard.clone();
    let plain: Vec<_> = heard.iter().filter(|(_, encrypted)| !encrypted).map(|(command, _)| command.as_str()).collect();
    assert_eq!(plain, ["EHLO example.org", "STARTTLS"]);
}

#[tokio::test]
async fn without_an_offer_of_tls_nothing_is_sent() {
    let server = MailServer::start(Encryption::Never).await;
    let mailer = SmtpMailer::new(&config(&url("smtp", server.port))).unwrap();

    assert!(matches!(mailer.check().await, Err(SmtpError::NoTlsThere { .. })));
    assert!(matches!(mailer.send(&mail()).await, Err(MailError::Unavailable(_))));
    let heard = server.heard();
    assert!(heard.iter().all(|command| command.starts_with("EHLO") || command == "QUIT"), "{heard:?}");
}

#[tokio::test]
async fn a_server_that_does_not_prove_who_it_is_gets_nothing() {
    for scheme in ["smtps", "smtp"] {
        let (mine, others, elsewhere) =
            (certificate("localhost"), certificate("localhost"), certificate("example.org"));
        for (served, trusted) in [(&mine, Some(&others)), (&mine, None), (&elsewhere, Some(&elsewhere))] {
            let tls = served.acceptor.clone();
            let encryption = if scheme == "smtps" { Encryption::Always(tls) } else { Encryption::StartTls(tls) };
            let server = MailServer::start(encryption).await;
            let ca = trusted.map(|certificate| certificate.ca.clone());
            let mailer = SmtpMailer::new(&SmtpConfig { ca, ..config(&url(scheme, server.port)) }).unwrap();

            let error = mailer.check().await.unwrap_err();
            assert!(matches!(error, SmtpError::Untrusted { .. }), "{scheme}: {}", error_chain(&error));
            assert!(!server.heard().iter().any(|command| command.starts_with("AUTH")));
        }
    }
}

#[tokio::test]
async fn what_is_said_before_tls_does_not_count_after_it() {
    let world = World::starttls().await;
    // Who is on the way answers ahead: to EHLO, to AUTH, and to all that makes up a mail.
    let ahead = ["220 go ahead", "250 AUTH PLAIN", "235 in", "250 a", "250 b", "354 c", "250 taken"].join("\r\n");
    world.server.answer("STARTTLS", &ahead);

    let sent = world.mailer.send(&mail()).await;
    assert!(matches!(sent, Err(MailError::Unavailable(_))), "{sent:?}");
}

#[test]
fn authorities_that_cannot_be_read_are_told() {
    let empty = std::env::temp_dir().join(format!("{}.pem", ticketing_conformance::sample::uuid()));
    std::fs::write(&empty, "nobody").unwrap();
    for file in [empty, "/nowhere/ca.pem".into()] {
        let error = SmtpMailer::new(&SmtpConfig { ca: Some(file), ..config("smtps://localhost") }).unwrap_err();
        assert!(matches!(error, SmtpError::Authorities { .. }), "{error:?}");
    }
}
