//! Admissions: the passes of an order, and the door that they open.

use std::sync::Arc;

use super::event::Event;
use super::ids::{AccountId, OrderId, PassId, TicketId};
use super::order::{IdempotencyKey, Order, OrderStatus};
use super::pass::{CodeSeed, CodedPass, Pass, PassRefusal, PassStatus, VoidReason};
use super::ticket::Ticket;
use super::time::Timestamp;

/// The passes of an order that was completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The order.
    pub order: OrderId,
    /// The ticket whose door its passes open.
    pub ticket: TicketId,
    /// The only account that may see the passes.
    pub buyer: AccountId,
    /// The version of the order that was followed last: the mark of what was handled.
    pub order_version: u64,
    /// One pass for each place, in the order of places.
    pub passes: Vec<CodedPass>,
}

/// The admissions service's replica of a ticket: whose door it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// The ticket.
    pub ticket: TicketId,
    /// The account that lets people in.
    pub seller: AccountId,
    /// What the event is called.
    pub title: Arc<str>,
    /// The version of the ticket that this replica holds.
    pub ticket_version: u64,
}

/// A check of a pass at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// When.
    pub at: Timestamp,
    /// The check-in's own key: the same check-in again is welcome again.
    pub key: Option<IdempotencyKey>,
    /// Whether the door was offline, and has let the person in already.
    pub was_offline: bool,
}

/// What a check comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The used pass, with which one person may come in; or why nobody may.
    pub answer: Result<CodedPass, PassRefusal>,
    /// What is to be committed, if anything changes.
    pub change: Option<CheckChange>,
}

/// What a check changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckChange {
    /// The admission after it.
    pub admission: Admission,
    /// What is told of it; nothing if the pass was used before.
    pub event: Option<Event>,
}

/// How many passes of an order or a ticket are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassCounts {
    /// Those that let somebody in.
    pub issued: u64,
    /// Those that somebody was let in with.
    pub used: u64,
    /// Those that let nobody in.
    pub voided: u64,
}

impl Admission {
    /// How many events an order has that was never completed: it is placed, and cancelled.
    const NEVER_COMPLETED: u64 = 2;

    /// Issues the passes of an order; `None` if it was never completed.
    ///
    /// One that was completed and has ended since has none, and keeps that, so that an older event issues nothing.
    #[must_use]
    pub fn of(order: &Order, seed: &CodeSeed) -> Option<(Self, Vec<Event>)> {
        let Order { id, buyer, version, .. } = *order;
        let empty = Self { order: id, ticket: order.ticket.id, buyer, order_version: version, passes: Vec::new() };
        match order.status {
            OrderStatus::Completed { at, .. } => Some(empty.issued(order, at, seed)),
            OrderStatus::Refunded { .. } => Some((empty, Vec::new())),
            OrderStatus::Cancelled { .. } if version > Self::NEVER_COMPLETED => Some((empty, Vec::new())),
            OrderStatus::Cancelled { .. } | OrderStatus::AwaitingPayment { .. } => None,
        }
    }

    fn issued(self, order: &Order, at: Timestamp, seed: &CodeSeed) -> (Self, Vec<Event>) {
        let codes = seed.codes(order.quantity.get());
        let passes = (1..=order.quantity.get()).zip(codes).map(|(place, code)| CodedPass {
            pass: Pass {
                id: PassId::of(order.id, place, at),
                order: order.id,
                ticket: order.ticket.id,
                buyer: order.buyer,
                place,
                issued_at: at,
                status: PassStatus::Issued,
                version: 1,
            },
            code,
            check: None,
            again_at: None,
        });
        let passes: Vec<CodedPass> = passes.collect();
        let events = passes.iter().map(|coded| Event::PassIssued(coded.pass.clone())).collect();
        (Self { passes, ..self }, events)
    }

    /// Applies a newer version of the order; `None` if this version is not newer.
    ///
    /// An order that is no longer completed voids its passes.
    #[must_use]
    pub fn follow(&self, order: &Order) -> Option<(Self, Vec<Event>)> {
        if order.version <= self.order_version {
            return None;
        }
        let mut next = Self { order_version: order.version, ..self.clone() };
        let events = match order.status {
            OrderStatus::Cancelled { at, .. } => next.void(at, VoidReason::OrderCancelled),
            OrderStatus::Refunded { at, .. } => next.void(at, VoidReason::OrderRefunded),
            OrderStatus::AwaitingPayment { .. } | OrderStatus::Completed { .. } => Vec::new(),
        };
        Some((next, events))
    }

