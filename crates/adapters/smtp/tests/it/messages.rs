//! What a mail looks like on its way.

use mail_parser::{Message, MessageParser};
use ticketing_core::ports::mailer::{Attachment, Mail, MailError, Mailer as _};
use ticketing_smtp::{SmtpConfig, SmtpMailer};

use crate::server::Taken;
use crate::world::{SENDER, World, config, mail};

async fn sent(mail: &Mail) -> Taken {
    let world = World::plain().await;
    world.mailer.send(mail).await.expect("the mail is sent");
    world.server.taken().remove(0)
}

fn parsed(taken: &Taken) -> Message<'_> {
    MessageParser::default().parse(&taken.message).expect("a message")
}

#[tokio::test]
async fn a_mail_says_from_whom_it_comes_and_that_a_machine_wrote_it() {
    let mail = mail();
    let taken = sent(&mail).await;
    let message = parsed(&taken);

    assert_eq!((&*taken.sender, &*taken.recipients), (SENDER, &[mail.to.as_str().to_owned()][..]));
    let from = message.from().and_then(|from| from.first()).unwrap();
    assert_eq!((from.name(), from.address()), (Some("Tickets, by Example"), Some(SENDER)));
    assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert_eq!(message.message_id(), Some(&*format!("{}@example.org", mail.id)));
    let age = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .abs_diff(u64::try_from(message.date().expect("a date").to_timestamp()).unwrap());
    assert!(age < 120, "it is dated {age} s ago");
    assert!(message.header_raw("Bcc").is_none() && message.header_raw("User-Agent").is_none());
}

#[tokio::test]
async fn a_mail_is_text_and_html_and_a_calendar_is_beside_them() {
    let calendar = Attachment {
        name: "event.ics".to_owned(),
        media_type: "text/calendar; method=PUBLISH; charset=utf-8".to_owned(),
        content: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".into(),
    };
    let without = sent(&mail()).await;
    let with = sent(&Mail { attachments: vec![calendar], ..mail() }).await;

    let kind = |taken: &Taken| parsed(taken).header_raw("Content-Type").unwrap().trim().to_owned();
    assert!(kind(&without).starts_with("multipart/alternative;"), "{}", kind(&without));
    assert!(kind(&with).starts_with("multipart/mixed;"), "{}", kind(&with));
    let text = String::from_utf8(with.message).unwrap();
    assert!(text.contains("multipart/alternative;") && text.contains("method=PUBLISH"), "{text}");
}

#[tokio::test]
async fn a_domain_is_written_as_the_dns_has_it() {
    let taken = sent(&Mail { to: "ada@münchen.de".parse().unwrap(), ..mail() }).await;

    assert_eq!(taken.recipients, ["ada@xn--mnchen-3ya.de"]);
    assert!(!taken.is_utf8 && taken.message.is_ascii());
}

#[tokio::test]
async fn an_address_that_is_not_ascii_needs_a_server_that_takes_it() {
    let world = World::plain().await;
    let greek = Mail { to: "αδα@ελ.gr".parse().unwrap(), ..mail() };
    world.mailer.send(&greek).await.unwrap();
    let taken = world.server.taken().remove(0);
    assert_eq!(taken.recipients, ["αδα@xn--qxam.gr"]);
    assert!(taken.is_utf8);
    let to = parsed(&taken).to().and_then(|to| to.first()).unwrap().address().unwrap().to_owned();
    assert_eq!(to, "αδα@xn--qxam.gr");

    world.server.behaviour.lock().knows_utf8 = false;
    match world.mailer.send(&greek).await {
        Err(MailError::Refused(why)) => assert!(why.contains("SMTPUTF8"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.server.taken().len(), 1);
}

#[tokio::test]
async fn the_name_of_a_sender_is_a_name_whatever_it_says() {
    for name in
        ["Eve <eve@example.org>", "Tickets\r\nBcc: eve@example.org", "\"", "Così, fan; tutte: \u{1F3AB}", " \u{0} "]
    {
        let world = World::plain().await;
        let config = config(&format!("smtp://127.0.0.1:{}?tls=none", world.server.port));
        let mailer = SmtpMailer::new(&SmtpConfig { sender_name: Some(name.to_owned()), ..config }).unwrap();
        mailer.send(&mail()).await.unwrap();

        let taken = world.server.taken().remove(0);
        let message = parsed(&taken);
        let from = message.from().unwrap();
        assert_eq!(from.iter().map(|one| one.address()).collect::<Vec<_>>(), [Some(SENDER)], "{name:?}");
        assert!(message.header_raw("Bcc").is_none(), "{name:?}");
    }
}
