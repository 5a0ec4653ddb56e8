//! Event ⇄ JSON: the shapes of the payloads, apart from the domain so that neither binds the other.

mod account;
mod order;
mod pass;
mod payment;
mod ticket;

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::event_facts::FactsKnown;
use crate::domain::ids::OrderId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::ticket::Sales;
use crate::domain::time::Timestamp;

use super::Undecodable;

use account::{AccountPayload, BrowserPayload};
use order::OrderPayload;
use pass::PassPayload;
use payment::PaymentPayload;
use ticket::TicketPayload;

/// Every type of event there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    AccountRegistered,
    AccountAddressConfirmed,
    AccountConfirmationRequested,
    AccountResetRequested,
    AccountPasswordChanged,
    AccountBrowserAdded,
    AccountRenamed,
    AccountDeleted,
    TicketCreated,
    TicketUpdated,
    TicketRescheduled,
    TicketCalledOff,
    TicketWithdrawn,
    OrderCreated,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PassIssued,
    PassUsed,
    PassVoided,
    ExpirationCompleted,
}

impl Kind {
    const ALL: [Self; 24] = [
        Self::AccountRegistered,
        Self::AccountAddressConfirmed,
        Self::AccountConfirmationRequested,
        Self::AccountResetRequested,
        Self::AccountPasswordChanged,
        Self::AccountBrowserAdded,
        Self::AccountRenamed,
        Self::AccountDeleted,
        Self::TicketCreated,
        Self::TicketUpdated,
        Self::TicketRescheduled,
        Self::TicketCalledOff,
        Self::TicketWithdrawn,
        Self::OrderCreated,
        Self::OrderCancelled,
        Self::OrderCompleted,
        Self::OrderRefunded,
        Self::PaymentCaptured,
        Self::PaymentFailed,
        Self::PaymentRefunded,
        Self::PassIssued,
        Self::PassUsed,
        Self::PassVoided,
        Self::ExpirationCompleted,
    ];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AccountRegistered => "account.registered",
            Self::AccountAddressConfirmed => "account.address_confirmed",
            Self::AccountConfirmationRequested => "account.confirmation_requested",
            Self::AccountResetRequested => "account.reset_requested",
            Self::AccountPasswordChanged => "account.password_changed",
            Self::AccountBrowserAdded => "account.browser_added",
            Self::AccountRenamed => "account.renamed",
            Self::AccountDeleted => "account.deleted",
            Self::TicketCreated => "ticket.created",
            Self::TicketUpdated => "ticket.updated",
            Self::TicketRescheduled => "ticket.rescheduled",
            Self::TicketCalledOff => "ticket.called_off",
            Self::TicketWithdrawn => "ticket.withdrawn",
            Self::OrderCreated => "order.created",
            Self::OrderCancelled => "order.cancelled",
            Self::OrderCompleted => "order.completed",
            Self::OrderRefunded => "order.refunded",
            Self::PaymentCaptured => "payment.captured",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentRefunded => "payment.refunded",
            Self::PassIssued => "pass.issued",
            Self::PassUsed => "pass.used",
            Self::PassVoided => "pass.voided",
            Self::ExpirationCompleted => "expiration.completed",
        }
    }
}

