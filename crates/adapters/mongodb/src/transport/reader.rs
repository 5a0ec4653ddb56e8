//! Reads on for a member, as far as it has room.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bson::{Document, doc};
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::store::StoreError;
use tokio::time::sleep;

use crate::client::detached;

use super::Bus;
use super::batch::{self, Batch};
use super::ends::Ends;
use super::member::{Member, Phase};
use super::message::Kept;
use super::partition::Partition;

/// So many bytes of all that is unsettled lie in memory, and a read more.
const MOST_BYTES: usize = 16 << 20;
/// How long to wait after a failure, and for rows that are not to be seen yet.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(1) };

/// What is to be read of a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) partition: Partition,
    pub(super) from: u64,
    /// Of the place that it is read for.
    epoch: i64,
}

/// Runs until nothing new is wanted.
pub(super) async fn run(member: Arc<Member>) {
    let mut ends = member.bus.ends.subscribe();
    let mut reader = Reader { member, asked_up_to: None, failures: 0 };
    while reader.member.phase() < Phase::Stopped {
        let known = ends.borrow_and_update().clone();
        let asked = reader.next(&known);
        if asked.is_empty() {
            tokio::select! {
                // The bus is there as long as its member.
                _ = ends.changed() => {}
                () = reader.member.reading.notified() => {}
            }
            continue;
        }
        if reader.read_on(&asked).await.is_break() {
            reader.failures += 1;
            sleep(PAUSES.longest_after(reader.failures)).await;
        } else {
            reader.failures = 0;
        }
    }
}

struct Reader {
    member: Arc<Member>,
    /// The partition that the last rows were of, if there was more: those behind it have their turn.
    asked_up_to: Option<Partition>,
    failures: u32,
}

impl Reader {
    /// What is to be read next.
    fn next(&mut self, ends: &Ends) -> Vec<Asked> {
        let mut asked = self.member.unread(ends, self.asked_up_to);
        if asked.is_empty() && self.asked_up_to.take().is_some() {
            asked = self.member.unread(ends, None);
        }
        asked
    }

    async fn read_on(&mut self, asked: &[Asked]) -> ControlFlow<()> {
        let read = self.member.bus.read(asked).await;
        let accepted = match read {
            Ok(Batch { rows, .. }) if rows.is_empty() => self.skip(asked).await,
            Ok(Batch { rows, is_full }) => {
                self.asked_up_to = rows.last().map(|kept| kept.partition).filter(|_| is_full);
                self.member.accept(asked, rows);
                Ok(true)
            }
            Err(error) => Err(error),
        };
        match accepted {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(error) => {
                self.member.fail(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Goes on behind rows that are gone; whether there were such.
    async fn skip(&mut self, asked: &[Asked]) -> Result<bool, StoreError> {
        self.asked_up_to = None;
        let skips = self.member.bus.skips(asked).await?;
        let mut has_skipped = false;
        for Asked { partition, epoch, .. } in asked {
            let Some(next) = skips.get(partition) else { continue };
            let missed = self.member.skip(*partition, *epoch, *next);
            self.member.bus.tell_missed(&self.member.config.group, *partition, missed);
            has_skipped |= missed > 0;
        }
        Ok(has_skipped)
    }
}

impl Bus {
    /// The next rows of some partitions, in the order of these.
    async fn read(self: &Arc<Self>, asked: &[Asked]) -> Result<Batch, StoreError> {
        let mut ranges: Vec<Document> =
            asked.iter().map(|asked| asked.partition.rows(asked.from, u64::MAX >> 1)).collect();
        let filter = if ranges.len() == 1 {
            ranges.remove(0)
        } else {
            doc! { "$or": ranges }
        };
        let bus = Arc::clone(self);
        detached(async move {
            let read = || batch::next(&bus.log, filter.clone());
            bus.elections.read(&bus.database, read).await
        })
        .await
    }
}

impl Member {
    /// What is to be read of the partitions behind one, where there is something and room for it.
    fn unread(&self, ends: &Ends, behind: Option<Partition>) -> Vec<Asked> {
        let state = self.state();
        let bytes: usize = state.sequences.values().map(|sequence| sequence.deliveries.bytes()).sum();
        let is_light = bytes < MOST_BYTES;
        let has_turn = |partition: &Partition| behind.is_none_or(|behind| *partition > behind);
        let of_turn = state.sequences.iter().filter(|(partition, _)| has_turn(partition));
        let unread = of_turn.filter_map(|(partition, sequence)| {
            let (from, end) = (sequence.deliveries.next_position(), ends.get(partition).copied()?);
            // What is stuck in some partitions holds nothing up in those that have nothing.
            let has_room = sequence.is_empty() || (is_light && sequence.has_room());
            let is_wanted = from <= end && has_room && !sequence.goes_back;
            is_wanted.then_some(Asked { partition: *partition, from, epoch: sequence.epoch })
        });
        unread.collect()
    }

    /// Takes in what was read.
    fn accept(&self, asked: &[Asked], rows: Vec<Kept>) {
        let mut missed = Vec::new();
        {
            let mut state = self.state();
            for kept in rows {
                let partition = kept.partition;
                let epoch = asked.iter().find(|asked| asked.partition == partition).map(|asked| asked.epoch);
                let sequence = state.sequences.get_mut(&partition).filter(|held| Some(held.epoch) == epoch);
                if let Some(sequence) = sequence {
                    missed.push((partition, sequence.accept(kept)));
                }
            }
        }
        for (partition, missed) in missed {
            self.bus.tell_missed(&self.config.group, partition, missed);
        }
        self.changed.notify_one();
    }

    /// Goes on behind what is gone; returns how much that is.
    fn skip(&self, partition: Partition, epoch: i64, next: u64) -> u64 {
        let mut state = self.state();
        let missed = match state.sequences.get_mut(&partition).filter(|held| held.epoch == epoch) {
            Some(sequence) => sequence.skip_to(next),
            None => 0,
        };
        if missed > 0 {
            state.note_unsaved();
        }
        missed
    }
}
