//! Reads everything once, in the order in which it can be compared.

use crate::domain::admission::{Admission, Entrance};
use crate::domain::ids::{LetterId, OrderId, TicketId};
use crate::domain::order::Order;
use crate::domain::ticket::{Listing, Ticket};
use crate::ports::audit_reader::Ledger;
use crate::ports::store::StoreError;
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
        self.letters_due().await?;
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
        let mut beside = BesideOrders::new(self.audit);
        while let Some((payable, order)) = pair(&mut payables, &mut orders).await? {
            self.inspection.order(order.as_ref(), payable.as_ref());
            if let Some(order) = &order {
                self.beside_order(order, &mut beside).await?;
            }
            self.tell();
        }
        self.inspection.unreadable(payables.unreadable());
        self.inspection.unreadable(orders.unreadable());
        self.end_of_orders(beside).await
    }

    /// What other services keep of an order.
    async fn beside_order(&mut self, order: &Order, beside: &mut BesideOrders<'_>) -> Result<(), StoreError> {
        let Self { inspection, audit, .. } = self;
        let source = (order.id, order);
        if let Some(admissions) = &mut beside.admissions {
            admissions.beside(source, |order, kept| inspection.admission(order, kept)).await?;
        }
        if let Some(replicas) = &mut beside.replicas {
            replicas.beside(source, |order, kept| inspection.paid_order(order, kept)).await?;
        }
        if inspection.expected.len() >= audit.config.page {
            self.look_for_letters().await?;
        }
        Ok(())
    }

    async fn end_of_orders(&mut self, beside: BesideOrders<'_>) -> Result<(), StoreError> {
        let inspection = &mut self.inspection;
        if let Some(admissions) = beside.admissions {
            let unreadable = admissions.end_beside(|order, kept| inspection.admission(order, kept)).await?;
            inspection.unreadable(unreadable);
        }
        if let Some(replicas) = beside.replicas {
            let unreadable = replicas.end_beside(|order, kept| inspection.paid_order(order, kept)).await?;
            inspection.unreadable(unreadable);
        }
        self.look_for_letters().await
    }

    /// Whether the letters were written that there must be.
    async fn look_for_letters(&mut self) -> Result<(), StoreError> {
        let Some(reader) = &self.audit.letters else { return Ok(()) };
        let expected = std::mem::take(&mut self.inspection.expected);
        let ids: Vec<LetterId> = expected.iter().map(|letter| letter.id).collect();
        let Listed { records, unreadable } = reader.letters(&ids).await?;
        self.inspection.letters(expected, &records);
        self.inspection.unreadable(unreadable);
        Ok(())
    }

    async fn tickets(&mut self) -> Result<(), StoreError> {
        let Audit { audit_reader, config, .. } = self.audit;
        let mut stocks = Pages::new(config.page, |page| audit_reader.stocks(page), |stock| stock.ticket);
        let mut listings = Pages::new(config.page, |page| audit_reader.listings(page), |listing| listing.ticket.id);
        let mut beside = BesideTickets::new(self.audit);
        while let Some((stock, listing)) = pair(&mut stocks, &mut listings).await? {
            self.inspection.ticket(listing.as_ref(), stock.as_ref());
            if let Some(listing) = &listing {
                self.beside_ticket(listing, &mut beside).await?;
            }
            self.tell();
        }
        self.inspection.unreadable(stocks.unreadable());
        self.inspection.unreadable(listings.unreadable());
        self.end_of_tickets(beside).await
    }

    /// What other services keep of a ticket.
    async fn beside_ticket(&mut self, listing: &Listing, beside: &mut BesideTickets<'_>) -> Result<(), StoreError> {
        let inspection = &mut self.inspection;
        let source = (listing.ticket.id, listing);
        if let Some(entrances) = &mut beside.entrances {
            entrances.beside(source, |listing, kept| inspection.entrance(listing, kept)).await?;
        }
        if let Some(replicas) = &mut beside.replicas {
            replicas.beside(source, |listing, kept| inspection.letters_ticket(listing, kept)).await?;
        }
        Ok(())
    }

    async fn end_of_tickets(&mut self, beside: BesideTickets<'_>) -> Result<(), StoreError> {
        let inspection = &mut self.inspection;
        if let Some(entrances) = beside.entrances {
            let unreadable = entrances.end_beside(|listing, kept| inspection.entrance(listing, kept)).await?;
            inspection.unreadable(unreadable);
        }
        if let Some(replicas) = beside.replicas {
            let unreadable = replicas.end_beside(|listing, kept| inspection.letters_ticket(listing, kept)).await?;
            inspection.unreadable(unreadable);
        }
        Ok(())
    }

    async fn letters_due(&mut self) -> Result<(), StoreError> {
        let Some(reader) = &self.audit.letters else { return Ok(()) };
        let due = reader.letters_due(self.inspection.due_by(), self.audit.config.page).await?;
        self.inspection.letters_due(&due.records);
        self.inspection.unreadable(due.unreadable);
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

/// What is read beside orders; each is absent where no such service runs.
struct BesideOrders<'a> {
    admissions: Option<Pages<'a, Admission, OrderId>>,
    /// What letters know of orders.
    replicas: Option<Pages<'a, Order, OrderId>>,
}

impl<'a> BesideOrders<'a> {
    fn new(Audit { admissions, letters, config, .. }: &'a Audit) -> Self {
        let admissions = admissions.as_deref();
        let letters = letters.as_deref();
        Self {
            admissions: admissions.map(|reader| {
                Pages::new(config.page, move |page| reader.admissions(page), |admission: &Admission| admission.order)
            }),
            replicas: letters.map(|reader| {
                Pages::new(config.page, move |page| reader.order_replicas(page), |order: &Order| order.id)
            }),
        }
    }
}

/// What is read beside tickets; each is absent where no such service runs.
struct BesideTickets<'a> {
    entrances: Option<Pages<'a, Entrance, TicketId>>,
    /// What letters know of tickets.
    replicas: Option<Pages<'a, Ticket, TicketId>>,
}

impl<'a> BesideTickets<'a> {
    fn new(Audit { admissions, letters, config, .. }: &'a Audit) -> Self {
        let admissions = admissions.as_deref();
        let letters = letters.as_deref();
        Self {
            entrances: admissions.map(|reader| {
                Pages::new(config.page, move |page| reader.entrances(page), |door: &Entrance| door.ticket)
            }),
            replicas: letters.map(|reader| {
                Pages::new(config.page, move |page| reader.ticket_replicas(page), |ticket: &Ticket| ticket.id)
            }),
        }
    }
}
