//! Where each kind of record lies, and how it is read and written.

use bson::{RawDocument, RawDocumentBuf};
use ticketing_core::moving::{KeptRecord, RecordKind};
use ticketing_core::ports::letter_store::LetterRecord;
use ticketing_core::ports::order_store::OrderRecord;
use ticketing_core::ports::parking::Parked;
use ticketing_core::ports::pass_store::PassRecord;
use ticketing_core::ports::payment_store::PaymentRecord;
use ticketing_core::ports::store::{CommitToken, StoreError, Write};
use ticketing_core::ports::ticket_store::TicketRecord;
use ticketing_core::ports::transport::ordering_key;
use ticketing_core::ports::unreadable::Unreadable;

use crate::account_store::{self, AccountDocument};
use crate::attempt_keys::KeyDocument;
use crate::attempt_notes::NoteDocument;
use crate::commit::Change;
use crate::document::{Record, encoded};
use crate::gateway::BooksDocument;
use crate::letter_store::{self, AlertsDocument, EntryDocument, LetterDocument};
use crate::order_store::{self, OrderDocument, StockDocument};
use crate::parking::{self, MongoParkingLot, ParkedDocument, read_parked};
use crate::pass_store::{self, AdmissionDocument, DoorLinksDocument, EntranceDocument};
use crate::payment_store::{self, PayableDocument, PaymentDocument};
use crate::ticket_store::{self, ListingDocument, SellerDocument};

use super::Place;

/// The services that follow events, each with a parking lot of its own.
const PARKING: [&str; 7] =
    ["tickets", "orders", "payments", "admissions", LETTERS, "expiration", MongoParkingLot::OF_FOLLOWERS];

/// The service that keeps letters and alerts.
const LETTERS: &str = "notifications";

/// Where the records of a kind lie.
pub(super) fn places(kind: RecordKind) -> Vec<Place> {
    let (service, collection) = match kind {
        RecordKind::Accounts => ("accounts", AccountDocument::COLLECTION),
        RecordKind::Listings => ("tickets", ListingDocument::COLLECTION),
        RecordKind::Sellers => ("tickets", SellerDocument::COLLECTION),
        RecordKind::Stocks => ("orders", StockDocument::COLLECTION),
        RecordKind::Orders => ("orders", OrderDocument::COLLECTION),
        RecordKind::Payables => ("payments", PayableDocument::COLLECTION),
        RecordKind::Payments => ("payments", PaymentDocument::COLLECTION),
        RecordKind::Admissions => ("admissions", AdmissionDocument::COLLECTION),
        RecordKind::Entrances => ("admissions", EntranceDocument::COLLECTION),
        RecordKind::DoorLinks => ("admissions", DoorLinksDocument::COLLECTION),
        RecordKind::Letters => (LETTERS, LetterDocument::COLLECTION),
        RecordKind::OrderReplicas => (LETTERS, OrderDocument::COLLECTION),
        RecordKind::TicketReplicas => (LETTERS, ListingDocument::COLLECTION),
        RecordKind::Alerts => (LETTERS, AlertsDocument::COLLECTION),
        RecordKind::AlertEntries => (LETTERS, EntryDocument::COLLECTION),
        RecordKind::SandboxAttempts => ("gateway", BooksDocument::COLLECTION),
        RecordKind::AttemptKeys => ("gateway", KeyDocument::COLLECTION),
        RecordKind::AttemptNotes => ("gateway", NoteDocument::COLLECTION),
        RecordKind::Parked => return PARKING.map(parked_in).into(),
    };
    vec![Place { service, collection }]
}

const fn parked_in(service: &'static str) -> Place {
    Place { service, collection: parking::COLLECTION }
}

/// Where a record lies: the first place of its kind, or the lot of its consumer.
pub(super) fn place(record: &KeptRecord) -> Place {
    if let KeptRecord::Parked(parked) = record {
        return parked_in(lot_of(parked));
    }
    places(record.kind()).into_iter().next().unwrap_or(parked_in(MongoParkingLot::OF_FOLLOWERS))
}

