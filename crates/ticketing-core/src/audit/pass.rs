//! Reads everything once, in the order in which it can be compared.

use std::future::ready;

use futures_util::future::BoxFuture;

use crate::domain::admission::{Admission, Entrance};
use crate::domain::ids::{OrderId, TicketId};
use crate::ports::audit_reader::Ledger;
use crate::ports::store::{Page, StoreError};
use crate::ports::unreadable::Listed;

use super::Audit;
use super::finding::Finding;
use super::inspection::Inspection;
use super::pages::{Pages, pair};
use super::report::Counts;

/// A pass that is under way.
pub(super) struct Pass<'a> {
    audit: &'a Audit,
    /// Hears of every page.
    told: &'a (dyn Fn(Counts) + Send + Sync),
    /// How many records it has heard of.
    heard: u64,
    inspection: Inspection,
}

impl<'a> Pass<'a> {
    pub(super) fn new(audit: &'a Audit, told: &'a (dyn Fn(Counts) + Send + Sync)) -> Self {
        let due_by = audit.clock.now().before(audit.config.grace);
        Self { audit, told, heard: 0, inspection: Inspection::new(due_by) }
    }

    pub(super) async fn read(mut self) -> Result<(Counts, Vec<Finding>), StoreError> {
        // Order matters: an inspection compares orders with the money that it saw before, and stocks
        // with the orders that it saw before.
        match &self.audit.ledger {
            Some(ledger) => self.payments_and_charges(&**ledger).await?,
            None => self.payments().await?,
        }
        self.orders().await?;
        self.tickets().await?;
        for waiting in self.audit.audit_reader.waiting().await? {
            self.inspection.waiting(&waiting);
        }
        Ok(self.inspection.finish())
    }

    async fn payments(&mut self) -> Result<(), StoreError> {
        let Audit { audit_reader, config, .. } = self.audit;
        let mut payments = Pages::new(config.page, |page| audit_reader.payments(page), |payment| payment.id);
        while let Some(payment) = payments.next().await? {
            self.inspection.payment(&payment);
            self.tell();
        }
        self.inspection.unreadable(payments.unreadable());
        Ok(())
    }

    async fn payments_and_charges(&mut self, ledger: &dyn Ledger) -> Result<(), StoreError> {
        let Audit { audit_reader, config, .. } = self.audit;
        let mut payments = Pages::new(config.page, |page| audit_reader.payments(page), |payment| payment.id);
        let mut charges = Pages::new(config.page, |page| ledger.charges(page), |charge| charge.payment);
        while let Some((payment, charge)) = pair(&mut payments, &mut charges).await? {
            self.inspection.charge(payment.as_ref(), charge.as_ref());
            payment.iter().for_each(|payment| self.inspection.payment(payment));
            self.tell();
        }
        self.inspection.unreadable(payments.unreadable());
        self.inspection.unreadable(charges.unreadable());
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), StoreError> {
        let Audit { audit_reader, config, .. } = self.audit;
        let mut payables = Pages::new(config.page, |page| audit_reader.payables(page), |payable| payable.order);
        let mut orders = Pages::new(config.page, |page| audit_reader.orders(page), |order| order.id);
        let (audit, has_passes) = (self.audit, self.audit.admissions.is_some());
        let mut admissions = Pages::new(config.page, |page| read_admissions(audit, page), |admission| admission.order);
        while let Some((payable, order)) = pair(&mut payables, &mut orders).await? {
            self.inspection.order(order.as_ref(), payable.as_ref());
            if let Some(order) = order.as_ref().filter(|_| has_passes) {
                let (orphans, admission) = admissions.up_to(order.id).await?;
                orphans.iter().for_each(|orphan| self.inspection.admission(None, Some(orphan)));
                self.inspection.admission(Some(order), admission.as_ref());
            }
            self.tell();
        }
        while let Some(orphan) = admissions.next().await? {
            self.inspection.admission(None, Some(&orphan));
        }
        self.inspection.unreadable(payables.unreadable());
        self.inspection.unreadable(orders.unreadable());
        self.inspection.unreadable(admissions.unreadable());
        Ok(())
    }

    async fn tickets(&mut self) -> Result<(), StoreError> {
        let Audit { audit_reader, config, .. } = self.audit;
        let mut stocks = Pages::new(config.page, |page| audit_reader.stocks(page), |stock| stock.ticket);
        let mut listings = Pages::new(config.page, |page| audit_reader.listings(page), |listing| listing.ticket.id);
        let (audit, has_doors) = (self.audit, self.audit.admissions.is_some());
        let mut entrances = Pages::new(config.page, |page| read_entrances(audit, page), |entrance| entrance.ticket);
        while let Some((stock, listing)) = pair(&mut stocks, &mut listings).await? {
            self.inspection.ticket(listing.as_ref(), stock.as_ref());
            if let Some(listing) = listing.as_ref().filter(|_| has_doors) {
                let (orphans, entrance) = entrances.up_to(listing.ticket.id).await?;
                orphans.iter().for_each(|orphan| self.inspection.entrance(None, Some(orphan)));
                self.inspection.entrance(Some(listing), entrance.as_ref());
            }
            self.tell();
        }
        while let Some(orphan) = entrances.next().await? {
            self.inspection.entrance(None, Some(&orphan));
        }
        self.inspection.unreadable(stocks.unreadable());
        self.inspection.unreadable(listings.unreadable());
        self.inspection.unreadable(entrances.unreadable());
        Ok(())
    }

    fn tell(&mut self) {
        let counts = self.inspection.counts;
        let page = u64::try_from(self.audit.config.page).unwrap_or(u64::MAX);
        if counts.records() >= self.heard.saturating_add(page) {
            self.heard = counts.records();
            (self.told)(counts);
        }
    }
}

/// A page of the admissions; nothing where no such service runs.
fn read_admissions(audit: &Audit, page: Page<OrderId>) -> BoxFuture<'_, Result<Listed<Admission>, StoreError>> {
    match &audit.admissions {
        Some(reader) => reader.admissions(page),
        None => Box::pin(ready(Ok(Listed::default()))),
    }
}

/// A page of the entrances; nothing where no such service runs.
fn read_entrances(audit: &Audit, page: Page<TicketId>) -> BoxFuture<'_, Result<Listed<Entrance>, StoreError>> {
    match &audit.admissions {
        Some(reader) => reader.entrances(page),
        None => Box::pin(ready(Ok(Listed::default()))),
    }
}
