//! Where deliveries wait that could not be handled.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::transport::{Arrival, ordering_key};
use ticketing_core::ports::unreadable::{Listed, PassedBy};
use uuid::Uuid;

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;
use crate::unreadable::unreadable;

/// Keeps parked deliveries in memory. A clone is a handle to the same lot.
#[derive(Debug, Clone, Default)]
pub struct MemoryParkingLot {
    lot: Arc<Lock<Lot>>,
    faults: FaultPlan,
    passed_by: PassedBy,
}

#[derive(Debug, Default)]
struct Lot {
    /// In the order in which they were parked.
    parked: BTreeMap<Uuid, Parked>,
    /// Those of one consumer and key. Invariant: never an empty set.
    by_key: HashMap<(String, String), BTreeSet<Uuid>>,
    unreadable: HashSet<Uuid>,
}

impl MemoryParkingLot {
    /// An empty lot.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle to the same lot that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { lot: Arc::clone(&self.lot), faults, passed_by: self.passed_by.clone() }
    }

    /// Makes a parked delivery unreadable, as a hand or another release does in a database; `false` if there is none.
    #[must_use = "it says whether there was one"]
    pub fn spoil(&self, parked: Uuid) -> bool {
        let mut lot = self.lot.lock();
        lot.parked.contains_key(&parked) && lot.unreadable.insert(parked)
    }
}

#[async_trait]
impl ParkingLot for MemoryParkingLot {
    fn survives_restart(&self) -> bool {
        false
    }

    async fn park(&self, parked: Parked) -> Result<(), StoreError> {
        let park = || {
            self.lot.lock().park(parked);
            Ok(())
        };
        self.faults.run(Operation::Commit, park).await
    }

    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError> {
        self.faults.run(Operation::Commit, || Ok(self.lot.lock().follow(parked))).await
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        self.faults.run(Operation::Read, || Ok(self.lot.lock().parked_keys(consumer, keys))).await
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        let listed =
            self.faults.run(Operation::Read, || Ok::<_, StoreError>(self.lot.lock().list(filter, page))).await?;
        Ok(self.passed_by.told(listed))
    }

    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError> {
        self.faults.run(Operation::Commit, || Ok(self.lot.lock().change(change))).await
    }
}

impl Lot {
    fn park(&mut self, parked: Parked) {
        let parked = Parked { key: ordering_key(&parked.key), ..parked };
        let lane = (parked.consumer.clone(), parked.key.clone());
        self.by_key.entry(lane).or_default().insert(parked.id);
        self.parked.insert(parked.id, parked);
    }

    fn follow(&mut self, later: Vec<Parked>) -> Vec<Uuid> {
        let mut followed = Vec::new();
        for parked in later {
            let Some(released) = self.is_released(&parked) else { continue };
            followed.push(parked.id);
            self.park(Parked { released, ..parked });
        }
        followed
    }

    /// Whether the key of a delivery is to be handled again; `None` if it is not parked.
    fn is_released(&self, later: &Parked) -> Option<bool> {
        let ids = self.by_key.get(&(later.consumer.clone(), ordering_key(&later.key)))?;
        ids.last().and_then(|last| self.parked.get(last)).map(|last| last.released)
    }

    fn parked_keys(&self, consumer: &str, keys: &[String]) -> Vec<String> {
        // Nothing is parked on a good day, and then no key is looked at.
        if self.by_key.is_empty() {
            return Vec::new();
        }
        let is_parked = |key: &&String| self.by_key.contains_key(&(consumer.to_owned(), ordering_key(key)));
        keys.iter().filter(is_parked).cloned().collect()
    }

    fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Listed<Parked> {
        let (mut listed, mut held) = (Listed::default(), HashSet::new());
        for parked in self.parked.values().filter(|parked| passes(filter, parked)) {
            if listed.records.len() == page.limit {
                break;
            }
            let (is_behind, lane) = (page.after.is_none_or(|after| parked.id > after), (&parked.consumer, &parked.key));
            if self.unreadable.contains(&parked.id) {
                held.insert(lane);
                listed.take(if is_behind { Err(unreadable("parked", &parked.id)) } else { Ok(None) });
            } else if is_behind && !(filter.released_only && held.contains(&lane)) {
                listed.records.push(parked.clone());
            }
        }
        listed
    }

    fn change(&mut self, change: ParkingChange) -> usize {
        match change {
            ParkingChange::Edit { id, arrival } => self.edit(id, arrival),
            ParkingChange::Release { consumer, key } => self.set_released(consumer, &key, true),
            ParkingChange::Hold { consumer, key } => self.set_released(consumer, &key, false),
            ParkingChange::Remove { ids } => ids.iter().filter(|id| self.remove(id)).count(),
        }
    }

    fn edit(&mut self, id: Uuid, arrival: Arrival) -> usize {
        let Some(parked) = self.parked.get_mut(&id) else { return 0 };
        parked.arrival = arrival;
        self.unreadable.remove(&id);
        1
    }

    fn set_released(&mut self, consumer: String, key: &str, released: bool) -> usize {
        let ids = self.by_key.get(&(consumer, ordering_key(key))).into_iter().flatten();
        let mut changed = 0;
        for id in ids {
            if let Some(parked) = self.parked.get_mut(id) {
                parked.released = released;
                changed += 1;
            }
        }
        changed
    }

    fn remove(&mut self, id: &Uuid) -> bool {
        let Some(parked) = self.parked.remove(id) else { return false };
        let lane = (parked.consumer, parked.key);
        if let Some(ids) = self.by_key.get_mut(&lane) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_key.remove(&lane);
            }
        }
        true
    }
}

fn passes(filter: &ParkedFilter, parked: &Parked) -> bool {
    filter.consumer.as_ref().is_none_or(|consumer| *consumer == parked.consumer)
        && filter.key.as_ref().is_none_or(|key| ordering_key(key) == parked.key)
        && (parked.released || !filter.released_only)
}
