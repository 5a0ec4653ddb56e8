//! Everything that the services keep, for an audit.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::ids::{LetterId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::{Payable, Payment};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Charge, Ledger, LetterReader, Waiting};
use ticketing_core::ports::parking::{ParkedFilter, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::unreadable::Listed;

use crate::{
    MemoryAccountStore, MemoryEngines, MemoryLetterStore, MemoryOrderStore, MemoryParkingLot, MemoryPassStore,
    MemoryPaymentStore, MemoryTicketStore, SandboxGateway,
};

/// Reads the stores of all services, as `MemoryEngines::audit_reader` hands it out.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::audit::{Audit, AuditConfig};
/// use ticketing_memory::MemoryEngines;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let engines = MemoryEngines::default();
/// let audit = Audit {
///     audit_reader: Arc::new(engines.audit_reader()),
///     admissions: Some(Arc::new(engines.audit_reader())),
///     letters: Some(Arc::new(engines.audit_reader())),
///     ledger: Some(Arc::new(engines.gateway.clone())),
///     clock: engines.env.clock.clone(),
///     config: AuditConfig::default(),
/// };
/// let report = audit.run(&|progress| println!("{}", progress.counts)).await?;
/// assert!(report.is_clean(), "{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MemoryAuditReader {
    accounts: MemoryAccountStore,
    tickets: MemoryTicketStore,
    orders: MemoryOrderStore,
    payments: MemoryPaymentStore,
    passes: MemoryPassStore,
    letters: MemoryLetterStore,
    parking: MemoryParkingLot,
}

impl MemoryAuditReader {
    pub(crate) fn of(engines: &MemoryEngines) -> Self {
        let MemoryEngines { accounts, tickets, orders, payments, passes, letters, parking, .. } = engines.clone();
        Self { accounts, tickets, orders, payments, passes, letters, parking }
    }
}

#[async_trait]
impl AuditReader for MemoryAuditReader {
    async fn listings(&self, page: Page<TicketId>) -> Result<Listed<Listing>, StoreError> {
        self.tickets.0.read(|tables| tables.listings.page(page)).await
    }

    async fn stocks(&self, page: Page<TicketId>) -> Result<Listed<Stock>, StoreError> {
        self.orders.0.read(|tables| tables.stocks.page(page)).await
    }

    async fn orders(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.orders.0.read(|tables| tables.orders.page(page)).await
    }

    async fn payables(&self, page: Page<OrderId>) -> Result<Listed<Payable>, StoreError> {
        self.payments.0.read(|tables| tables.payables.page(page)).await
    }

    async fn payments(&self, page: Page<PaymentId>) -> Result<Listed<Payment>, StoreError> {
        self.payments.0.read(|tables| tables.payments.page(page)).await
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        let outboxes = [
            ("accounts", self.accounts.outbox()),
            ("tickets", self.tickets.outbox()),
            ("orders", self.orders.outbox()),
            ("payments", self.payments.outbox()),
            ("admissions", self.passes.outbox()),
            ("notifications", self.letters.outbox()),
        ];
        let mut services: BTreeMap<String, Waiting> = BTreeMap::new();
        for (name, outbox) in outboxes {
            let waiting = of(&mut services, name);
            waiting.unpublished = u64::try_from(outbox.len()).unwrap_or(u64::MAX);
            waiting.unpublished_since = outbox.oldest();
        }
        // A consumer is called like its service. All of them share one lot here.
        for parked in self.parking.list(&ParkedFilter::default(), Page::first(usize::MAX)).await? {
            let waiting = of(&mut services, &parked.consumer);
            waiting.parked += 1;
            waiting.parked_since = waiting.parked_since.into_iter().chain([parked.parked_at]).min();
        }
        Ok(services.into_values().collect())
    }
}

#[async_trait]
impl AdmissionReader for MemoryAuditReader {
    async fn admissions(&self, page: Page<OrderId>) -> Result<Listed<Admission>, StoreError> {
        self.passes.0.read(|tables| tables.admissions.page(page)).await
    }

    async fn entrances(&self, page: Page<TicketId>) -> Result<Listed<Entrance>, StoreError> {
        self.passes.0.read(|tables| tables.entrances.page(page)).await
    }
}

#[async_trait]
impl LetterReader for MemoryAuditReader {
    async fn order_replicas(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.letters.0.read(|tables| tables.orders.page(page)).await
    }

    async fn ticket_replicas(&self, page: Page<TicketId>) -> Result<Listed<Ticket>, StoreError> {
        self.letters.0.read(|tables| tables.tickets.page(page)).await
    }

    async fn letters(&self, ids: &[LetterId]) -> Result<Listed<Letter>, StoreError> {
        self.letters.0.read(|tables| tables.letters.list(ids.iter(), ids.len())).await
    }

    async fn letters_due(&self, now: Timestamp, limit: usize) -> Result<Listed<Letter>, StoreError> {
        self.letters.0.read(|tables| tables.due(now, limit).map(|stored| stored.record)).await
    }
}

fn of<'a>(services: &'a mut BTreeMap<String, Waiting>, name: &str) -> &'a mut Waiting {
    let nothing = || Waiting { service: name.to_owned(), ..Waiting::default() };
    services.entry(name.to_owned()).or_insert_with(nothing)
}

#[async_trait]
impl Ledger for SandboxGateway {
    async fn charges(&self, page: Page<PaymentId>) -> Result<Listed<Charge>, StoreError> {
        let behind =
            Self::charges(self).into_iter().filter(|charge| page.after.is_none_or(|after| charge.payment > after));
        let told = |crate::Charge { payment, total, refunded, .. }| Charge {
            payment,
            total,
            refunded: refunded == total.amount,
        };
        Ok(behind.take(page.limit).map(told).collect::<Vec<_>>().into())
    }
}
