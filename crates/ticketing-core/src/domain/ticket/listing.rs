//! A ticket as the tickets service keeps it, and what its seller does with it.

use crate::domain::account::DisplayName;
use crate::domain::event::Event;
use crate::domain::ids::AccountId;
use crate::domain::order::IdempotencyKey;
use crate::domain::time::Timestamp;

use super::{ChangedTicket, Details, Offer, Sales, Schedule, Ticket, TicketRefusal, TicketStatus};

/// The request that put a ticket on sale, to recognise a repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationRequest {
    /// The request's idempotency key; unique per seller.
    pub key: IdempotencyKey,
    /// The digest of the offer, see [`Offer::digest`].
    pub digest: [u8; 32],
}

/// A ticket with its sales count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The ticket.
    pub ticket: Ticket,
    /// A replica of the orders service's count; may lag.
    pub sales: Sales,
    /// The request that created it, if it had an idempotency key.
    pub request: Option<CreationRequest>,
}

impl Listing {
    /// A listing without sales.
    #[must_use]
    pub fn new(ticket: Ticket) -> Self {
        Self { ticket, sales: Sales::default(), request: None }
    }

    /// Places that may be ordered now, according to this replica.
    #[must_use]
    pub fn available(&self) -> u32 {
        match self.ticket.status {
            TicketStatus::OnSale => self.ticket.offer.quantity.get().saturating_sub(self.sales.committed()),
            TicketStatus::Withdrawn | TicketStatus::CalledOff => 0,
        }
    }

    /// What an event reports that this listing is the result of.
    #[must_use]
    pub fn change(&self) -> ChangedTicket {
        ChangedTicket { ticket: self.ticket.clone(), sales: self.sales }
    }

    /// Replaces the offer. Once places are held or sold, the facts of the event stay as they are.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if `by` is not the seller, the ticket is withdrawn or called off, its facts are sold, fewer
    /// places would be offered than are held and sold, the event would be moved into the past, or the price into a
    /// currency that is no longer in use.
    pub fn update(self, by: AccountId, offer: Offer, now: Timestamp) -> Result<(Self, Event), TicketRefusal> {
        let old = &self.ticket.offer;
        self.may_change(by)?;
        let committed = self.sales.committed();
        if offer.quantity.get() < committed {
            return Err(TicketRefusal::QuantityBelowSales { committed });
        }
        if committed > 0 && !old.details.event.is_still(&offer.details.event) {
            return Err(TicketRefusal::FactsAreSold);
        }
        offer.may_be_timed_like(Some(old), now)?;
        offer.may_be_priced_like(Some(old))?;
        let ticket = self.ticket.changed(|ticket| Ticket { offer, ..ticket });
        let next = Self { ticket, ..self };
        let event = Event::TicketUpdated(next.change());
        Ok((next, event))
    }

    /// Changes the facts of the event, such as its time or its place, although places are held or sold.
    ///
    /// Who has paid for what it was before may give it back.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if `by` is not the seller, the event was called off, has begun, or would be moved into the past.
    pub fn reschedule(self, by: AccountId, to: Schedule, now: Timestamp) -> Result<(Self, Event), TicketRefusal> {
        self.may_reschedule(by)?;
        let Schedule { event, sales_end_at } = to;
        let old = &self.ticket.offer;
        if old.details.event.starts_at.is_some_and(|at| at <= now) {
            return Err(TicketRefusal::Begun);
        }
        let details = Details { event, sales_end_at, ..old.details.clone() };
        let offer = Offer { details, ..old.clone() };
        offer.may_be_timed_like(Some(old), now)?;
        let ticket = self.ticket.changed(|ticket| Ticket { offer, ..ticket });
        let next = Self { ticket, ..self };
        let event = Event::TicketRescheduled(next.change());
        Ok((next, event))
    }

    /// Says that the event does not take place. It is final.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if `by` is not the seller or the event was called off before.
    pub fn call_off(self, by: AccountId) -> Result<(Self, Event), TicketRefusal> {
        self.may_reschedule(by)?;
        let ticket = self.ticket.changed(|ticket| Ticket { status: TicketStatus::CalledOff, ..ticket });
        let next = Self { ticket, ..self };
        let event = Event::TicketCalledOff(next.change());
        Ok((next, event))
    }

    /// Stops new orders; open ones continue.
    ///
    /// # Errors
    ///
    /// [`TicketRefusal`] if `by` is not the seller or the ticket is already withdrawn or called off.
    pub fn withdraw(self, by: AccountId) -> Result<(Self, Event), TicketRefusal> {
        self.may_change(by)?;
        let ticket = self.ticket.changed(|ticket| Ticket { status: TicketStatus::Withdrawn, ..ticket });
        let next = Self { ticket, ..self };
        let event = Event::TicketWithdrawn(next.change());
        Ok((next, event))
    }

    /// Changes what the seller is called; `None` if that is the name already.
    ///
    /// It changes no fact of the event, so it is allowed in every status, whatever is sold.
    #[must_use]
    pub fn name_seller(self, name: Option<&DisplayName>) -> Option<(Self, Event)> {
        if self.ticket.seller_name.as_ref() == name {
            return None;
        }
        let ticket = self.ticket.changed(|ticket| Ticket { seller_name: name.cloned(), ..ticket });
        let next = Self { ticket, ..self };
        let event = Event::TicketUpdated(next.change());
        Some((next, event))
    }

    /// Whether this seller already has exactly this offer on sale.
    #[must_use]
    pub fn is_offered_by(&self, seller: AccountId, offer: &Offer) -> bool {
        self.may_change(seller).is_ok() && self.ticket.offer.digest() == offer.digest()
    }

    /// Whether this seller's ticket has exactly this schedule.
    #[must_use]
    pub fn is_scheduled_by(&self, seller: AccountId, to: &Schedule) -> bool {
        let Details { event, sales_end_at, .. } = &self.ticket.offer.details;
        self.may_reschedule(seller).is_ok() && (event, sales_end_at) == (&to.event, &to.sales_end_at)
    }

    /// Whether this seller called the event off.
    #[must_use]
    pub fn is_called_off_by(&self, seller: AccountId) -> bool {
        self.may_reschedule(seller) == Err(TicketRefusal::CalledOff)
    }

    /// Whether nobody may order any more, because the event begins or its seller wanted it so.
    #[must_use]
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.ticket.offer.details.closes_at().is_some_and(|at| at <= now)
    }

    /// Whether this seller withdrew it.
    #[must_use]
    pub fn is_withdrawn_by(&self, seller: AccountId) -> bool {
        self.may_change(seller) == Err(TicketRefusal::Withdrawn)
    }

    /// Applies a newer sales count; `None` if this count is not newer.
    #[must_use]
    pub fn follow(self, sales: Sales) -> Option<Self> {
        (sales.version > self.sales.version).then_some(Self { sales, ..self })
    }

    fn may_change(&self, by: AccountId) -> Result<(), TicketRefusal> {
        self.may_reschedule(by)?;
        match self.ticket.status {
            TicketStatus::Withdrawn => Err(TicketRefusal::Withdrawn),
            TicketStatus::OnSale | TicketStatus::CalledOff => Ok(()),
        }
    }

    fn may_reschedule(&self, by: AccountId) -> Result<(), TicketRefusal> {
        if by != self.ticket.seller {
            return Err(TicketRefusal::NotSeller);
        }
        match self.ticket.status {
            TicketStatus::CalledOff => Err(TicketRefusal::CalledOff),
            TicketStatus::OnSale | TicketStatus::Withdrawn => Ok(()),
        }
    }
}
