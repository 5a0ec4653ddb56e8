//! Findings as sentences.

use std::fmt;

use crate::domain::ticket::Sales;

use super::finding::{Booked, Drift, Finding, Replica, Subject, What};

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.what)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticket(id) => write!(f, "ticket {id}"),
            Self::Order(id) => write!(f, "order {id}"),
            Self::Payment(id) => write!(f, "payment {id}"),
            Self::Currency(currency) => write!(f, "the {currency} that was kept"),
            Self::Service(name) => write!(f, "the {name} service"),
            Self::Record { collection, id } => write!(f, "the document {id} of {collection}"),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { what } => write!(f, "cannot be read: it holds {what}"),
            Self::Miscounted { counted: Sales { held: h, sold: s, .. }, held, sold } => {
                write!(f, "counts {h} places held and {s} sold, and its orders have {held} held and {sold} sold")
            }
            Self::Oversold { quantity, counted: Sales { held, sold, .. } } => {
                write!(f, "offers {} places and has {held} held and {sold} sold", quantity.get())
            }
            Self::WithoutStock { orders } => write!(f, "has no stock and orders: {orders}"),
            Self::Unpaid { payment, paid_by: None } => {
                write!(f, "was completed by payment {payment}, which took no money for it")
            }
            Self::Unpaid { payment, paid_by: Some(other) } => {
                write!(f, "was completed by payment {payment}, and payment {other} took the money for it")
            }
            Self::PaidOtherwise { payment, total, paid } if total == paid => {
                write!(f, "was completed by payment {payment}, which is of another buyer")
            }
            Self::PaidOtherwise { payment, total, paid } => {
                write!(f, "costs {total}, and payment {payment}, which completed it, took {paid}")
            }
            Self::GivenBack { payment } => {
                write!(f, "is completed, and the money of its payment {payment} goes back or went back")
            }
            Self::PaidTwice { payment, other } => write!(f, "was paid twice: by payment {payment} and by {other}"),
            Self::KeptFor { order, cancelled } => {
                let state = if *cancelled { "is cancelled" } else { "still awaits payment" };
                write!(f, "keeps the money of order {order}, which {state}")
            }
            Self::WithoutOrder { order } => write!(f, "took money for order {order}, which does not exist"),
            Self::Unbalanced { kept, worth } => {
                write!(f, "comes to {kept} minor units, and the completed orders cost {worth}")
            }
            Self::Disputed { booked, charged } => write!(f, "{booked}, by the books, and by the gateway {charged}"),
            Self::Replica { of, drift } => of.write(drift, f),
            Self::Unpublished { events, since } => {
                write!(f, "has not published events: {events}, the oldest committed at {since}")
            }
            Self::Parked { deliveries } => write!(f, "has parked deliveries: {deliveries}"),
            Self::Overdue { pay_by } => write!(f, "awaits a payment that was due at {pay_by}"),
            Self::NotEnded { held, sold, .. } => {
                write!(f, "was called off, and its orders still have {held} places held and {sold} sold")
            }
            Self::Untold { since } => write!(f, "came to its end at {since}, and its buyer has no letter about it"),
            Self::Unsent { since } => write!(f, "has letters to send, the first of them since {since}"),
            Self::Unsettled { since, refund_due } => {
                let state = if *refund_due { ", and its money is still to go back" } else { " and is still pending" };
                write!(f, "began at {since}{state}")
            }
        }
    }
}

impl fmt::Display for Booked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("took nothing"),
            Self::Taken(money) => write!(f, "took {money}"),
            Self::GivenBack(money) => write!(f, "gave {money} back"),
        }
    }
}

impl Replica {
    fn write(self, drift: &Drift, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of_what, holder) = match self {
            Self::Stock => ("", "orders"),
            Self::Sales => (" of its sales", "tickets"),
            Self::Payable => ("", "payments"),
            Self::Admission | Self::Entrance => ("", "admissions"),
            Self::PaidOrder | Self::Ticket => ("", "notifications"),
        };
        match drift {
            Drift::Missing { source } => {
                write!(f, "is at version {source}, and the {holder} service does not know it")
            }
            Drift::Orphaned { held } => {
                write!(f, "does not exist, and the {holder} service knows version {held} of it")
            }
            Drift::Version { source, held } => {
                write!(f, "is at version {source}{of_what}, and the {holder} service holds version {held}")
            }
            Drift::Content { version, fields } => {
                let fields = fields.join(", ");
                write!(f, "is at version {version}{of_what}, and the {holder} service holds another {fields}")
            }
        }
    }
}
