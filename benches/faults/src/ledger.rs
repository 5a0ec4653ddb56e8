//! What the marketplace acknowledged, and what it therefore has to stand by.
//!
//! An answer that contradicts an earlier one is noted at once.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use uuid::Uuid;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Violation {
    /// Which promise is broken, in a word.
    pub(crate) rule: &'static str,
    /// With which ids and numbers.
    pub(crate) detail: String,
}

impl Violation {
    pub(crate) fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}

/// What somebody asked for under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) buyer: Uuid,
    pub(crate) ticket: Uuid,
    pub(crate) quantity: u32,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Nothing was said yet.
    Nothing,
    /// This order.
    Placed(Uuid),
    /// No, for this reason; unsure if an earlier request had no answer, or another was under way.
    Refused { code: String, unsure: bool },
}

/// A request for an order.
#[derive(Debug, Clone)]
pub(crate) struct OrderKey {
    pub(crate) wanted: Wanted,
    pub(crate) answered: Answered,
}

/// A payment that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paid {
    pub(crate) order: Uuid,
    /// Whether the answer said that the money was taken; otherwise it said that the gateway kept silent.
    pub(crate) taken: bool,
}

/// What was asked for by an id, and what of it was acknowledged. Without an answer it may be done or not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    pub(crate) asked: HashSet<Uuid>,
    pub(crate) done: HashSet<Uuid>,
}

/// What was acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    /// The addresses of accounts.
    pub(crate) accounts: HashSet<String>,
    /// Tickets, and who sells them.
    pub(crate) tickets: HashMap<Uuid, Uuid>,
    /// Every key of an order that was ever sent.
    pub(crate) order_keys: HashMap<String, OrderKey>,
    /// Orders, and what they are of.
    pub(crate) orders: HashMap<Uuid, Wanted>,
    /// Orders whose cancellation was acknowledged.
    pub(crate) cancelled: HashSet<Uuid>,
    /// Orders that a buyer gave back or a seller refunded.
    pub(crate) refunds: Requests,
    /// Tickets whose events were called off.
    pub(crate) call_offs: Requests,
    /// Payments.
    pub(crate) payments: HashMap<Uuid, Paid>,
    /// Every key of a payment that was answered with one.
    pub(crate) payment_keys: HashMap<String, Uuid>,
    /// Answers that contradict each other.
    pub(crate) contradictions: Vec<Violation>,
    /// What is odd, and may be right.
    pub(crate) notes: Vec<Violation>,
}

impl Ledger {
    /// An order is about to be asked for.
    pub(crate) fn order_asked(&mut self, key: &str, wanted: Wanted) {
        self.order_keys.insert(key.to_owned(), OrderKey { wanted, answered: Answered::Nothing });
    }

    /// A key was answered with an order.
    pub(crate) fn order_placed(&mut self, key: &str, order: Uuid, told: Wanted) {
        let Some(known) = self.order_keys.get_mut(key) else { return };
        if told != known.wanted {
            let detail =
                format!("key {key} asked for {:?} and was answered with order {order}: {told:?}", known.wanted);
            self.contradictions.push(Violation::new("another-order", detail));
        }
        match &known.answered {
            Answered::Placed(first) if *first != order => {
                let detail = format!("key {key} was answered with order {first}, then with order {order}");
                self.contradictions.push(Violation::new("two-orders-of-a-key", detail));
            }
            Answered::Refused { code, unsure } => {
                let note = Violation::new("placed-after-all", format!("key {key}: first {code}, then order {order}"));
                if *unsure { &mut self.notes } else { &mut self.contradictions }.push(note);
            }
            Answered::Placed(_) | Answered::Nothing => {}
        }
        known.answered = Answered::Placed(order);
        self.orders.insert(order, told);
    }

    /// A key was answered with a refusal.
    pub(crate) fn order_refused(&mut self, key: &str, code: &str, unsure: bool) {
        let Some(known) = self.order_keys.get_mut(key) else { return };
        match &known.answered {
            Answered::Placed(order) => {
                let note = Violation::new("refused-after-all", format!("key {key}: order {order}, then {code}"));
                if unsure { &mut self.notes } else { &mut self.contradictions }.push(note);
            }
            Answered::Nothing | Answered::Refused { .. } => {
                known.answered = Answered::Refused { code: code.to_owned(), unsure };
            }
        }
    }

