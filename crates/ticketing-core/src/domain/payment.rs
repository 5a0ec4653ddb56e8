//! Payments: money is taken once, or refunded.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::buyer_action::BuyerAction;
use super::event::Event;
use super::ids::{AccountId, OrderId, PaymentId, TicketId};
use super::money::Money;
use super::order::{IdempotencyKey, Order, OrderStatus};
use super::time::Timestamp;

/// The longest an order may await payment; no order may hold its places for longer.
///
/// Until then an order that is unknown to payments may still have its event in flight, however long the transport
/// is down.
pub const PAYABLE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// The payments service's replica of an order, with the attempt in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payable {
    /// The order.
    pub order: OrderId,
    /// The ticket.
    pub ticket: TicketId,
    /// The only account that may pay it.
    pub buyer: AccountId,
    /// The amount to pay.
    pub total: Money,
    /// The state of the order at `order_version`.
    pub status: PayableStatus,
    /// The version of the order that this replica holds.
    pub order_version: u64,
    /// The attempt that is in progress or took the money. Invariant: at most one.
    pub live: Option<PaymentId>,
    /// How many attempts took no money.
    pub declined: u32,
}

/// Whether an order can be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayableStatus {
    /// It awaits payment.
    Open {
        /// The deadline for starting a payment.
        pay_by: Timestamp,
    },
    /// It is paid.
    Completed,
    /// It was cancelled or refunded: it must not be paid, and money that was taken goes back.
    Cancelled,
}

/// One attempt to pay an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Unique id (UUID version 7), and the idempotency key for the gateway.
    pub id: PaymentId,
    /// The order.
    pub order: OrderId,
    /// The ticket.
    pub ticket: TicketId,
    /// The account that pays.
    pub buyer: AccountId,
    /// The amount.
    pub total: Money,
    /// The state.
    pub status: PaymentStatus,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its status last changed, as far as that is known. It never travels in an event, whose envelope has it.
    pub changed_at: Option<Timestamp>,
    /// The request's idempotency key; unique per buyer.
    pub key: Option<IdempotencyKey>,
    /// Distinguishes a repetition under the key from a request with another card; absent without a key, and in
    /// attempts from before cards were stored.
    pub card: Option<CardDigest>,
    /// The number of events so far.
    pub version: u64,
}

/// The stored digest of an attempt's card: enough to recognise it, useless for charging it.
///
/// It covers the attempt, so that one card has a different digest in every attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CardDigest([u8; 32]);

impl CardDigest {
    /// Digests a card token for one attempt.
    #[must_use]
    pub fn of(payment: PaymentId, token: &str) -> Self {
        Self(Sha256::new().chain_update(payment.uuid().as_bytes()).chain_update(token).finalize().into())
    }

    /// Wraps a stored digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest to store.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CardDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardDigest(…)")
    }
}

/// The state of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Committed before the gateway is called; its result is not committed yet.
    Pending,
    /// Pending, and the gateway goes on once the buyer has acted.
    AwaitingBuyer {
        /// What the buyer must do. It never travels in an event.
        action: BuyerAction,
    },
    /// The money was taken and pays the order.
    Captured {
        /// The gateway's id of the charge.
        reference: Arc<str>,
    },
    /// No money was taken, and none will be.
    Failed {
        /// The reason as a code, such as `card_declined`.
        reason: Arc<str>,
    },
    /// The money was taken for an order that was cancelled or refunded, and must go back.
    RefundDue {
        /// The gateway's id of the charge.
        reference: Arc<str>,
    },
    /// The money was refunded.
    Refunded {
        /// The gateway's id of the charge.
        reference: Arc<str>,
    },
}

/// The gateway's result of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureOutcome {
    /// The money was taken.
    Captured {
        /// The gateway's id of the charge.
        reference: Arc<str>,
    },
    /// No money was taken, and none will be under this key.
    Declined {
        /// The reason as a code.
        reason: Arc<str>,
    },
    /// No money was taken yet. Once the buyer has acted, the gateway takes it or declines, without another call.
    ActionRequired(BuyerAction),
}

/// Why a payment cannot be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentRefusal {
    /// The order was already charged.
    AlreadyPaid,
    /// The order is cancelled.
    OrderCancelled,
    /// The deadline passed.
    Overdue,
    /// Too many cards were declined for it.
    TooManyDeclines,
    /// Another attempt has no result yet.
    InProgress {
        /// The other attempt.
        payment: PaymentId,
    },
}

