//! A marketplace of its own for each rule of an audit reader.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::audit_reader::{AuditReaderFixture, Bank};
use ticketing_core::ports::audit_reader::AuditReader;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::RecordKey;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_memory::MemoryEngines;

/// Every engine of a marketplace.
#[derive(Default)]
pub(crate) struct Marketplace(MemoryEngines);

#[async_trait]
impl AuditReaderFixture for Marketplace {
    async fn spoil(&self, record: &RecordKey) -> bool {
        self.0.orders.spoil(record)
    }

    fn audit_reader(&self) -> Arc<dyn AuditReader> {
        Arc::new(self.0.audit_reader())
    }

    fn tickets(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.0.tickets.clone())
    }

    fn orders(&self) -> Arc<dyn OrderStore> {
        Arc::new(self.0.orders.clone())
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.0.orders.outbox())
    }

    fn parking_lot(&self) -> Arc<dyn ParkingLot> {
        Arc::new(self.0.parking.clone())
    }

    fn payments(&self) -> Arc<dyn PaymentStore> {
        Arc::new(self.0.payments.clone())
    }

    fn bank(&self) -> Option<Bank> {
        let (good, bad) = (CardToken::new("tok_visa"), CardToken::new("tok_chargeDeclined"));
        let gateway = Arc::new(self.0.gateway.clone());
        Some(Bank { ledger: gateway.clone(), gateway, good, bad })
    }
}
