//! Records of every kind, as they are moved.

use std::time::Duration;

use ticketing_core::domain::account::{AccountRecord, DeletedAccount};
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{AccountId, PaymentId, RefundId};
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::moving::{AttemptKey, KeptRecord, SandboxAttempt, SandboxRefund};
use ticketing_core::ports::attempt_notes::AttemptNote;
use ticketing_core::ports::letter_store::LetterRecord;
use ticketing_core::ports::order_store::OrderRecord;
use ticketing_core::ports::pass_store::PassRecord;
use ticketing_core::ports::payment_store::PaymentRecord;
use ticketing_core::ports::ticket_store::TicketRecord;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::Undecodable;

use super::{NOW, uuid};

/// At least one record of each kind; none depends on another.
#[must_use]
pub fn kept_records() -> Vec<KeptRecord> {
    let (payable, payment) = super::payment();
    let orders = [super::order(AccountId::new(uuid())), super::order(AccountId::new(uuid()))];
    let [order, replica] = orders;
    let mut records = vec![
        KeptRecord::Account(AccountRecord::Open(super::account())),
        KeptRecord::Account(AccountRecord::Deleted(deleted())),
        KeptRecord::Ticket(TicketRecord::Listing(super::listing())),
        KeptRecord::Ticket(TicketRecord::Listing(super::bare_listing("Jazz"))),
        KeptRecord::Ticket(TicketRecord::Seller(super::seller())),
        KeptRecord::Order(OrderRecord::Stock(super::stock())),
        KeptRecord::Order(OrderRecord::Order(order)),
        KeptRecord::Payment(PaymentRecord::Payable(payable)),
        KeptRecord::Payment(PaymentRecord::Payment(payment)),
        KeptRecord::Pass(PassRecord::Admission(super::admission())),
        KeptRecord::Pass(PassRecord::Entrance(super::entrance())),
        KeptRecord::Pass(PassRecord::DoorLinks(super::door_links())),
        KeptRecord::Letter(LetterRecord::Order(replica)),
        KeptRecord::Letter(LetterRecord::Ticket(super::ticket())),
        KeptRecord::Letter(LetterRecord::Alerts(super::alerts())),
        KeptRecord::Letter(LetterRecord::Entry(super::search_entry())),
    ];
    let letters = super::letter_reasons().into_iter().map(super::letter_about);
    records.extend(letters.map(|letter| KeptRecord::Letter(LetterRecord::Letter(letter))));
    records.extend(attempts().into_iter().map(KeptRecord::SandboxAttempt));
    records.extend(keys().into_iter().map(KeptRecord::AttemptKey));
    records.extend(notes());
    records.extend(parked());
    records
}

fn deleted() -> DeletedAccount {
    let id = AccountId::new(uuid());
    DeletedAccount { id, registered_at: NOW, deleted_at: NOW.after(Duration::from_secs(9)), version: 3 }
}

/// One that took money of which a part went back, one that took none, and one that awaits its buyer.
fn attempts() -> Vec<SandboxAttempt> {
    let total = super::price(900).money();
    let refunds = vec![SandboxRefund { id: RefundId::new(uuid()), amount: 300 }];
    let of = |outcome| SandboxAttempt { payment: PaymentId::new(uuid()), outcome, total: None, refunds: Vec::new() };
    let captured = of(CaptureOutcome::Captured { reference: "sandbox_1".into() });
    let declined = of(CaptureOutcome::Declined { reason: "card_declined".into() });
    let [redirect, _] = super::actions();
    let awaiting = of(CaptureOutcome::ActionRequired(redirect));
    vec![
        SandboxAttempt { total: Some(total), refunds, ..captured },
        declined,
        SandboxAttempt { total: Some(total), ..awaiting },
    ]
}

fn keys() -> [AttemptKey; 2] {
    let never = AttemptKey { payment: PaymentId::new(uuid()), opened_at: None, total: None, is_closed: true };
    let (opened_at, total) = (Some(NOW), Some(super::price(500).money()));
    [never, AttemptKey { payment: PaymentId::new(uuid()), opened_at, total, is_closed: false }]
}

fn notes() -> [KeptRecord; 2] {
    [AttemptNote::Closed, AttemptNote::Prepared { provider_id: "cs_test_1".into() }]
        .map(|note| KeptRecord::AttemptNote { payment: PaymentId::new(uuid()), note })
}

/// Events and what is none, of services and of somebody else's follower.
fn parked() -> [KeptRecord; 3] {
    let event = super::parked("orders", super::envelope(Topic::Tickets, uuid(), 1));
    let mut alerts = super::parked("notifications-alerts", super::envelope(Topic::Orders, uuid(), 2));
    let raw = super::raw_message("7");
    alerts.arrival = Arrival::Undecodable { raw, reason: Undecodable { what: "no event".to_owned() } };
    let follower = super::parked("festival", super::envelope(Topic::Accounts, uuid(), 1));
    [event, alerts, follower].map(KeptRecord::Parked)
}
