//! Events: facts about what happened, never changed afterwards.
//!
//! Each carries the public state of its aggregate, so that a consumer
//! needs no earlier event to understand it.

use std::sync::Arc;

use uuid::Uuid;

use super::account::PublicAccount;
use super::ids::OrderId;
use super::order::OrderChange;
use super::pass::Pass;
use super::payment::Payment;
use super::ticket::{ChangedTicket, Ticket};
use super::time::Timestamp;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An account was opened. The e-mail address is private and left out, here and in every event of an account.
    AccountRegistered(PublicAccount),
    /// The owner of an account proved that its address is theirs.
    AccountAddressConfirmed(PublicAccount),
    /// The owner of an account wants another letter to confirm its address.
    AccountConfirmationRequested(PublicAccount),
    /// Somebody forgot the password of an account, or says so.
    AccountResetRequested(PublicAccount),
    /// An account has another password.
    AccountPasswordChanged(PublicAccount),
    /// Somebody signed in from a browser that never did before.
    AccountBrowserAdded {
        /// The account.
        account: PublicAccount,
        /// What the browser calls itself; it may say anything, or nothing.
        device: Arc<str>,
    },
    /// The owner of an account wants to be called something else.
    AccountRenamed(PublicAccount),
    /// An account is gone, and all that it knew of its owner.
    AccountDeleted(PublicAccount),
    /// A ticket was put on sale.
    TicketCreated(ChangedTicket),
    /// A ticket's offer was replaced.
    TicketUpdated(ChangedTicket),
    /// The facts of an event changed although places were held or sold.
    TicketRescheduled(ChangedTicket),
    /// An event does not take place.
    TicketCalledOff(ChangedTicket),
    /// A ticket takes no new orders.
    TicketWithdrawn(ChangedTicket),
    /// Places are held.
    OrderCreated(OrderChange),
    /// Held places are on sale again.
    OrderCancelled(OrderChange),
    /// Held places belong to the buyer.
    OrderCompleted(OrderChange),
    /// Places that belonged to the buyer were given back, and so is the money.
    OrderRefunded(OrderChange),
    /// Money was taken.
    PaymentCaptured(Payment),
    /// No money was taken, and none will be.
    PaymentFailed(Payment),
    /// Money was refunded.
    PaymentRefunded(Payment),
    /// A place of a completed order has a pass. Its code is private and left out, here and in every event of a pass.
    PassIssued(Pass),
    /// Somebody was let in.
    PassUsed(Pass),
    /// A pass lets nobody in any more.
    PassVoided(Pass),
    /// The time to pay an order is over.
    ExpirationCompleted {
        /// The order.
        order: OrderId,
        /// The deadline that passed.
        pay_by: Timestamp,
    },
}

/// The stream of an event; one per publishing service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The accounts service's events.
    Accounts,
    /// The tickets service's events.
    Tickets,
    /// The orders service's events.
    Orders,
    /// The payments service's events.
    Payments,
    /// The admissions service's events.
    Admissions,
    /// The expiration service's events.
    Expirations,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] =
        [Self::Accounts, Self::Tickets, Self::Orders, Self::Payments, Self::Admissions, Self::Expirations];

    /// The topic's name on the broker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "ticketing.accounts",
            Self::Tickets => "ticketing.tickets",
            Self::Orders => "ticketing.orders",
            Self::Payments => "ticketing.payments",
            Self::Admissions => "ticketing.admissions",
            Self::Expirations => "ticketing.expirations",
        }
    }
}

impl Event {
    /// The topic it is published to.
    #[must_use]
    pub const fn topic(&self) -> Topic {
        match self {
            Self::AccountRegistered(_)
            | Self::AccountAddressConfirmed(_)
            | Self::AccountConfirmationRequested(_)
            | Self::AccountResetRequested(_)
            | Self::AccountPasswordChanged(_)
            | Self::AccountBrowserAdded { .. }
            | Self::AccountRenamed(_)
            | Self::AccountDeleted(_) => Topic::Accounts,
            Self::TicketCreated(_)
            | Self::TicketUpdated(_)
            | Self::TicketRescheduled(_)
            | Self::TicketCalledOff(_)
            | Self::TicketWithdrawn(_) => Topic::Tickets,
            Self::OrderCreated(_) | Self::OrderCancelled(_) | Self::OrderCompleted(_) | Self::OrderRefunded(_) => {
                Topic::Orders
            }
            Self::PaymentCaptured(_) | Self::PaymentFailed(_) | Self::PaymentRefunded(_) => Topic::Payments,
            Self::PassIssued(_) | Self::PassUsed(_) | Self::PassVoided(_) => Topic::Admissions,
            Self::ExpirationCompleted { .. } => Topic::Expirations,
        }
    }

    /// The account as it is since then, if it is about an account.
    #[must_use]
    pub const fn account(&self) -> Option<&PublicAccount> {
        match self {
            Self::AccountRegistered(account)
            | Self::AccountAddressConfirmed(account)
            | Self::AccountConfirmationRequested(account)
            | Self::AccountResetRequested(account)
            | Self::AccountPasswordChanged(account)
            | Self::AccountBrowserAdded { account, .. }
            | Self::AccountRenamed(account)
            | Self::AccountDeleted(account) => Some(account),
            Self::TicketCreated(_)
            | Self::TicketUpdated(_)
            | Self::TicketRescheduled(_)
            | Self::TicketCalledOff(_)
            | Self::TicketWithdrawn(_)
            | Self::OrderCreated(_)
            | Self::OrderCancelled(_)
            | Self::OrderCompleted(_)
            | Self::OrderRefunded(_)
            | Self::PaymentCaptured(_)
            | Self::PaymentFailed(_)
            | Self::PaymentRefunded(_)
            | Self::PassIssued(_)
            | Self::PassUsed(_)
            | Self::PassVoided(_)
            | Self::ExpirationCompleted { .. } => None,
        }
    }