/// A buyer's request to pay.
#[derive(Debug, Clone)]
pub struct PaymentRequest {
    /// The id for the attempt.
    pub id: PaymentId,
    /// The request's idempotency key.
    pub key: Option<IdempotencyKey>,
    /// The card to charge.
    pub card: Option<CardDigest>,
}

impl Payable {
    /// How many attempts may be declined; after that the order takes no more, and its places are released at
    /// its expiry.
    pub const MAX_DECLINED: u32 = 10;

    /// A new replica of an order without payment attempts.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        Self {
            order: order.id,
            ticket: order.ticket.id,
            buyer: order.buyer,
            total: order.total(),
            status: PayableStatus::of(order.status),
            order_version: order.version,
            live: None,
            declined: 0,
        }
    }

    /// Applies a newer version of the order; `None` if this version is not newer.
    ///
    /// `live` is the attempt that [`Payable::live`] names, if any;
    /// it is returned if it changed because its money must be refunded.
    #[must_use]
    pub fn follow(&self, order: &Order, live: Option<Payment>) -> Option<(Self, Option<Payment>)> {
        if order.version <= self.order_version {
            return None;
        }
        let payable = Self { live: self.live, declined: self.declined, ..Self::of(order) };
        let due = live.and_then(|payment| payable.demand_refund(payment));
        Some((payable, due))
    }

    /// Starts an attempt. It emits no event: nothing has happened yet.
    ///
    /// # Errors
    ///
    /// [`PaymentRefusal`] if the order cannot be paid, or `live` is in progress.
    pub fn attempt(
        self,
        live: Option<&Payment>,
        request: PaymentRequest,
        now: Timestamp,
    ) -> Result<(Self, Payment), PaymentRefusal> {
        self.may_attempt(live, now)?;
        let payment = Payment {
            id: request.id,
            order: self.order,
            ticket: self.ticket,
            buyer: self.buyer,
            total: self.total,
            status: PaymentStatus::Pending,
            started_at: now,
            changed_at: None,
            card: request.card.filter(|_| request.key.is_some()),
            key: request.key,
            version: 0,
        };
        Ok((Self { live: Some(payment.id), ..self }, payment))
    }

    /// Applies the gateway's result; `None` if it changes nothing, such as a result of an attempt that has ended.
    ///
    /// Money taken for an order that was cancelled in the meantime is marked for refund. An attempt that awaits its
    /// buyer has not ended, so it emits no event.
    #[must_use]
    pub fn settle(self, payment: Payment, outcome: CaptureOutcome) -> Option<(Self, Payment, Option<Event>)> {
        if payment.has_ended() {
            return None;
        }
        let version = payment.version + 1;
        Some(match outcome {
            CaptureOutcome::Captured { reference } => {
                let captured = Payment { status: PaymentStatus::Captured { reference }, version, ..payment };
                let event = Event::PaymentCaptured(captured.clone());
                let payment = self.demand_refund(captured.clone()).unwrap_or(captured);
                (self, payment, Some(event))
            }
            CaptureOutcome::Declined { reason } => {
                let payment = Payment { status: PaymentStatus::Failed { reason }, version, ..payment };
                let event = Event::PaymentFailed(payment.clone());
                (Self { live: None, declined: self.declined.saturating_add(1), ..self }, payment, Some(event))
            }
            CaptureOutcome::ActionRequired(action) if payment.action() == Some(&action) => return None,
            CaptureOutcome::ActionRequired(action) => {
                (self, Payment { status: PaymentStatus::AwaitingBuyer { action }, ..payment }, None)
            }
        })
    }

    fn may_attempt(&self, live: Option<&Payment>, now: Timestamp) -> Result<(), PaymentRefusal> {
        let pay_by = match self.status {
            PayableStatus::Open { pay_by } => pay_by,
            PayableStatus::Completed => return Err(PaymentRefusal::AlreadyPaid),
            PayableStatus::Cancelled => return Err(PaymentRefusal::OrderCancelled),
        };
        match live {
            Some(payment) if !payment.has_ended() => Err(PaymentRefusal::InProgress { payment: payment.id }),
            Some(_) => Err(PaymentRefusal::AlreadyPaid),
            None if now >= pay_by => Err(PaymentRefusal::Overdue),
            None if self.declined >= Self::MAX_DECLINED => Err(PaymentRefusal::TooManyDeclines),
            None => Ok(()),
        }
    }

    fn demand_refund(&self, payment: Payment) -> Option<Payment> {
        match payment.status {
            PaymentStatus::Captured { reference } if self.status == PayableStatus::Cancelled => {
                Some(Payment { status: PaymentStatus::RefundDue { reference }, ..payment })
            }
            _ => None,
        }
    }
}

