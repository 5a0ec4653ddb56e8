//! How a page of records differs from what another engine has of it.

use std::collections::HashMap;

use uuid::Uuid;

use super::KeptRecord;

/// A page of records of one kind, beside those that another engine has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Records that the other does not have.
    pub missing: Vec<KeptRecord>,
    /// Records that the other has with other contents.
    pub different: Vec<Uuid>,
    /// Records that the other alone has.
    pub surplus: Vec<Uuid>,
}

impl Comparison {
    /// Compares what is kept with what is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::{ids::AccountId, seller::Seller};
    /// use ticketing_core::moving::{Comparison, KeptRecord};
    /// use ticketing_core::ports::ticket_store::TicketRecord;
    ///
    /// let seller = |id, version| {
    ///     let account = AccountId::from_u128(id);
    ///     KeptRecord::Ticket(TicketRecord::Seller(Seller { account, name: None, version }))
    /// };
    /// let found = Comparison::of(vec![seller(1, 1), seller(2, 2), seller(3, 1)], &[seller(2, 1), seller(3, 1)]);
    /// assert_eq!(found.missing, [seller(1, 1)]);
    /// assert_eq!(found.different, [seller(2, 2).id()]);
    /// assert!(!found.is_same() && found.surplus.is_empty());
    /// ```
    #[must_use]
    pub fn of(kept: Vec<KeptRecord>, there: &[KeptRecord]) -> Self {
        let mut others: HashMap<Uuid, &KeptRecord> = there.iter().map(|record| (record.id(), record)).collect();
        let mut comparison = Self::default();
        for record in kept {
            match others.remove(&record.id()) {
                None => comparison.missing.push(record),
                Some(other) if *other != record => comparison.different.push(record.id()),
                Some(_) => {}
            }
        }
        comparison.surplus = others.into_keys().collect();
        comparison.surplus.sort_unstable();
        comparison
    }

    /// Whether both have the same.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.missing.is_empty() && self.different.is_empty() && self.surplus.is_empty()
    }

    /// What is to be removed there, so that the rest is the same.
    #[must_use]
    pub fn stale(self) -> Vec<Uuid> {
        self.different.into_iter().chain(self.surplus).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;
    use crate::domain::seller::Seller;
    use crate::ports::ticket_store::TicketRecord;

    fn seller(id: u128, version: u64) -> KeptRecord {
        let account = AccountId::from_u128(id);
        KeptRecord::Ticket(TicketRecord::Seller(Seller { account, name: None, version }))
    }

    #[test]
    fn what_is_missing_there_is_not_stale_and_what_differs_or_is_there_alone_is() {
        let there = [seller(1, 1), seller(2, 1), seller(4, 1)];
        let found = Comparison::of(vec![seller(1, 1), seller(2, 2), seller(3, 1)], &there);

        assert!(!found.is_same());
        assert_eq!(found.missing, [seller(3, 1)]);
        assert_eq!(found.stale(), [seller(2, 1).id(), seller(4, 1).id()]);
        assert!(Comparison::of(there.to_vec(), &there).is_same());
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names = super::super::RecordKind::ALL.map(super::super::RecordKind::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), super::super::RecordKind::ALL.len());
    }
}
