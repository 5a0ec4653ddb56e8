//! What an audit finds: what is wrong, with what, in ids and numbers.

use crate::domain::ids::{OrderId, PaymentId, TicketId};
use crate::domain::money::{Currency, Money, Quantity};
use crate::domain::ticket::Sales;
use crate::domain::time::Timestamp;

/// One thing that must not be. Printed as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// What is wrong with it.
    pub what: What,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A ticket.
    Ticket(TicketId),
    /// An order.
    Order(OrderId),
    /// A payment.
    Payment(PaymentId),
    /// All money of a currency.
    Currency(Currency),
    /// A service.
    Service(String),
    /// A record whose owner is unknown, because it cannot be read.
    Record {
        /// Where it lies.
        collection: &'static str,
        /// What it is called there.
        id: String,
    },
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It cannot be read, so nothing else is known of it.
    Unreadable {
        /// What it holds.
        what: String,
    },
    /// A stock counts other places than the orders of its ticket have.
    Miscounted {
        /// What the stock counts.
        counted: Sales,
        /// Places of orders that await payment.
        held: u64,
        /// Places of completed orders.
        sold: u64,
    },
    /// More places are held and sold than were ever offered.
    Oversold {
        /// What was offered.
        quantity: Quantity,
        /// What is held and sold.
        counted: Sales,
    },
    /// A ticket has orders and no stock.
    WithoutStock {
        /// How many orders.
        orders: u64,
    },
    /// An order was completed by a payment that took no money for it.
    Unpaid {
        /// What the order names.
        payment: PaymentId,
        /// What took money for it instead.
        paid_by: Option<PaymentId>,
    },
    /// An order was completed by a payment of another buyer or another total.
    PaidOtherwise {
        /// What paid it.
        payment: PaymentId,
        /// What the order costs.
        total: Money,
        /// What was paid.
        paid: Money,
    },
    /// An order was completed, and its money goes back or went back.
    GivenBack {
        /// What had paid it.
        payment: PaymentId,
    },
    /// Two payments took money for one order.
    PaidTwice {
        /// One of them.
        payment: PaymentId,
        /// The other.
        other: PaymentId,
    },
    /// A payment keeps the money of an order that is not completed.
    KeptFor {
        /// Which order.
        order: OrderId,
        /// Whether it can still be completed.
        cancelled: bool,
    },
    /// A payment took money for an order that does not exist.
    WithoutOrder {
        /// Which order.
        order: OrderId,
    },
    /// The money that was kept is not what the completed orders cost, in minor units.
    Unbalanced {
        /// What was captured and neither went back nor is to.
        kept: u128,
        /// What the completed orders cost.
        worth: u128,
    },
    /// The gateway took something else than the payments service believes.
    Disputed {
        /// What the payments service believes.
        booked: Booked,
        /// What the gateway did.
        charged: Booked,
    },
    /// A replica is not what its source is.
    Replica {
        /// Which replica.
        of: Replica,
        /// How it differs.
        drift: Drift,
    },
    /// Events were committed long ago and are not published.
    Unpublished {
        /// How many.
        events: u64,
        /// When the oldest was committed.
        since: Timestamp,
    },
    /// Deliveries could not be handled and wait for somebody.
    Parked {
        /// How many.
        deliveries: u64,
    },
    /// An order awaits payment long after its deadline.
    Overdue {
        /// The deadline.
        pay_by: Timestamp,
    },
    /// An event was called off, and orders of it go on.
    NotEnded {
        /// What its stock counts.
        counted: Sales,
        /// Places of orders that await payment.
        held: u64,
        /// Places of completed orders, whose buyers have no money back.
        sold: u64,
    },
    /// A paid order has no letter that tells its buyer what became of it.
    Untold {
        /// When it was completed or refunded.
        since: Timestamp,
    },
    /// Letters wait to be sent long after they were due.
    Unsent {
        /// When the first of them was due.
        since: Timestamp,
    },
    /// A payment has no end long after it began.
    Unsettled {
        /// When it began.
        since: Timestamp,
        /// Whether it is the refund that has not happened.
        refund_due: bool,
    },
}

/// What became of the money of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// None was taken.
    Nothing,
    /// It was taken.
    Taken(Money),
    /// It was taken and went back.
    GivenBack(Money),
}

/// What one service keeps of another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Replica {
    /// Of a ticket, in the orders service.
    Stock,
    /// Of the count of a stock, in the tickets service.
    Sales,
    /// Of an order, in the payments service.
    Payable,
    /// Of an order, in the admissions service: the passes that it must have.
    Admission,
    /// Of a ticket, in the admissions service.
    Entrance,
    /// Of an order that was paid, in the notifications service.
    PaidOrder,
    /// Of a ticket, in the notifications service.
    Ticket,
}

/// How a replica differs from its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// There is none.
    Missing {
        /// The version of the source.
        source: u64,
    },
    /// There is no source.
    Orphaned {
        /// The version of the replica.
        held: u64,
    },
    /// It is of another version.
    Version {
        /// The version of the source.
        source: u64,
        /// The version of the replica.
        held: u64,
    },
    /// It is of the same version and says something else.
    Content {
        /// The version of both.
        version: u64,
        /// What differs.
        fields: Vec<&'static str>,
    },
}

impl Finding {
    pub(super) const fn ticket(id: TicketId, what: What) -> Self {
        Self { subject: Subject::Ticket(id), what }
    }

    pub(super) const fn order(id: OrderId, what: What) -> Self {
        Self { subject: Subject::Order(id), what }
    }

    pub(super) const fn payment(id: PaymentId, what: What) -> Self {
        Self { subject: Subject::Payment(id), what }
    }

    /// Which invariant of the marketplace it breaks, by its number.
    ///
    /// 0: every record can be read. 1: nothing is sold twice. 2: money and orders match. 3: every event arrives.
    /// 4: every replica equals its source. 5: everything comes to its end.
    #[must_use]
    pub const fn invariant(&self) -> u8 {
        match self.what {
            What::Unreadable { .. } => 0,
            What::Miscounted { .. } | What::Oversold { .. } | What::WithoutStock { .. } => 1,
            What::Unpaid { .. }
            | What::PaidOtherwise { .. }
            | What::GivenBack { .. }
            | What::PaidTwice { .. }
            | What::KeptFor { .. }
            | What::WithoutOrder { .. }
            | What::Unbalanced { .. }
            | What::Disputed { .. } => 2,
            What::Unpublished { .. } | What::Parked { .. } => 3,
            What::Replica { .. } => 4,
            What::Overdue { .. }
            | What::NotEnded { .. }
            | What::Untold { .. }
            | What::Unsent { .. }
            | What::Unsettled { .. } => 5,
        }
    }
}

impl Drift {
    /// The version of the replica.
    pub(super) const fn held(&self) -> Option<u64> {
        match self {
            Self::Missing { .. } => None,
            Self::Orphaned { held } | Self::Version { held, .. } => Some(*held),
            Self::Content { version, .. } => Some(*version),
        }
    }
}