    /// Checks one of its passes at a door.
    #[must_use]
    pub fn check(&self, id: PassId, door: &Entrance, check: &Check) -> Checked {
        let mut next = self.clone();
        let coded = next.passes.iter_mut().find(|coded| coded.pass.id == id);
        let Some(coded) = coded.filter(|coded| coded.pass.ticket == door.ticket) else {
            return Checked { answer: Err(PassRefusal::OtherTicket), change: None };
        };
        let at = check.at.max(coded.pass.issued_at);
        match (coded.pass.clone().use_at(at, door.seller), coded.pass.status) {
            (Ok((used, event)), _) => {
                *coded = CodedPass { pass: used, check: check.key.clone(), ..coded.clone() };
                let answer = Ok(coded.clone());
                Checked { answer, change: Some(CheckChange { admission: next, event: Some(event) }) }
            }
            (Err(_), PassStatus::Used { .. }) if check.key.is_some() && check.key == coded.check => {
                Checked { answer: Ok(coded.clone()), change: None }
            }
            // A door without a network let somebody in who was let in elsewhere, or who had given the order back.
            (Err(refusal), PassStatus::Used { .. } | PassStatus::Voided { .. })
                if check.was_offline
                    && coded.again_at.is_none()
                    && (check.key.is_none() || check.key != coded.check) =>
            {
                coded.again_at = Some(at);
                Checked { answer: Err(refusal), change: Some(CheckChange { admission: next, event: None }) }
            }
            (Err(refusal), _) => Checked { answer: Err(refusal), change: None },
        }
    }

    /// How many of its passes are in each state.
    #[must_use]
    pub fn counts(&self) -> PassCounts {
        self.passes.iter().fold(PassCounts::default(), |counts, coded| counts.and(coded.pass.status))
    }

    fn void(&mut self, at: Timestamp, reason: VoidReason) -> Vec<Event> {
        let voided = self.passes.iter_mut().filter_map(|coded| {
            let (voided, event) = coded.pass.clone().void(at, reason)?;
            coded.pass = voided;
            Some(event)
        });
        voided.collect()
    }
}

impl Entrance {
    /// The door of a ticket.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            ticket: ticket.id,
            seller: ticket.seller,
            title: Arc::clone(&ticket.offer.details.event.title),
            ticket_version: ticket.version,
        }
    }

    /// Applies a newer version of the ticket; `None` if this version is not newer.
    #[must_use]
    pub fn follow(&self, ticket: &Ticket) -> Option<Self> {
        (ticket.version > self.ticket_version).then(|| Self::of(ticket))
    }

    /// Lets only the seller open it.
    ///
    /// # Errors
    ///
    /// [`PassRefusal::NotSeller`].
    pub fn may_be_opened_by(&self, account: AccountId) -> Result<(), PassRefusal> {
        if account == self.seller { Ok(()) } else { Err(PassRefusal::NotSeller) }
    }
}