/// A service may have several consumers, and each of them begins with its name.
fn lot_of(parked: &Parked) -> &'static str {
    let is_of = |service: &&'static str| {
        parked.consumer.strip_prefix(*service).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    PARKING.into_iter().find(is_of).unwrap_or(MongoParkingLot::OF_FOLLOWERS)
}

/// Reads a document of a kind.
pub(super) fn read(kind: RecordKind, document: &RawDocument) -> Result<KeptRecord, Unreadable> {
    use KeptRecord::{Account, Letter, Order, Pass, Payment, Ticket};
    Ok(match kind {
        RecordKind::Accounts => Account(AccountDocument::read(document)?),
        RecordKind::Listings => Ticket(TicketRecord::Listing(ListingDocument::read(document)?)),
        RecordKind::Sellers => Ticket(TicketRecord::Seller(SellerDocument::read(document)?)),
        RecordKind::Stocks => Order(OrderRecord::Stock(StockDocument::read(document)?)),
        RecordKind::Orders => Order(OrderRecord::Order(OrderDocument::read(document)?)),
        RecordKind::Payables => Payment(PaymentRecord::Payable(PayableDocument::read(document)?)),
        RecordKind::Payments => Payment(PaymentRecord::Payment(PaymentDocument::read(document)?)),
        RecordKind::Admissions => Pass(PassRecord::Admission(AdmissionDocument::read(document)?)),
        RecordKind::Entrances => Pass(PassRecord::Entrance(EntranceDocument::read(document)?)),
        RecordKind::DoorLinks => Pass(PassRecord::DoorLinks(DoorLinksDocument::read(document)?)),
        RecordKind::Letters => Letter(LetterRecord::Letter(LetterDocument::read(document)?)),
        RecordKind::OrderReplicas => Letter(LetterRecord::Order(OrderDocument::read(document)?)),
        RecordKind::TicketReplicas => Letter(LetterRecord::Ticket(ListingDocument::read(document)?.ticket)),
        RecordKind::Alerts => Letter(LetterRecord::Alerts(AlertsDocument::read(document)?)),
        RecordKind::AlertEntries => Letter(LetterRecord::Entry(EntryDocument::read(document)?)),
        RecordKind::SandboxAttempts => KeptRecord::SandboxAttempt(BooksDocument::read(document)?),
        RecordKind::AttemptKeys => KeptRecord::AttemptKey(KeyDocument::read(document)?),
        RecordKind::AttemptNotes => {
            let (payment, note) = NoteDocument::read(document)?;
            KeptRecord::AttemptNote { payment, note }
        }
        RecordKind::Parked => KeptRecord::Parked(read_parked(document)?),
    })
}

/// A record as its store inserts it.
pub(super) fn document(record: KeptRecord, token: CommitToken) -> Result<RawDocumentBuf, StoreError> {
    let change = match record {
        KeptRecord::Account(account) => account_store::change(Write::insert(account))?,
        KeptRecord::Ticket(record) => ticket_store::change(&Write::insert(record))?,
        KeptRecord::Order(record) => order_store::change(Write::insert(record))?,
        KeptRecord::Payment(record) => payment_store::change(Write::insert(record))?,
        KeptRecord::Pass(record) => pass_store::change(Write::insert(record))?,
        KeptRecord::Letter(record) => letter_store::change(Write::insert(record))?,
        KeptRecord::SandboxAttempt(attempt) => {
            let attempt = BooksDocument::of(attempt).map_err(|error| StoreError::Corrupt(error.into()))?;
            return encoded(&attempt);
        }
        KeptRecord::AttemptKey(key) => return encoded(&KeyDocument::from(&key)),
        KeptRecord::AttemptNote { payment, note } => return encoded(&NoteDocument::of(payment, note)),
        KeptRecord::Parked(parked) => return parked_document(parked),
    };
    Ok(Change::stamped(change, token).document)
}

fn parked_document(parked: Parked) -> Result<RawDocumentBuf, StoreError> {
    let parked = Parked { key: ordering_key(&parked.key), ..parked };
    encoded(&ParkedDocument::of(&parked))
}