impl PayableStatus {
    const fn of(status: OrderStatus) -> Self {
        match status {
            OrderStatus::AwaitingPayment { pay_by } => Self::Open { pay_by },
            OrderStatus::Completed { .. } => Self::Completed,
            OrderStatus::Cancelled { .. } | OrderStatus::Refunded { .. } => Self::Cancelled,
        }
    }
}

impl Payment {
    /// Whether it was started with this card, if that was stored.
    #[must_use]
    pub fn may_be_of(&self, token: &str) -> bool {
        self.card.is_none_or(|card| card == CardDigest::of(self.id, token))
    }

    /// Whether the gateway said how it ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        !matches!(self.status, PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. })
    }

    /// What the buyer must do before it goes on, if anything.
    #[must_use]
    pub const fn action(&self) -> Option<&BuyerAction> {
        match &self.status {
            PaymentStatus::AwaitingBuyer { action } => Some(action),
            _ => None,
        }
    }

    /// The same, after its status changed at this time.
    #[must_use]
    pub fn changed(self, now: Timestamp) -> Self {
        Self { changed_at: Some(now), ..self }
    }

    /// Whether the gateway should be asked about it, if that was last considered at `since`.
    ///
    /// Buyers take minutes to act and the gateway sends a notice of it, so an attempt that awaits its buyer is looked
    /// up with pauses as long as its age, up to an hour; the first time at the age of `grace`.
    #[must_use]
    pub fn is_look_up_due(&self, grace: Duration, since: Option<Timestamp>, now: Timestamp) -> bool {
        let (Some(_), Some(since)) = (self.action(), since) else { return true };
        let due = |until: Timestamp| look_ups_due(until.since(self.started_at), grace);
        self.started_at > now || due(since) < due(now)
    }

    /// Marks the money as refunded; `None` if no refund was due.
    #[must_use]
    pub fn refunded(self) -> Option<(Self, Event)> {
        match self.status {
            PaymentStatus::RefundDue { reference } => {
                let version = self.version + 1;
                let payment = Self { status: PaymentStatus::Refunded { reference }, version, ..self };
                let event = Event::PaymentRefunded(payment.clone());
                Some((payment, event))
            }
            _ => None,
        }
    }
}