impl PassCounts {
    const fn and(self, status: PassStatus) -> Self {
        match status {
            PassStatus::Issued => Self { issued: self.issued + 1, ..self },
            PassStatus::Used { .. } => Self { used: self.used + 1, ..self },
            PassStatus::Voided { .. } => Self { voided: self.voided + 1, ..self },
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { issued: self.issued + other.issued, used: self.used + other.used, voided: self.voided + other.voided }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attributes::Attributes;
    use crate::domain::event_facts::EventFacts;
    use crate::domain::ids::PaymentId;
    use crate::domain::money::{Money, Price, Quantity};
    use crate::domain::order::{CancelReason, OrderedTicket, RefundReason};

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_800_000_060_000);
    const SEED: CodeSeed = CodeSeed::new([7; 32]);

    fn order(status: OrderStatus, version: u64) -> Order {
        let price = Money { amount: 4500, currency: "EUR".parse().unwrap() };
        let (event, price) = (EventFacts::default().into(), Price::new(price).unwrap());
        Order {
            id: OrderId::from_u128(1),
            buyer: AccountId::from_u128(2),
            ticket: OrderedTicket {
                id: TicketId::from_u128(3),
                seller_name: None,
                event,
                attributes: Attributes::NONE,
                price,
            },
            quantity: Quantity::new(3).unwrap(),
            status,
            placed_at: NOON,
            used: false,
            key: None,
            version,
        }
    }

    fn completed() -> Order {
        order(OrderStatus::Completed { payment: PaymentId::from_u128(4), at: NOON }, 2)
    }

    fn cancelled(version: u64) -> Order {
        order(OrderStatus::Cancelled { reason: CancelReason::ByBuyer, at: LATER }, version)
    }

    fn door(ticket: u128) -> Entrance {
        let (ticket, seller) = (TicketId::from_u128(ticket), AccountId::from_u128(5));
        Entrance { ticket, seller, title: "Opera".into(), ticket_version: 1 }
    }

    #[test]
    fn a_completed_order_has_a_pass_for_each_place() {
        let (admission, events) = Admission::of(&completed(), &SEED).unwrap();

        let places: Vec<u32> = admission.passes.iter().map(|coded| coded.pass.place).collect();
        assert_eq!((places, admission.order_version), (vec![1, 2, 3], 2));
        let told: Vec<Event> = admission.passes.iter().map(|coded| Event::PassIssued(coded.pass.clone())).collect();
        assert_eq!(events, told);
    }

    #[test]
    fn an_order_that_is_not_completed_has_no_passes() {
        let awaiting = order(OrderStatus::AwaitingPayment { pay_by: LATER }, 1);

        assert_eq!(Admission::of(&awaiting, &SEED), None);
        assert_eq!(Admission::of(&cancelled(2), &SEED), None);
    }

    #[test]
    fn an_order_that_is_first_seen_when_it_has_ended_never_has_passes() {
        let (ended, events) = Admission::of(&cancelled(3), &SEED).unwrap();

        assert_eq!((ended.passes.len(), events.len()), (0, 0));
        assert_eq!(ended.follow(&completed()), None);
    }

    #[test]
    fn what_was_followed_already_changes_nothing() {
        let (admission, _) = Admission::of(&completed(), &SEED).unwrap();

        assert_eq!(admission.follow(&completed()), None);
        assert_eq!(admission.follow(&order(OrderStatus::AwaitingPayment { pay_by: LATER }, 1)), None);
    }

    #[test]
    fn an_order_that_ends_otherwise_voids_its_passes_once() {
        let (admission, _) = Admission::of(&completed(), &SEED).unwrap();

        let (voided, events) = admission.follow(&cancelled(3)).unwrap();

        assert_eq!((voided.counts(), events.len()), (PassCounts { voided: 3, ..PassCounts::default() }, 3));
        let (again, events) = voided.follow(&cancelled(4)).unwrap();
        assert_eq!((again.passes, events), (voided.passes, Vec::new()));
    }

    #[test]
    fn a_refunded_order_has_no_pass_that_lets_anybody_in() {
        let refund =
            OrderStatus::Refunded { payment: PaymentId::from_u128(4), reason: RefundReason::CalledOff, at: LATER };
        let (admission, _) = Admission::of(&completed(), &SEED).unwrap();
        let first = admission.passes[0].pass.id;

        let (voided, events) = admission.follow(&order(refund, 3)).unwrap();

        assert_eq!(events.len(), 3);
        let refused = PassRefusal::Voided { at: LATER, reason: VoidReason::OrderRefunded };
        assert_eq!(voided.check(first, &door(3), &check(None)).answer, Err(refused));
        assert_eq!(Admission::of(&order(refund, 3), &SEED).unwrap().0.passes, Vec::new());
    }

    #[test]
    fn a_pass_is_used_at_the_door_of_its_ticket() {
        let (admission, _) = Admission::of(&completed(), &SEED).unwrap();
        let second = admission.passes[1].pass.id;

        assert_eq!(admission.check(second, &door(9), &check(None)).answer, Err(PassRefusal::OtherTicket));
        let used = admission.check(second, &door(3), &check(None));
        let admission = used.change.unwrap().admission;
        assert_eq!((used.answer.unwrap().pass.place, admission.counts().used), (2, 1));
        let again = admission.check(second, &door(3), &check(None));
        assert_eq!(again, Checked { answer: Err(PassRefusal::AlreadyUsed { at: LATER }), change: None });
    }

    #[test]
    fn a_check_in_that_is_repeated_is_welcome_again() {
        let (admission, _) = Admission::of(&completed(), &SEED).unwrap();
        let first = admission.passes[0].pass.id;
        let admission = admission.check(first, &door(3), &check(Some("a"))).change.unwrap().admission;

        let again = admission.check(first, &door(3), &check(Some("a")));
        assert_eq!((again.answer.map(|coded| coded.pass.id), again.change), (Ok(first), None));
        let other = admission.check(first, &door(3), &check(Some("b")));
        assert_eq!(other, Checked { answer: Err(PassRefusal::AlreadyUsed { at: LATER }), change: None });
    }

    #[test]
    fn two_doors_that_let_somebody_in_with_one_pass_are_both_noted_once() {
        let (admission, _) = Admission::of(&completed(), &SEED).unwrap();
        let first = admission.passes[0].pass.id;
        let admission = admission.check(first, &door(3), &check(Some("a"))).change.unwrap().admission;
        let offline = Check { at: NOON, key: Some("b".parse().unwrap()), was_offline: true };

        let twice = admission.check(first, &door(3), &offline);

        assert_eq!(twice.answer, Err(PassRefusal::AlreadyUsed { at: LATER }));
        let CheckChange { admission, event } = twice.change.unwrap();
        assert_eq!((admission.passes[0].again_at, event), (Some(NOON), None));
        assert_eq!(admission.check(first, &door(3), &offline).change, None);
    }

    fn check(key: Option<&str>) -> Check {
        Check { at: LATER, key: key.map(|key| key.parse().unwrap()), was_offline: false }
    }

    #[test]
    fn only_the_seller_opens_the_door() {
        let door = door(3);

        assert_eq!(door.may_be_opened_by(door.seller), Ok(()));
        assert_eq!(door.may_be_opened_by(AccountId::from_u128(6)), Err(PassRefusal::NotSeller));
    }
}
