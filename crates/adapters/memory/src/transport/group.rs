//! A group: its members, and which of them reads which partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{Lag, StartFrom, SubscriptionConfig};
use tokio::sync::Notify;

use super::log::{Log, PartitionId};
use super::progress::{MemberId, Progress};

/// Members that share the work of some topics.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) progress: BTreeMap<PartitionId, Progress>,
    members: BTreeMap<MemberId, Vec<Topic>>,
    news: Arc<Notify>,
}

impl Group {
    /// Adds a member; topics that are new to the group begin where the member asks.
    pub(super) fn join(&mut self, member: MemberId, config: &SubscriptionConfig, log: &Log) {
        for (id, partition) in config.topics.iter().flat_map(|topic| log.of(*topic)) {
            let start = match config.start {
                StartFrom::Earliest => partition.first(),
                StartFrom::Latest => partition.end(),
            };
            self.progress.entry(id).or_insert_with(|| Progress::new(start));
        }
        self.members.insert(member, config.topics.clone());
        self.rebalance();
    }

    /// Removes a member; what it had on loan comes again to others.
    pub(super) fn leave(&mut self, member: MemberId) {
        if self.members.remove(&member).is_some() {
            self.rebalance();
        }
    }

    /// Deals the partitions out again. Those that keep their reader keep their loans.
    fn rebalance(&mut self) {
        for (id, progress) in &mut self.progress {
            let readers: Vec<MemberId> = self
                .members
                .iter()
                .filter(|(_, topics)| topics.contains(&id.topic))
                .map(|(member, _)| *member)
                .collect();
            let owner = id.number.checked_rem(readers.len()).and_then(|turn| readers.get(turn)).copied();
            if owner != progress.owner {
                progress.hand_over(owner);
            }
        }
        self.wake();
    }

    /// The partitions that a member reads.
    pub(super) fn owned_by(&mut self, member: MemberId) -> impl Iterator<Item = (PartitionId, &mut Progress)> {
        let owned = self.progress.iter_mut().filter(move |(_, progress)| progress.owner == Some(member));
        owned.map(|(id, progress)| (*id, progress))
    }

    /// How many messages a member has on loan.
    pub(super) fn out(&self, member: MemberId) -> usize {
        self.progress
            .values()
            .filter(|progress| progress.owner == Some(member))
            .map(|progress| progress.deliveries.out())
            .sum()
    }

    /// The lowest offset of a partition that this group needs; `None` if it does not follow the topic.
    pub(super) fn committed(&self, id: PartitionId) -> Option<u64> {
        self.progress.get(&id).map(|progress| progress.deliveries.watermark())
    }

    pub(super) fn lag(&self, log: &Log) -> Lag {
        self.progress.iter().filter_map(|(id, progress)| Some(progress.lag(log.get(*id)?))).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Wakes members that wait for something to happen.
    pub(super) fn wake(&self) {
        self.news.notify_waiters();
    }

    /// What [`Group::wake`] wakes.
    pub(super) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }
}