/// The type of an event, as its envelope names it.
pub(super) const fn kind(event: &Event) -> &'static str {
    match event {
        Event::AccountRegistered(_) => Kind::AccountRegistered.name(),
        Event::AccountAddressConfirmed(_) => Kind::AccountAddressConfirmed.name(),
        Event::AccountConfirmationRequested(_) => Kind::AccountConfirmationRequested.name(),
        Event::AccountResetRequested(_) => Kind::AccountResetRequested.name(),
        Event::AccountPasswordChanged(_) => Kind::AccountPasswordChanged.name(),
        Event::AccountBrowserAdded { .. } => Kind::AccountBrowserAdded.name(),
        Event::AccountRenamed(_) => Kind::AccountRenamed.name(),
        Event::AccountDeleted(_) => Kind::AccountDeleted.name(),
        Event::TicketCreated(_) => Kind::TicketCreated.name(),
        Event::TicketUpdated(_) => Kind::TicketUpdated.name(),
        Event::TicketRescheduled(_) => Kind::TicketRescheduled.name(),
        Event::TicketCalledOff(_) => Kind::TicketCalledOff.name(),
        Event::TicketWithdrawn(_) => Kind::TicketWithdrawn.name(),
        Event::OrderCreated(_) => Kind::OrderCreated.name(),
        Event::OrderCancelled(_) => Kind::OrderCancelled.name(),
        Event::OrderCompleted(_) => Kind::OrderCompleted.name(),
        Event::OrderRefunded(_) => Kind::OrderRefunded.name(),
        Event::PaymentCaptured(_) => Kind::PaymentCaptured.name(),
        Event::PaymentFailed(_) => Kind::PaymentFailed.name(),
        Event::PaymentRefunded(_) => Kind::PaymentRefunded.name(),
        Event::PassIssued(_) => Kind::PassIssued.name(),
        Event::PassUsed(_) => Kind::PassUsed.name(),
        Event::PassVoided(_) => Kind::PassVoided.name(),
        Event::ExpirationCompleted { .. } => Kind::ExpirationCompleted.name(),
    }
}

pub(super) fn encode(event: &Event) -> Bytes {
    match event {
        Event::AccountRegistered(account)
        | Event::AccountAddressConfirmed(account)
        | Event::AccountConfirmationRequested(account)
        | Event::AccountResetRequested(account)
        | Event::AccountPasswordChanged(account)
        | Event::AccountRenamed(account)
        | Event::AccountDeleted(account) => json(&AccountPayload::from(account)),
        Event::AccountBrowserAdded { account, device } => {
            json(&BrowserPayload { account: account.into(), device: Cow::Borrowed(device) })
        }
        Event::TicketCreated(change)
        | Event::TicketUpdated(change)
        | Event::TicketRescheduled(change)
        | Event::TicketCalledOff(change)
        | Event::TicketWithdrawn(change) => json(&TicketPayload::from(change)),
        Event::OrderCreated(change)
        | Event::OrderCancelled(change)
        | Event::OrderCompleted(change)
        | Event::OrderRefunded(change) => json(&OrderPayload::from(change)),
        Event::PaymentCaptured(payment) | Event::PaymentFailed(payment) | Event::PaymentRefunded(payment) => {
            json(&PaymentPayload::from(payment))
        }
        Event::PassIssued(pass) | Event::PassUsed(pass) | Event::PassVoided(pass) => json(&PassPayload::from(pass)),
        Event::ExpirationCompleted { order, pay_by } => {
            json(&ExpirationPayload { order_id: order.uuid(), pay_by: (*pay_by).into() })
        }
    }
}