    /// A key was answered with a payment.
    pub(crate) fn paid(&mut self, key: &str, payment: Uuid, paid: Paid) {
        match self.payment_keys.insert(key.to_owned(), payment) {
            Some(first) if first != payment => {
                let detail = format!("key {key} was answered with payment {first}, then with payment {payment}");
                self.contradictions.push(Violation::new("two-payments-of-a-key", detail));
            }
            Some(_) | None => {}
        }
        let known = self.payments.entry(payment).or_insert(paid);
        known.taken |= paid.taken;
    }

    /// Something that was acknowledged is not there.
    pub(crate) fn missing(&mut self, what: impl Into<String>) {
        self.contradictions.push(Violation::new("acknowledged-and-missing", what));
    }

    /// Nobody said anything, for much longer than any fault lasts.
    pub(crate) fn unanswered(&mut self, what: impl Into<String>) {
        self.contradictions.push(Violation::new("unanswered", what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted { buyer: Uuid::from_u128(1), ticket: Uuid::from_u128(2), quantity: 3 };
    const ORDER: Uuid = Uuid::from_u128(7);
    const OTHER: Uuid = Uuid::from_u128(8);

    fn asked() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.order_asked("k", WANTED);
        ledger
    }

    fn rules(ledger: &Ledger) -> Vec<&'static str> {
        ledger.contradictions.iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn the_same_answer_twice_is_no_contradiction() {
        let mut ledger = asked();
        ledger.order_placed("k", ORDER, WANTED);
        ledger.order_placed("k", ORDER, WANTED);
        let paid = Paid { order: ORDER, taken: true };
        ledger.paid("p", OTHER, paid);
        ledger.paid("p", OTHER, paid);

        assert_eq!((rules(&ledger), ledger.orders.len(), ledger.payments.len()), (vec![], 1, 1));
    }

    #[test]
    fn a_key_has_one_order_and_one_payment() {
        let mut ledger = asked();
        ledger.order_placed("k", ORDER, WANTED);
        ledger.order_placed("k", OTHER, WANTED);
        ledger.paid("p", ORDER, Paid { order: ORDER, taken: true });
        ledger.paid("p", OTHER, Paid { order: ORDER, taken: true });

        assert_eq!(rules(&ledger), ["two-orders-of-a-key", "two-payments-of-a-key"]);
    }

    #[test]
    fn an_order_is_what_was_asked_for() {
        let mut ledger = asked();
        ledger.order_placed("k", ORDER, Wanted { quantity: 4, ..WANTED });

        assert_eq!(rules(&ledger), ["another-order"]);
    }

    #[test]
    fn yes_after_no_is_a_contradiction_if_nothing_was_in_doubt() {
        for (unsure, expected) in [(false, vec!["placed-after-all"]), (true, vec![])] {
            let mut ledger = asked();
            ledger.order_refused("k", "sold_out", unsure);
            ledger.order_placed("k", ORDER, WANTED);

            assert_eq!((rules(&ledger), ledger.notes.len()), (expected, usize::from(unsure)));
        }
    }

    #[test]
    fn no_after_yes_is_a_contradiction_if_nothing_was_in_doubt() {
        let mut ledger = asked();
        ledger.order_placed("k", ORDER, WANTED);
        ledger.order_refused("k", "sold_out", false);

        assert_eq!(rules(&ledger), ["refused-after-all"]);
        assert!(ledger.orders.contains_key(&ORDER), "it is still to be looked for");
    }

    #[test]
    fn money_that_was_taken_once_stays_taken() {
        let mut ledger = Ledger::default();
        ledger.paid("p", OTHER, Paid { order: ORDER, taken: true });
        ledger.paid("p", OTHER, Paid { order: ORDER, taken: false });

        assert_eq!(ledger.payments.get(&OTHER), Some(&Paid { order: ORDER, taken: true }));
    }
}
