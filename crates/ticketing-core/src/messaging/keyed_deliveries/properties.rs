//! What is promised, whatever arrives, is lent, is settled and is revoked in which order.

use proptest::prelude::*;

use super::tests::{BYTES, arrived, at};
use super::*;

/// What may happen to a sequence.
#[derive(Debug, Clone)]
enum Happening {
    Arrives(u8),
    /// The n-th that arrived, counted around, once more.
    ArrivesAgain(usize),
    Lend(usize),
    /// The n-th that is out, counted around.
    Settle(usize, Settlement),
    Pass(u64),
    Revoke,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0..4_u8).prop_map(Happening::Arrives),
        1 => any::<usize>().prop_map(Happening::ArrivesAgain),
        6 => (0..5_usize).prop_map(Happening::Lend),
        8 => any::<usize>().prop_map(|which| Happening::Settle(which, Settlement::Ack)),
        5 => (any::<usize>(), 0..5_u64)
            .prop_map(|(which, after)| Happening::Settle(which, Settlement::Retry { after: at(after) })),
        3 => (1..5_u64).prop_map(Happening::Pass),
        1 => Just(Happening::Revoke),
    ]
}

/// What is known of a delivery from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Waits,
    Out,
    Done,
}

/// A sequence and its reader. What has to be lent and counted follows from what is known of it alone.
struct World {
    deliveries: KeyedDeliveries<u8>,
    now: Duration,
    /// All that ever arrived, by position.
    keys: Vec<u8>,
    /// Where this epoch began.
    start: usize,
    /// What was taken in since, and how often it was lent.
    known: Vec<(Known, u32)>,
    not_before: HashMap<u8, Duration>,
    loans: Vec<Loan>,
    /// Loans of earlier epochs.
    void: Vec<Loan>,
}

fn place(loan: &Loan) -> usize {
    loan.position().try_into().unwrap()
}

impl World {
    fn new() -> Self {
        Self {
            deliveries: KeyedDeliveries::new(Epoch { number: 0, start: 0 }),
            now: Duration::ZERO,
            keys: Vec::new(),
            start: 0,
            known: Vec::new(),
            not_before: HashMap::new(),
            loans: Vec::new(),
            void: Vec::new(),
        }
    }

    fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Arrives(key) => {
                self.keys.push(*key);
                self.read();
            }
            Happening::ArrivesAgain(which) => {
                let passed = which.checked_rem(self.known.len()).map(|which| self.start + which);
                assert!(
                    passed.is_none_or(|passed| !self.deliveries.accept(passed as u64, arrived(0))),
                    "old is taken for new"
                );
            }
            Happening::Lend(max) => self.lend(*max),
            Happening::Settle(which, settlement) => self.settle(*which, *settlement),
            Happening::Pass(seconds) => self.now += at(*seconds),
            Happening::Revoke => self.revoke(),
        }
        assert_eq!(self.deliveries.watermark(), self.lowest() as u64);
        assert_eq!(self.deliveries.first_unsettled(), self.keys.get(self.lowest()));
        let (out, waiting) = (self.all(Known::Out).len(), self.all(Known::Waits).len());
        assert_eq!((self.deliveries.out(), self.deliveries.waiting()), (out, waiting));
        assert_eq!(self.deliveries.bytes(), (out + waiting) * BYTES);
    }

    /// Takes in all that there is.
    fn read(&mut self) {
        for position in self.start + self.known.len()..self.keys.len() {
            assert!(self.deliveries.accept(position as u64, arrived(self.keys[position])), "new is taken for old");
            self.known.push((Known::Waits, 0));
        }
    }

    fn all(&self, wanted: Known) -> Vec<usize> {
        let known = (self.start..).zip(&self.known).filter(|(_, (known, _))| *known == wanted);
        known.map(|(position, _)| position).collect()
    }

    fn is_out(&self, key: u8) -> bool {
        self.loans.iter().any(|loan| self.keys[place(loan)] == key)
    }

    fn is_delayed(&self, key: u8) -> bool {
        self.not_before.get(&key).is_some_and(|due| *due > self.now)
    }

    /// Whatever waits is lent, but for keys of which something is out or waits for a retry: they block only themselves.
    fn lend(&mut self, max: usize) {
        let mut free = self.all(Known::Waits);
        free.retain(|position| !self.is_out(self.keys[*position]) && !self.is_delayed(self.keys[*position]));
        let lent = self.deliveries.lend(self.now, max);
        assert_eq!(lent.len(), max.min(free.len()), "other than {max} of {free:?} were lent");
        for Lent { loan, attempt, delivery } in lent {
            let first = free.iter().position(|free| self.keys[*free] == delivery).map(|first| free.remove(first));
            assert_eq!(first, Some(place(&loan)), "it is not the first of its key that is free");
            let (known, before) = &mut self.known[place(&loan) - self.start];
            assert_eq!(attempt, *before + 1);
            (*known, *before) = (Known::Out, attempt);
            self.not_before.remove(&delivery);
            self.loans.push(loan);
        }
        let delayed = self.not_before.iter().filter(|(key, _)| self.is_delayed(**key) && !self.is_out(**key));
        assert_eq!(self.deliveries.due(), delayed.map(|(_, due)| *due).min());
        for void in std::mem::take(&mut self.void) {
            let refused = self.deliveries.settle(void, Settlement::Ack, || self.now);
            assert!(matches!(refused, Err(TransportError::Closed)), "a loan outlived its epoch");
        }
    }

    fn settle(&mut self, which: usize, settlement: Settlement) {
        let Some(which) = which.checked_rem(self.loans.len()) else { return };
        let loan = self.loans.swap_remove(which);
        let (position, key) = (place(&loan), self.keys[place(&loan)]);
        let frees = self.deliveries.settle(loan, settlement, || self.now);
        self.known[position - self.start].0 = Known::Done;
        if let Settlement::Retry { after } = settlement {
            self.known[position - self.start].0 = Known::Waits;
            let latest = self.not_before.entry(key).or_default();
            *latest = (self.now + after).max(*latest);
        }
        // What nobody looked at is free already.
        let waits =
            |position: &usize| self.keys[*position] == key && !self.deliveries.fresh.contains(&(*position as u64));
        assert_eq!(frees.unwrap(), !self.is_out(key) && self.all(Known::Waits).iter().any(waits));
    }

    /// Gives the sequence to another reader, who goes on where everything before is done.
    fn revoke(&mut self) {
        self.start = self.lowest();
        self.deliveries.revoke();
        self.known.clear();
        self.not_before.clear();
        self.void.append(&mut self.loans);
        self.read();
    }

    fn lowest(&self) -> usize {
        let unsettled = self.known.iter().position(|(known, _)| *known != Known::Done);
        self.start + unsettled.unwrap_or(self.known.len())
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_overtaken_or_held_up(happenings in prop::collection::vec(happening(), 0..200)) {
        let mut world = World::new();
        for happening in &happenings {
            world.happens(happening);
        }

        while world.lowest() < world.keys.len() {
            world.happens(&Happening::Pass(10));
            world.happens(&Happening::Lend(3));
            assert!(!world.loans.is_empty(), "something is never lent again");
            while !world.loans.is_empty() {
                world.happens(&Happening::Settle(0, Settlement::Ack));
            }
        }
        assert_eq!(world.deliveries.bytes(), 0);
        assert!(world.deliveries.lanes.is_empty(), "a lane outlived its deliveries");
    }
}