    /// The order change it reports, if it is about an order.
    #[must_use]
    pub const fn order_change(&self) -> Option<&OrderChange> {
        match self {
            Self::OrderCreated(change)
            | Self::OrderCancelled(change)
            | Self::OrderCompleted(change)
            | Self::OrderRefunded(change) => Some(change),
            Self::AccountRegistered(_)
            | Self::AccountAddressConfirmed(_)
            | Self::AccountConfirmationRequested(_)
            | Self::AccountResetRequested(_)
            | Self::AccountPasswordChanged(_)
            | Self::AccountBrowserAdded { .. }
            | Self::AccountRenamed(_)
            | Self::AccountDeleted(_)
            | Self::TicketCreated(_)
            | Self::TicketUpdated(_)
            | Self::TicketRescheduled(_)
            | Self::TicketCalledOff(_)
            | Self::TicketWithdrawn(_)
            | Self::PaymentCaptured(_)
            | Self::PaymentFailed(_)
            | Self::PaymentRefunded(_)
            | Self::PassIssued(_)
            | Self::PassUsed(_)
            | Self::PassVoided(_)
            | Self::ExpirationCompleted { .. } => None,
        }
    }

    /// The ticket as it is since then, if it is about a ticket.
    #[must_use]
    pub const fn ticket(&self) -> Option<&Ticket> {
        match self.ticket_change() {
            Some(change) => Some(&change.ticket),
            None => None,
        }
    }

    /// The change of a ticket that it reports, if it is about a ticket.
    #[must_use]
    pub const fn ticket_change(&self) -> Option<&ChangedTicket> {
        match self {
            Self::TicketCreated(change)
            | Self::TicketUpdated(change)
            | Self::TicketRescheduled(change)
            | Self::TicketCalledOff(change)
            | Self::TicketWithdrawn(change) => Some(change),
            Self::AccountRegistered(_)
            | Self::AccountAddressConfirmed(_)
            | Self::AccountConfirmationRequested(_)
            | Self::AccountResetRequested(_)
            | Self::AccountPasswordChanged(_)
            | Self::AccountBrowserAdded { .. }
            | Self::AccountRenamed(_)
            | Self::AccountDeleted(_)
            | Self::OrderCreated(_)
            | Self::OrderCancelled(_)
            | Self::OrderCompleted(_)
            | Self::OrderRefunded(_)
            | Self::PaymentCaptured(_)
            | Self::PaymentFailed(_)
            | Self::PaymentRefunded(_)
            | Self::PassIssued(_)
            | Self::PassUsed(_)
            | Self::PassVoided(_)
            | Self::ExpirationCompleted { .. } => None,
        }
    }

    /// The id of its aggregate; events of one aggregate keep their order.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::AccountRegistered(account)
            | Self::AccountAddressConfirmed(account)
            | Self::AccountConfirmationRequested(account)
            | Self::AccountResetRequested(account)
            | Self::AccountPasswordChanged(account)
            | Self::AccountBrowserAdded { account, .. }
            | Self::AccountRenamed(account)
            | Self::AccountDeleted(account) => account.id.uuid(),
            Self::TicketCreated(change)
            | Self::TicketUpdated(change)
            | Self::TicketRescheduled(change)
            | Self::TicketCalledOff(change)
            | Self::TicketWithdrawn(change) => change.ticket.id.uuid(),
            Self::OrderCreated(change)
            | Self::OrderCancelled(change)
            | Self::OrderCompleted(change)
            | Self::OrderRefunded(change) => change.order.id.uuid(),
            Self::PaymentCaptured(payment) | Self::PaymentFailed(payment) | Self::PaymentRefunded(payment) => {
                payment.id.uuid()
            }
            Self::PassIssued(pass) | Self::PassUsed(pass) | Self::PassVoided(pass) => pass.id.uuid(),
            Self::ExpirationCompleted { order, .. } => order.uuid(),
        }
    }

    /// The aggregate's version after the event: 1 for the first, without gaps.
    #[must_use]
    pub const fn version(&self) -> u64 {
        match self {
            // An expiration emits a single event.
            Self::ExpirationCompleted { .. } => 1,
            Self::AccountRegistered(account)
            | Self::AccountAddressConfirmed(account)
            | Self::AccountConfirmationRequested(account)
            | Self::AccountResetRequested(account)
            | Self::AccountPasswordChanged(account)
            | Self::AccountBrowserAdded { account, .. }
            | Self::AccountRenamed(account)
            | Self::AccountDeleted(account) => account.version,
            Self::TicketCreated(change)
            | Self::TicketUpdated(change)
            | Self::TicketRescheduled(change)
            | Self::TicketCalledOff(change)
            | Self::TicketWithdrawn(change) => change.ticket.version,
            Self::OrderCreated(change)
            | Self::OrderCancelled(change)
            | Self::OrderCompleted(change)
            | Self::OrderRefunded(change) => change.order.version,
            Self::PaymentCaptured(payment) | Self::PaymentFailed(payment) | Self::PaymentRefunded(payment) => {
                payment.version
            }
            Self::PassIssued(pass) | Self::PassUsed(pass) | Self::PassVoided(pass) => pass.version,
        }
    }
}
