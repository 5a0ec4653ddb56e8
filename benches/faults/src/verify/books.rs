//! What lies in the databases of all services, or in their file, as far as it can be checked.

mod databases;
mod file;

use serde::Deserialize;

use crate::Error;
use crate::backend::Backend;
use crate::postbox::{Arrived, Postbox};

pub(super) use file::damage;

/// Everything at once; a run makes no more than fits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    pub(crate) stocks: Vec<Stock>,
    pub(crate) orders: Vec<Order>,
    pub(crate) listings: Vec<Listing>,
    pub(crate) payables: Vec<Payable>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) letters: Vec<Letter>,
    /// How often each letter arrived.
    pub(crate) arrived: Arrived,
    pub(crate) waiting: Vec<Waiting>,
}

/// What waits in the database of a service.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) service: &'static str,
    pub(crate) unpublished: u64,
    pub(crate) parked: Vec<Parked>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Sales {
    pub(crate) held: u64,
    pub(crate) sold: u64,
    pub(crate) version: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Money {
    pub(crate) amount: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Stock {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) quantity: u64,
    pub(crate) ticket_version: i64,
    pub(crate) sales: Sales,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Order {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) buyer: bson::Uuid,
    pub(crate) ticket: bson::Uuid,
    pub(crate) price: Money,
    pub(crate) quantity: u32,
    pub(crate) status: OrderStatus,
    pub(crate) payment: Option<bson::Uuid>,
    pub(crate) key: Option<String>,
    pub(crate) version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderStatus {
    AwaitingPayment,
    Completed,
    CancelledByBuyer,
    Expired,
    CancelledByCallOff,
    RefundedByCallOff,
    RefundedByBuyer,
    RefundedBySeller,
}

impl OrderStatus {
    /// Whether its money went back, or is to.
    pub(crate) const fn is_refunded(self) -> bool {
        matches!(self, Self::RefundedByCallOff | Self::RefundedByBuyer | Self::RefundedBySeller)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listing {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) version: i64,
    pub(crate) sales: Sales,
    #[serde(default)]
    pub(crate) called_off: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Payable {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) status: PayableStatus,
    pub(crate) order_version: i64,
    pub(crate) total: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PayableStatus {
    Open,
    Completed,
    Cancelled,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Payment {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) order: bson::Uuid,
    pub(crate) buyer: bson::Uuid,
    pub(crate) total: Money,
    pub(crate) status: PaymentStatus,
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    Pending,
    Captured,
    Failed,
    RefundDue,
    Refunded,
}

/// What the gateway knows of a payment; without a reference it took nothing.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Attempt {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) reference: Option<String>,
    pub(crate) total: Option<Money>,
    pub(crate) refunded: bool,
}

/// What somebody is told.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Letter {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) reason: String,
    pub(crate) order: Option<bson::Uuid>,
    pub(crate) status: LetterStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LetterStatus {
    Waiting,
    Sending,
    Sent,
    NothingToSay,
    Refused,
    TooLate,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Parked {
    #[serde(rename = "_id")]
    pub(crate) id: bson::Uuid,
    pub(crate) consumer: String,
    pub(crate) key: String,
    pub(crate) reason: String,
}

impl Books {
    /// Reads what is stored, and then what arrived: a letter is noted as sent when it has.
    pub(crate) async fn read(backend: &Backend, postbox: &Postbox) -> Result<Self, Error> {
        let stored = match backend {
            Backend::Engines(cluster) => databases::read(&cluster.mongodb).await?,
            Backend::File(file) => file::read(&file.database())?,
        };
        Ok(Self { arrived: postbox.arrived(), ..stored })
    }
}