pub(super) fn decode(kind: Kind, data: &Bytes) -> Result<Event, Undecodable> {
    Ok(match kind {
        Kind::AccountRegistered => Event::AccountRegistered(read::<AccountPayload<'_>>(data)?.into()),
        Kind::AccountAddressConfirmed => Event::AccountAddressConfirmed(read::<AccountPayload<'_>>(data)?.into()),
        Kind::AccountConfirmationRequested => {
            Event::AccountConfirmationRequested(read::<AccountPayload<'_>>(data)?.into())
        }
        Kind::AccountResetRequested => Event::AccountResetRequested(read::<AccountPayload<'_>>(data)?.into()),
        Kind::AccountPasswordChanged => Event::AccountPasswordChanged(read::<AccountPayload<'_>>(data)?.into()),
        Kind::AccountBrowserAdded => {
            let payload: BrowserPayload<'_> = read(data)?;
            Event::AccountBrowserAdded { account: payload.account.into(), device: payload.device.into() }
        }
        Kind::AccountRenamed => Event::AccountRenamed(read::<AccountPayload<'_>>(data)?.into()),
        Kind::AccountDeleted => Event::AccountDeleted(read::<AccountPayload<'_>>(data)?.into()),
        Kind::TicketCreated => Event::TicketCreated(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::TicketUpdated => Event::TicketUpdated(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::TicketRescheduled => Event::TicketRescheduled(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::TicketCalledOff => Event::TicketCalledOff(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::TicketWithdrawn => Event::TicketWithdrawn(read::<TicketPayload<'_>>(data)?.try_into()?),
        Kind::OrderCreated => Event::OrderCreated(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::OrderCancelled => Event::OrderCancelled(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::OrderCompleted => Event::OrderCompleted(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::OrderRefunded => Event::OrderRefunded(read::<OrderPayload<'_>>(data)?.try_into()?),
        Kind::PaymentCaptured => Event::PaymentCaptured(read::<PaymentPayload<'_>>(data)?.try_into()?),
        Kind::PaymentFailed => Event::PaymentFailed(read::<PaymentPayload<'_>>(data)?.try_into()?),
        Kind::PaymentRefunded => Event::PaymentRefunded(read::<PaymentPayload<'_>>(data)?.try_into()?),
        Kind::PassIssued => Event::PassIssued(read::<PassPayload>(data)?.try_into()?),
        Kind::PassUsed => Event::PassUsed(read::<PassPayload>(data)?.try_into()?),
        Kind::PassVoided => Event::PassVoided(read::<PassPayload>(data)?.try_into()?),
        Kind::ExpirationCompleted => {
            let payload: ExpirationPayload = read(data)?;
            Event::ExpirationCompleted { order: OrderId::new(payload.order_id), pay_by: payload.pay_by.into() }
        }
    })
}

fn json(payload: &impl Serialize) -> Bytes {
    serde_json::to_vec(payload).map(Bytes::from).expect("a payload has no map with keys that are not text")
}

fn read<'a, P: Deserialize<'a>>(data: &'a Bytes) -> Result<P, Undecodable> {
    serde_json::from_slice(data).map_err(|error| Undecodable::new(format!("the payload is malformed: {error}")))
}

/// RFC 3339 text on the wire.
#[derive(Clone, Copy)]
struct Rfc3339(Timestamp);

impl From<Timestamp> for Rfc3339 {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl From<Rfc3339> for Timestamp {
    fn from(time: Rfc3339) -> Self {
        time.0
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Rfc3339 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("a time is not RFC 3339"))
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SalesPayload {
    held: u32,
    sold: u32,
    version: u64,
}

impl From<Sales> for SalesPayload {
    fn from(Sales { held, sold, version }: Sales) -> Self {
        Self { held, sold, version }
    }
}

impl From<SalesPayload> for Sales {
    fn from(SalesPayload { held, sold, version }: SalesPayload) -> Self {
        Self { held, sold, version }
    }
}

#[derive(Serialize, Deserialize)]
struct MoneyPayload<'a> {
    amount: u64,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

impl From<Money> for MoneyPayload<'_> {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: Cow::Borrowed(money.currency.code()) }
    }
}

impl TryFrom<MoneyPayload<'_>> for Money {
    type Error = Undecodable;

    fn try_from(money: MoneyPayload<'_>) -> Result<Self, Undecodable> {
        let currency = money.currency.parse().map_err(|_| Undecodable::new("the currency is unknown"))?;
        Ok(Self { amount: money.amount, currency })
    }
}

/// Absent where it says what releases without it knew, which said nothing.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum FactsKnownPayload {
    Title,
    PlaceAndTime,
    All,
}

impl FactsKnownPayload {
    fn unless(said: FactsKnown, known: FactsKnown) -> Option<Self> {
        let payload = match known {
            FactsKnown::Title => Self::Title,
            FactsKnown::PlaceAndTime => Self::PlaceAndTime,
            FactsKnown::All => Self::All,
        };
        (known != said).then_some(payload)
    }
}

impl From<FactsKnownPayload> for FactsKnown {
    fn from(known: FactsKnownPayload) -> Self {
        match known {
            FactsKnownPayload::Title => Self::Title,
            FactsKnownPayload::PlaceAndTime => Self::PlaceAndTime,
            FactsKnownPayload::All => Self::All,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpirationPayload {
    order_id: Uuid,
    pay_by: Rfc3339,
}

fn price(money: MoneyPayload<'_>) -> Result<Price, Undecodable> {
    Price::new(money.try_into()?).map_err(|_| Undecodable::new("the price is out of bounds"))
}

fn quantity(places: u32) -> Result<Quantity, Undecodable> {
    Quantity::new(places).map_err(|_| Undecodable::new("the quantity is out of bounds"))
}
