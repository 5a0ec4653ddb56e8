//! Everything that was written by the ports is read to be moved, and a file that was moved is served no more.

use std::sync::Arc;
use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{AccountId, OrderId};
use ticketing_core::domain::letter::LetterStatus;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::moving::{KeptRecord, RecordKind};
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::attempt_keys::AttemptKeys;
use ticketing_core::ports::attempt_notes::AttemptNotes;
use ticketing_core::ports::gateway::{Capture, CardToken, PaymentGateway, Refund};
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::letter_store::{LetterRecord, LetterStore};
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{Page, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::{EventSubscriber, Kinds, StartFrom, SubscriptionConfig};
use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};
use ticketing_sqlite::{SqliteConfig, SqliteEngines, SqliteError, SqliteGateway, SqliteMove, SqliteRecords};

use crate::world::{Directory, open, try_open};

/// Writes a record by the port that it belongs to.
async fn write(engines: &SqliteEngines, record: KeptRecord) {
    let written = match record {
        KeptRecord::Account(record) => engines.accounts.commit(of(record)).await,
        KeptRecord::Ticket(record) => engines.tickets.commit(of(record)).await,
        KeptRecord::Order(record) => engines.orders.commit(of(record)).await,
        KeptRecord::Payment(record) => engines.payments.commit(of(record)).await,
        KeptRecord::Pass(record) => engines.passes.commit(of(record)).await,
        KeptRecord::Letter(record) => engines.letters.commit(of(record)).await,
        KeptRecord::Parked(parked) => return engines.parking.park(parked).await.expect("it is parked"),
        KeptRecord::AttemptNote { payment, note } => {
            return drop(engines.attempt_notes.note(payment, note).await.expect("it is noted"));
        }
        KeptRecord::AttemptKey(key) => {
            if let (Some(at), Some(total)) = (key.opened_at, key.total) {
                assert!(engines.attempt_keys.open(key.payment, total, at).await.expect("it is opened"));
            }
            assert!(
                !key.is_closed || engines.attempt_keys.close(key.payment, sample::NOW).await.expect("it is closed")
            );
            return;
        }
        KeptRecord::SandboxAttempt(_) => return,
    };
    written.expect("it is committed");
}

fn of<R>(record: R) -> UnitOfWork<R> {
    UnitOfWork::default().with(Write::insert(record))
}

async fn page(records: &SqliteRecords, kind: RecordKind) -> Vec<KeptRecord> {
    records.page(kind, Page::first(100)).await.expect("they are read")
}

#[tokio::test]
async fn every_kind_of_record_is_read_as_it_was_written() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let (engines, kept) = (open(&path, &clock).await, sample::kept_records());
    for record in kept.clone() {
        write(&engines, record).await;
    }

    let records = SqliteRecords::open(&path, sample::NOW).await.expect("it is read");
    for kind in RecordKind::ALL.into_iter().filter(|kind| *kind != RecordKind::SandboxAttempts) {
        let mut written: Vec<_> = kept.iter().filter(|record| record.kind() == kind).cloned().collect();
        written.sort_by_key(KeptRecord::id);
        assert!(!written.is_empty(), "no {} are tried", kind.name());
        assert_eq!(page(&records, kind).await, written, "{}", kind.name());
        let second = Page { after: Some(written[0].id()), limit: 100 };
        assert_eq!(records.page(kind, second).await.expect("they are read"), written[1..], "{}", kind.name());
    }
}

#[tokio::test]
async fn the_books_of_the_sandbox_are_read_with_their_refunds() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let sandbox = SandboxGateway::new(Arc::new(clock), SandboxConfig::default());
    let gateway = SqliteGateway::of(&engines.file, Arc::new(sandbox));
    let (_, payment) = sample::payment();
    let (total, card) = (sample::price(900).money(), CardToken::new(SandboxGateway::VISA));
    let capture = Capture { payment: payment.id, order: payment.order, total, card };
    let CaptureOutcome::Captured { reference } = gateway.capture(&capture).await.expect("it is taken") else { return };
    let part = Refund { amount: sample::price(300).money(), ..Refund::of_all(payment.id, &reference, total) };
    gateway.refund(&part).await.expect("it goes back");

    let records = SqliteRecords::open(&path, sample::NOW).await.expect("it is read");
    let [KeptRecord::SandboxAttempt(attempt)] = &*page(&records, RecordKind::SandboxAttempts).await else { return };
    assert_eq!((attempt.payment, attempt.total), (payment.id, Some(total)));
    assert_eq!(attempt.outcome, CaptureOutcome::Captured { reference });
    assert_eq!(attempt.refunds.iter().map(|refund| refund.amount).collect::<Vec<_>>(), [300]);
}

#[tokio::test]
async fn a_letter_that_engines_are_about_to_remove_is_left_behind() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let (engines, sent) = (open(&path, &clock).await, sample::letter());
    let sent = ticketing_core::domain::letter::Letter { status: LetterStatus::Sent { at: sample::NOW }, ..sent };
    write(&engines, KeptRecord::Letter(LetterRecord::Letter(sent))).await;
    let day = Duration::from_hours(24);
    for (days, expected) in [(28, 1), (30, 0)] {
        let records = SqliteRecords::open(&path, sample::NOW.after(day * days)).await.expect("it is read");
        assert_eq!(page(&records, RecordKind::Letters).await.len(), expected, "after {days} days");
    }
}

#[tokio::test]
async fn what_is_under_way_and_who_is_signed_in_is_told() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let order = sample::order(AccountId::new(sample::uuid()));
    let event = sample::envelope(Topic::Orders, OrderId::uuid(order.id), 1);
    engines.orders.commit(of(order.into()).telling(event)).await.expect("it is committed");
    let config = SubscriptionConfig {
        group: "payments".to_owned(),
        topics: vec![Topic::Orders],
        start: StartFrom::Earliest,
        max_unsettled: 10,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };
    let following = engines.broker.subscriber().subscribe(config).await.expect("it follows");
    let session = sample::session(AccountId::new(sample::uuid()), sample::NOW, Duration::from_secs(60));
    engines.sessions.create(session.clone()).await.expect("it is kept");

    let records = SqliteRecords::open(&path, sample::NOW).await.expect("it is read");
    assert_eq!(records.unpublished().await.expect("it is counted"), 1);
    let unsettled = records.unsettled(None).await.expect("they are read");
    assert_eq!(unsettled.iter().map(|group| (&*group.group, group.events)).collect::<Vec<_>>(), [("payments", 1)]);
    assert_eq!(records.sessions(Page::first(10)).await.expect("they are read"), [session]);
    drop(following);
}

#[tokio::test]
async fn a_file_that_was_moved_is_opened_again_only_once_that_is_taken_back() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let config = SqliteConfig::new(&path);
    let hold = async || SqliteMove::open(&config, Arc::new(clock.clone())).await.expect("nobody has it");
    drop(open(&path, &clock).await);

    let file = hold().await;
    assert!(matches!(try_open(&path, &clock).await, Err(SqliteError::InUse { .. })));
    assert_eq!(file.moved_to().await.expect("it is read"), None);
    let id = file.id();
    file.end("elsewhere").await.expect("it is noted");
    file.close().await;

    let Err(SqliteError::Moved { to, .. }) = try_open(&path, &clock).await else { panic!("it was moved") };
    assert_eq!(to, "elsewhere");
    let file = hold().await;
    assert_eq!(file.id(), id, "it is always called the same");
    file.take_back().await.expect("it is forgotten");
    file.close().await;
    assert!(try_open(&path, &clock).await.is_ok());
}
