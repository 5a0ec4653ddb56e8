//! Where each kind of record lies, and how a page of it is read.

use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::moving::{KeptRecord, RecordKind};
use ticketing_core::ports::letter_store::LetterRecord;
use ticketing_core::ports::order_store::OrderRecord;
use ticketing_core::ports::parking::ParkedFilter;
use ticketing_core::ports::pass_store::PassRecord;
use ticketing_core::ports::payment_store::PaymentRecord;
use ticketing_core::ports::store::Page;
use ticketing_core::ports::ticket_store::TicketRecord;
use ticketing_core::ports::unreadable::Listed;
use uuid::Uuid;

use crate::account_store::AccountDocument;
use crate::document::{Record, blob, limit};
use crate::error::Failure;
use crate::letter_store::{AlertsDocument, EntryDocument, LetterDocument, OrderReplica, TicketReplica};
use crate::order_store::{OrderDocument, StockDocument};
use crate::pass_store::{AdmissionDocument, DoorLinksDocument, EntranceDocument};
use crate::payment_store::{PayableDocument, PaymentDocument};
use crate::store::{self, Query};
use crate::ticket_store::{ListingDocument, SellerDocument};
use crate::{attempt_keys, attempt_notes, gateway, parking};

pub(super) fn page(of: &Reading<'_>, kind: RecordKind) -> Result<Vec<KeptRecord>, Failure> {
    use KeptRecord::{Account, Letter, Order, Pass, Payment, Ticket};
    match kind {
        RecordKind::Accounts => of.records::<AccountDocument>(Account),
        RecordKind::Listings => of.records::<ListingDocument>(|listing| Ticket(TicketRecord::Listing(listing))),
        RecordKind::Sellers => of.records::<SellerDocument>(|seller| Ticket(TicketRecord::Seller(seller))),
        RecordKind::Stocks => of.records::<StockDocument>(|stock| Order(OrderRecord::Stock(stock))),
        RecordKind::Orders => of.records::<OrderDocument>(|order| Order(OrderRecord::Order(order))),
        RecordKind::Payables => of.records::<PayableDocument>(|payable| Payment(PaymentRecord::Payable(payable))),
        RecordKind::Payments => of.records::<PaymentDocument>(|payment| Payment(PaymentRecord::Payment(payment))),
        RecordKind::Admissions => of.records::<AdmissionDocument>(|of_order| Pass(PassRecord::Admission(of_order))),
        RecordKind::Entrances => of.records::<EntranceDocument>(|entrance| Pass(PassRecord::Entrance(entrance))),
        RecordKind::DoorLinks => of.records::<DoorLinksDocument>(|links| Pass(PassRecord::DoorLinks(links))),
        RecordKind::Letters => of.letters(),
        RecordKind::OrderReplicas => of.records::<OrderReplica>(|order| Letter(LetterRecord::Order(order))),
        RecordKind::TicketReplicas => of.records::<TicketReplica>(|ticket| Letter(LetterRecord::Ticket(ticket))),
        RecordKind::Alerts => of.records::<AlertsDocument>(|alerts| Letter(LetterRecord::Alerts(alerts))),
        RecordKind::AlertEntries => of.records::<EntryDocument>(|entry| Letter(LetterRecord::Entry(entry))),
        RecordKind::SandboxAttempts => of.attempts("attempts", gateway::kept).map(of_each(KeptRecord::SandboxAttempt)),
        RecordKind::AttemptKeys => of.attempts("attempt_keys", attempt_keys::kept).map(of_each(KeptRecord::AttemptKey)),
        RecordKind::AttemptNotes => {
            let note = |(payment, note)| KeptRecord::AttemptNote { payment, note };
            of.attempts("attempt_notes", attempt_notes::kept).map(of_each(note))
        }
        RecordKind::Parked => of.parked(),
    }
}

fn of_each<T>(kept: impl Fn(T) -> KeptRecord) -> impl FnOnce(Vec<T>) -> Vec<KeptRecord> {
    move |found| found.into_iter().map(kept).collect()
}

/// A page that is read.
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) page: Page<Uuid>,
    /// Letters that ended before then are over.
    pub(super) letters_from: Timestamp,
}

impl Reading<'_> {
    fn records<R: Record>(&self, kept: impl Fn(R::Domain) -> KeptRecord) -> Result<Vec<KeptRecord>, Failure> {
        self.matching::<R>("true", Vec::new(), kept)
    }

    /// Those that are not over.
    fn letters(&self) -> Result<Vec<KeptRecord>, Failure> {
        let kept = |letter| KeptRecord::Letter(LetterRecord::Letter(letter));
        let from = vec![Value::Integer(self.letters_from.millis())];
        self.matching::<LetterDocument>("(ended_at IS NULL OR ended_at >= ?)", from, kept)
    }

    fn matching<R: Record>(
        &self,
        condition: &str,
        mut params: Vec<Value>,
        kept: impl Fn(R::Domain) -> KeptRecord,
    ) -> Result<Vec<KeptRecord>, Failure> {
        params.push(blob(self.page.after.unwrap_or_default()));
        // No record has the id of zeros.
        let query = Query { rest: format!("FROM {} WHERE {condition} AND id > ? ORDER BY id", R::TABLE), params };
        let found = readable(store::list::<R>(self.connection, &query, self.page.limit)?)?;
        Ok(found.into_iter().map(kept).collect())
    }

    /// Rows about attempts to pay.
    fn attempts<T>(
        &self,
        table: &str,
        read: impl Fn(&Connection, PaymentId) -> Result<Option<T>, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let sql = format!("SELECT id FROM {table} WHERE id > ?1 ORDER BY id LIMIT ?2");
        let after = self.page.after.unwrap_or_default();
        let ids = store::ids(self.connection, &sql, &[blob(after), limit(self.page.limit).into()])?;
        let each = ids.into_iter().map(|id| read(self.connection, PaymentId::new(id)).transpose());
        each.flatten().collect()
    }

    fn parked(&self) -> Result<Vec<KeptRecord>, Failure> {
        let found = readable(parking::list(self.connection, &ParkedFilter::default(), self.page)?)?;
        Ok(found.into_iter().map(KeptRecord::Parked).collect())
    }
}

/// All of a list: what cannot be read cannot be moved.
fn readable<T>(Listed { records, unreadable }: Listed<T>) -> Result<Vec<T>, Failure> {
    unreadable.into_iter().next().map_or(Ok(records), |unreadable| Err(unreadable.into()))
}
