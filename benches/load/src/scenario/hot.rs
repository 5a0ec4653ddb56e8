//! Everybody wants the same ticket until it is sold out, then the next one.
//!
//! Of each ticket that was sold out, exactly its places must have been sold.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Instant;

use crate::session::{Ordered, Session};

use super::Turn;

/// The tickets of a rush, and who got them.
#[derive(Debug)]
pub struct Rush {
    quantity: u32,
    current: AtomicUsize,
    tickets: Vec<Sale>,
}

/// What became of one ticket.
#[derive(Debug, Default)]
struct Sale {
    winners: AtomicU32,
    unknown: AtomicU32,
    sold_out: AtomicBool,
}

impl Rush {
    /// A rush on so many tickets, one after another, of so many places each.
    #[must_use]
    pub fn new(tickets: u32, quantity: u32) -> Self {
        Self { quantity, current: AtomicUsize::new(0), tickets: (0..tickets).map(|_| Sale::default()).collect() }
    }

    /// The ticket that everybody wants now; none once all are sold out.
    fn current(&self) -> Option<usize> {
        let current = self.current.load(Ordering::Relaxed);
        (current < self.tickets.len()).then_some(current)
    }

    fn note(&self, ticket: usize, ordered: &Ordered) {
        let Some(sale) = self.tickets.get(ticket) else { return };
        match ordered {
            Ordered::Held { .. } => {
                sale.winners.fetch_add(1, Ordering::Relaxed);
            }
            Ordered::Unknown => {
                sale.unknown.fetch_add(1, Ordering::Relaxed);
            }
            Ordered::SoldOut => {
                sale.sold_out.store(true, Ordering::Relaxed);
                // The first to hear it moves the crowd on; others find it moved.
                self.current.fetch_max(ticket + 1, Ordering::Relaxed);
            }
            Ordered::Refused => {}
        }
    }

    /// A sentence for each ticket of which too many or too few places were sold.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints: Vec<_> =
            self.tickets.iter().enumerate().filter_map(|(number, sale)| self.complaint(number, sale)).collect();
        if !self.tickets.iter().any(|sale| sale.sold_out.load(Ordering::Relaxed)) {
            complaints
                .push("no ticket was sold out, so nothing is proved: run longer, or sell fewer places".to_owned());
        }
        complaints
    }

    fn complaint(&self, number: usize, sale: &Sale) -> Option<String> {
        let (quantity, winners) = (self.quantity, sale.winners.load(Ordering::Relaxed));
        let unknown = sale.unknown.load(Ordering::Relaxed);
        if winners > quantity {
            return Some(format!("OVERSOLD: ticket {number} has {quantity} places, and {winners} orders hold one"));
        }
        // An order without an answer may hold a place.
        if sale.sold_out.load(Ordering::Relaxed) && winners + unknown < quantity {
            return Some(format!(
                "UNDERSOLD: ticket {number} has {quantity} places and was called sold out, but {winners} orders hold one"
            ));
        }
        None
    }
}

pub(super) async fn turn(session: &mut Session, rush: &Rush, due: Instant) -> Turn {
    let Some(ticket) = rush.current() else { return Turn::Over };
    let ordered = session.buy(ticket, due).await;
    rush.note(ticket, &ordered);
    Turn::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Ordered {
        Ordered::Held { id: String::new(), buyer: 0 }
    }

    fn after(outcomes: &[Ordered]) -> Vec<String> {
        let rush = Rush::new(1, 2);
        for ordered in outcomes {
            rush.note(0, ordered);
        }
        rush.complaints()
    }

    #[test]
    fn exactly_the_places_of_a_ticket_must_be_sold() {
        assert_eq!(after(&[held(), held(), Ordered::SoldOut]), [""; 0]);
        assert!(after(&[held(), held(), held(), Ordered::SoldOut])[0].starts_with("OVERSOLD"));
        assert!(after(&[held(), Ordered::SoldOut])[0].starts_with("UNDERSOLD"));
    }

    #[test]
    fn an_order_without_an_answer_may_hold_a_place() {
        assert_eq!(after(&[held(), Ordered::Unknown, Ordered::SoldOut]), [""; 0]);
    }

    #[test]
    fn a_rush_that_ends_before_the_tickets_do_proves_nothing() {
        assert!(after(&[held(), held()])[0].contains("nothing is proved"));
    }

    #[test]
    fn the_crowd_moves_on_once_however_many_hear_that_it_is_sold_out() {
        let rush = Rush::new(3, 1);
        rush.note(0, &Ordered::SoldOut);
        rush.note(0, &Ordered::SoldOut);

        assert_eq!(rush.current(), Some(1));
    }
}