/// How many look-ups are due up to an age: at `first`, at each doubling of it, and from the first hour each hour.
fn look_ups_due(age: Duration, first: Duration) -> u64 {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let doublings = (age.min(HOUR).as_millis() / first.as_millis().max(1)).checked_ilog2();
    doublings.map_or(0, |doublings| u64::from(doublings) + 1) + age.as_secs() / HOUR.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attributes::Attributes;
    use crate::domain::buyer_action::ActionUrl;
    use crate::domain::event_facts::EventFacts;
    use crate::domain::money::{Price, Quantity};
    use crate::domain::order::{CancelReason, OrderedTicket};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const PAY_BY: Timestamp = Timestamp::from_millis(1_900_000);

    fn order(version: u64, status: OrderStatus) -> Order {
        let price = Price::new(Money { amount: 1200, currency: "EUR".parse().unwrap() }).unwrap();
        Order {
            id: OrderId::new(Uuid::from_u128(20)),
            buyer: AccountId::new(Uuid::from_u128(2)),
            ticket: OrderedTicket {
                id: TicketId::new(Uuid::from_u128(9)),
                seller_name: None,
                event: EventFacts::default().into(),
                attributes: Attributes::NONE,
                price,
            },
            quantity: Quantity::ONE,
            status,
            placed_at: NOW,
            used: false,
            key: None,
            version,
        }
    }

    fn open() -> Payable {
        Payable::of(&order(1, OrderStatus::AwaitingPayment { pay_by: PAY_BY }))
    }

    fn cancelled() -> Order {
        order(2, OrderStatus::Cancelled { reason: CancelReason::Expired, at: PAY_BY })
    }

    fn request(n: u128) -> PaymentRequest {
        PaymentRequest { id: PaymentId::new(Uuid::from_u128(n)), key: None, card: None }
    }

    fn captured() -> CaptureOutcome {
        CaptureOutcome::Captured { reference: "ch_1".into() }
    }

    fn action(n: u32) -> CaptureOutcome {
        CaptureOutcome::ActionRequired(BuyerAction::Redirect(
            ActionUrl::parse(&format!("https://bank.example/{n}")).unwrap(),
        ))
    }

    fn awaiting_buyer() -> (Payable, Payment) {
        let (payable, payment) = open().attempt(None, request(1), NOW).unwrap();
        let (payable, payment, event) = payable.settle(payment, action(1)).unwrap();
        assert_eq!((event, payment.version), (None, 0), "nothing has happened yet");
        (payable, payment)
    }

    #[test]
    fn an_attempt_that_awaits_its_buyer_stays_the_only_one() {
        let (payable, payment) = awaiting_buyer();

        assert_eq!(
            payable.clone().attempt(Some(&payment), request(2), NOW).unwrap_err(),
            PaymentRefusal::InProgress { payment: payment.id }
        );
        assert_eq!(payable.clone().settle(payment.clone(), action(1)), None, "the same action changes nothing");
        let (_, other, event) = payable.settle(payment.clone(), action(2)).unwrap();
        assert_eq!((other.action() == payment.action(), event), (false, None));
    }

    #[test]
    fn an_approved_action_pays_the_order_and_a_refused_one_frees_it() {
        let (payable, payment) = awaiting_buyer();
        let (_, paid, event) = payable.clone().settle(payment.clone(), captured()).unwrap();
        assert_eq!((event, paid.version), (Some(Event::PaymentCaptured(paid.clone())), 1));

        let declined = CaptureOutcome::Declined { reason: "abandoned".into() };
        let (payable, refused, _) = payable.settle(payment, declined).unwrap();
        assert_eq!((payable.live, payable.declined), (None, 1));
        assert!(payable.clone().attempt(None, request(2), NOW).is_ok());
        assert_eq!(payable.settle(refused, action(1)), None, "an action that comes late opens nothing again");
    }

    #[test]
    fn an_action_approved_after_the_order_was_cancelled_is_due_back() {
        let (payable, payment) = awaiting_buyer();
        let (payable, due) = payable.follow(&cancelled(), Some(payment.clone())).unwrap();
        let (_, payment, _) = payable.settle(payment, captured()).unwrap();

        assert_eq!(due, None, "no money was taken yet");
        assert!(matches!(payment.status, PaymentStatus::RefundDue { .. }));
    }

    #[test]
    fn a_buyer_is_waited_for_with_growing_pauses() {
        let (_, payment) = awaiting_buyer();
        let grace = Duration::from_secs(30);
        let looked_up = |payment: &Payment, seconds: std::ops::Range<u64>| {
            let at = |seconds| NOW.after(Duration::from_secs(seconds));
            let due = |second: &u64| payment.is_look_up_due(grace, Some(at(second.saturating_sub(1))), at(*second));
            seconds.filter(due).collect::<Vec<_>>()
        };

        assert_eq!(looked_up(&payment, 0..3600), [30, 60, 120, 240, 480, 960, 1920]);
        assert_eq!(looked_up(&payment, 3600..15_000), [3600, 7200, 10_800, 14_400], "then once an hour");
        assert!(payment.is_look_up_due(grace, None, NOW), "a process that has just started asks");
        let ahead = Payment { started_at: NOW.after(Duration::from_secs(100)), ..payment.clone() };
        assert_eq!(looked_up(&ahead, 98..100), [98, 99], "what began by a clock that ran ahead");
        let silent = Payment { status: PaymentStatus::Pending, ..payment };
        assert_eq!(looked_up(&silent, 0..3), [0, 1, 2], "a silent gateway is asked each time");
    }

    #[test]
    fn a_second_attempt_waits_for_the_first() {
        let (payable, first) = open().attempt(None, request(1), NOW).unwrap();

        assert_eq!(
            payable.attempt(Some(&first), request(2), NOW).unwrap_err(),
            PaymentRefusal::InProgress { payment: first.id }
        );
    }

    #[test]
    fn a_card_is_known_again_and_not_told() {
        let [one, other] = [1, 2].map(|n| PaymentId::new(Uuid::from_u128(n)));
        let keyed = PaymentRequest { key: Some("k".parse().unwrap()), card: Some(CardDigest::of(one, "tok")), id: one };
        let unkeyed = PaymentRequest { key: None, ..keyed.clone() };
        let began = |request| open().attempt(None, request, NOW).unwrap().1;

        assert!(began(keyed.clone()).may_be_of("tok") && !began(keyed.clone()).may_be_of("tok_other"));
        assert_eq!((began(unkeyed.clone()).card, began(unkeyed).may_be_of("anything")), (None, true));
        assert_ne!(CardDigest::of(one, "tok"), CardDigest::of(other, "tok"));
        assert!(!format!("{:?}", began(keyed)).contains("tok"));
    }

    #[test]
    fn a_declined_card_leaves_the_order_open() {
        let (payable, payment) = open().attempt(None, request(1), NOW).unwrap();
        let (payable, payment, event) =
            payable.settle(payment, CaptureOutcome::Declined { reason: "card_declined".into() }).unwrap();

        assert_eq!(event, Some(Event::PaymentFailed(payment)));
        assert!(payable.attempt(None, request(2), NOW).is_ok());
    }

    #[test]
    fn an_order_takes_few_declined_cards_and_is_told_of_them_by_no_news() {
        let mut payable = open();
        for n in 0..Payable::MAX_DECLINED {
            let (trying, payment) = payable.attempt(None, request(u128::from(n) + 1), NOW).unwrap();
            let declined = CaptureOutcome::Declined { reason: "card_declined".into() };
            payable = trying.settle(payment, declined).unwrap().0;
        }
        let (followed, _) = payable.follow(&order(2, OrderStatus::AwaitingPayment { pay_by: PAY_BY }), None).unwrap();

        assert_eq!(payable.attempt(None, request(99), NOW).unwrap_err(), PaymentRefusal::TooManyDeclines);
        assert_eq!(followed.attempt(None, request(99), NOW).unwrap_err(), PaymentRefusal::TooManyDeclines);
    }

    #[test]
    fn a_captured_order_is_never_charged_again() {
        let (payable, payment) = open().attempt(None, request(1), NOW).unwrap();
        let (payable, payment, _) = payable.settle(payment, captured()).unwrap();

        assert_eq!(payable.clone().attempt(Some(&payment), request(2), NOW).unwrap_err(), PaymentRefusal::AlreadyPaid);
        assert_eq!(payable.settle(payment, captured()), None);
    }

    #[test]
    fn money_for_an_order_cancelled_before_is_due_back() {
        let (payable, payment) = open().attempt(None, request(1), NOW).unwrap();
        let (payable, _) = payable.follow(&cancelled(), Some(payment.clone())).unwrap();
        let (_, payment, event) = payable.settle(payment, captured()).unwrap();

        assert!(matches!(event, Some(Event::PaymentCaptured(Payment { version: 1, .. }))));
        assert!(matches!(payment.status, PaymentStatus::RefundDue { .. }));
    }

    #[test]
    fn money_for_an_order_cancelled_after_is_due_back_once() {
        let (payable, payment) = open().attempt(None, request(1), NOW).unwrap();
        let (payable, payment, _) = payable.settle(payment, captured()).unwrap();
        let (payable, due) = payable.follow(&cancelled(), Some(payment)).unwrap();
        let (refunded, event) = due.unwrap().refunded().unwrap();

        assert_eq!(event, Event::PaymentRefunded(refunded.clone()));
        assert_eq!(refunded.version, 2);
        assert_eq!(refunded.refunded(), None);
        assert_eq!(payable.follow(&cancelled(), None), None);
    }

    #[test]
    fn nothing_is_paid_late_or_for_nothing() {
        assert_eq!(open().attempt(None, request(1), PAY_BY).unwrap_err(), PaymentRefusal::Overdue);
        assert_eq!(
            Payable::of(&cancelled()).attempt(None, request(1), NOW).unwrap_err(),
            PaymentRefusal::OrderCancelled
        );
    }
}
