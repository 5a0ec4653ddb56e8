//! Groups: what their members have on loan, and how far they came.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;
use ticketing_core::domain::event::Topic;
use ticketing_core::messaging::keyed_deliveries::{Arrived, Epoch, KeyedDeliveries, Lane};
use ticketing_core::ports::transport::{Arrival, Lag, StartFrom};

use crate::document::limit;
use crate::error::Failure;

use super::message::{self, Kept};

/// A member of a group.
pub(super) type MemberId = u64;

/// So many messages of a topic lie in memory and wait for their turn, at most.
const MOST_WAITING: usize = 4096;
/// And so many bytes of all that is unsettled.
const MOST_BYTES: usize = 16 << 20;
/// So many are read at once.
const BATCH: usize = 512;

/// All groups that had a member in this process.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: HashMap<String, Group>,
    members: MemberId,
    epochs: u64,
}

/// Members that share the work of some topics.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) sequences: BTreeMap<Topic, Sequence>,
    members: HashSet<MemberId>,
    /// Whether a write of its places is on its way.
    is_saving: bool,
}

/// What a group has of a topic.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) deliveries: KeyedDeliveries<Arc<Arrival>>,
    /// How many deliveries each member has on loan.
    out: HashMap<MemberId, usize>,
    /// The ring of the bell up to which the log was read to its end.
    read_at: Option<u64>,
    /// Whether a read of the log is on its way.
    is_reading: bool,
    /// Why the last read failed, until somebody hears of it.
    failure: Option<Failure>,
    /// Unlike that of any other sequence of this process.
    number: u64,
    /// The place as it was written last.
    saved: u64,
}

/// Where a group begins in a topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) topic: Topic,
    next: u64,
    /// How many events the log gave up that the group had not settled.
    pub(super) missed: u64,
}

/// What is to be read of a topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread {
    pub(super) topic: Topic,
    from: u64,
    /// The sequence that it is read for.
    sequence: u64,
}

impl Groups {
    pub(super) fn get(&mut self, group: &str) -> Option<&mut Group> {
        self.groups.get_mut(group)
    }

    /// Adds a member; topics that are new to the group begin at their places.
    pub(super) fn join(&mut self, group: &str, places: Vec<Place>) -> MemberId {
        self.members += 1;
        let joined = self.groups.entry(group.to_owned()).or_default();
        for Place { topic, next: start, .. } in places {
            self.epochs += 1;
            let epoch = Epoch { number: self.epochs << 32, start };
            joined.sequences.entry(topic).or_insert_with(|| Sequence::new(epoch));
        }
        joined.members.insert(self.members);
        self.members
    }

    /// Forgets a group, unless it has members.
    pub(super) fn forget(&mut self, group: &str) -> bool {
        let is_empty = self.groups.get(group).is_none_or(|group| group.members.is_empty());
        if is_empty {
            self.groups.remove(group);
        }
        is_empty
    }

    /// Which topics are followed in which groups, of those that have members.
    pub(super) fn followed(&self) -> impl Iterator<Item = (&str, Topic)> {
        let with_members = self.groups.iter().filter(|(_, group)| !group.members.is_empty());
        with_members.flat_map(|(name, group)| group.sequences.keys().map(|topic| (name.as_str(), *topic)))
    }

    pub(super) fn lags(&self) -> BTreeMap<String, Lag> {
        let followed = self.groups.iter().filter(|(_, group)| !group.members.is_empty());
        followed.map(|(name, group)| (name.clone(), group.sequences.values().map(Sequence::lag).sum())).collect()
    }
}

impl Group {
    /// Removes a member; what it had on loan comes again, and with it all that is unsettled of these topics.
    pub(super) fn leave(&mut self, member: MemberId) {
        self.members.remove(&member);
        for sequence in self.sequences.values_mut() {
            if sequence.out.remove(&member).is_some_and(|out| out > 0) {
                sequence.deliveries.revoke();
                sequence.out.clear();
                sequence.read_at = None;
            }
        }
    }

    /// What is to be read of some topics now; nobody else reads them until [`end_reading`](Self::end_reading).
    pub(super) fn begin_reading(&mut self, topics: &[Topic], rung: u64) -> Vec<Unread> {
        let begin = |topic: &Topic| self.sequences.get_mut(topic)?.begin_reading(*topic, rung);
        topics.iter().filter_map(begin).collect()
    }

    /// Takes in what was read, when the bell had rung so often, or keeps why it was not.
    pub(super) fn take_in(&mut self, read: Result<Vec<(Unread, Vec<Kept>)>, Failure>, of: &[Unread], rung: u64) {
        match read {
            Ok(read) => {
                for (unread, messages) in read {
                    if let Some(sequence) = self.read_for(&unread) {
                        sequence.accept(unread, messages, rung);
                    }
                }
            }
            Err(failure) => {
                for unread in of {
                    if let Some(sequence) = self.read_for(unread) {
                        sequence.failure = Some(failure.clone());
                    }
                }
            }
        }
    }

    /// Lets these be read again.
    pub(super) fn end_reading(&mut self, of: &[Unread]) {
        for unread in of {
            if let Some(sequence) = self.read_for(unread) {
                sequence.is_reading = false;
            }
        }
    }

    /// Why the last read of these topics failed; told once.
    pub(super) fn take_failure(&mut self, topics: &[Topic]) -> Option<Failure> {
        topics.iter().filter_map(|topic| self.sequences.get_mut(topic)?.failure.take()).last()
    }

    /// The sequence that something was read for, unless the group was forgotten meanwhile.
    fn read_for(&mut self, unread: &Unread) -> Option<&mut Sequence> {
        self.sequences.get_mut(&unread.topic).filter(|sequence| sequence.number == unread.sequence)
    }

    pub(super) fn out(&self, member: MemberId) -> usize {
        self.sequences.values().filter_map(|sequence| sequence.out.get(&member)).sum()
    }

    /// Whether its places are to be written, and nobody is about to.
    pub(super) fn begin_saving(&mut self) -> bool {
        let is_new = self.sequences.values().any(|sequence| sequence.saved < sequence.deliveries.watermark());
        is_new && !std::mem::replace(&mut self.is_saving, true)
    }

    /// What is to be written of its places.
    pub(super) fn unsaved(&self) -> Vec<(Topic, u64)> {
        let places =
            self.sequences.iter().map(|(topic, sequence)| (*topic, sequence.saved, sequence.deliveries.watermark()));
        places.filter(|(_, saved, place)| saved < place).map(|(topic, _, place)| (topic, place)).collect()
    }

    /// Notes that writing has ended, and which places are on disk.
    pub(super) fn end_saving(&mut self, saved: &[(Topic, u64)]) {
        self.is_saving = false;
        for (topic, place) in saved {
            if let Some(sequence) = self.sequences.get_mut(topic) {
                sequence.saved = sequence.saved.max(*place);
            }
        }
    }
}

impl Sequence {
    fn new(epoch: Epoch) -> Self {
        let (number, saved) = (epoch.number, epoch.start);
        Self {
            deliveries: KeyedDeliveries::new(epoch),
            out: HashMap::new(),
            read_at: None,
            is_reading: false,
            failure: None,
            number,
            saved,
        }
    }

    /// Begins a read, if there may be something new and room for it, and nobody reads already.
    fn begin_reading(&mut self, topic: Topic, rung: u64) -> Option<Unread> {
        let has_room = self.deliveries.waiting() < MOST_WAITING && self.deliveries.bytes() < MOST_BYTES;
        if self.is_reading || !has_room || self.read_at == Some(rung) {
            return None;
        }
        self.is_reading = true;
        Some(Unread { topic, from: self.deliveries.next_position(), sequence: self.number })
    }

    /// Takes in what was read from there on, when the bell had rung so often.
    fn accept(&mut self, unread: Unread, messages: Vec<Kept>, rung: u64) {
        if self.deliveries.next_position() < unread.from {
            // A member left meanwhile: what lies between has to be read again.
            return;
        }
        if messages.len() < BATCH {
            self.read_at = Some(rung);
        }
        for Kept { position, arrival } in messages {
            let bytes = size(&arrival);
            let arrived = Arrived { lane: Lane::of(&arrival), bytes, delivery: Arc::new(arrival) };
            self.deliveries.accept(position.unsigned_abs(), arrived);
        }
    }

    fn lag(&self) -> Lag {
        let events = self.deliveries.out() + self.deliveries.waiting();
        Lag { events: events as u64, oldest: self.deliveries.first_unsettled().and_then(|arrival| arrival.time()) }
    }

    pub(super) fn note_out(&mut self, member: MemberId, lent: usize) {
        *self.out.entry(member).or_default() += lent;
    }

    pub(super) fn note_back(&mut self, member: MemberId) {
        if let Some(out) = self.out.get_mut(&member) {
            *out = out.saturating_sub(1);
        }
    }
}

fn size(arrival: &Arrival) -> usize {
    match arrival {
        Arrival::Event(event) => event.data.len(),
        Arrival::Undecodable { raw, .. } => raw.body.len(),
    }
}

/// The next messages of some topics.
pub(super) fn read(connection: &Connection, unread: &[Unread]) -> Result<Vec<(Unread, Vec<Kept>)>, Failure> {
    let sql = "SELECT position, topic, key, headers, body FROM log WHERE topic = ?1 AND position >= ?2
         ORDER BY position LIMIT ?3";
    let mut select = connection.prepare_cached(sql)?;
    let mut read = Vec::with_capacity(unread.len());
    for of in unread {
        let params = (of.topic.name(), of.from.cast_signed(), limit(BATCH));
        let messages = select.query_map(params, message::read)?.collect::<Result<_, _>>()?;
        read.push((*of, messages));
    }
    Ok(read)
}

/// The places of a group in these topics; new ones are kept from now on, so that nothing published later is missed.
///
/// What it missed while nobody had joined it is told once.
pub(super) fn places(
    connection: &Connection,
    group: &str,
    topics: &[Topic],
    start: StartFrom,
) -> Result<Vec<Place>, Failure> {
    let first = match start {
        StartFrom::Earliest => "1",
        StartFrom::Latest => "1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'log'), 0)",
    };
    let sql = format!("INSERT INTO places (consumer, topic, next) VALUES (?1, ?2, {first}) ON CONFLICT DO NOTHING");
    let mut insert = connection.prepare_cached(&sql)?;
    let mut select = connection.prepare_cached("SELECT next, missed FROM places WHERE consumer = ?1 AND topic = ?2")?;
    let sql = "UPDATE places SET idle = 0, missed = 0 WHERE consumer = ?1 AND topic = ?2 AND (idle > 0 OR missed > 0)";
    let mut update = connection.prepare_cached(sql)?;
    let mut places = Vec::with_capacity(topics.len());
    for topic in topics {
        insert.execute((group, topic.name()))?;
        let place =
            |next: i64, missed: i64| Place { topic: *topic, next: next.unsigned_abs(), missed: missed.unsigned_abs() };
        places.push(select.query_row((group, topic.name()), |row| Ok(place(row.get(0)?, row.get(1)?)))?);
        update.execute((group, topic.name()))?;
    }
    Ok(places)
}

/// Writes how far a group came; never back, and not of a group that was forgotten.
pub(super) fn save(connection: &Connection, group: &str, places: &[(Topic, u64)]) -> Result<(), Failure> {
    let sql = "UPDATE places SET next = max(next, ?3) WHERE consumer = ?1 AND topic = ?2";
    let mut update = connection.prepare_cached(sql)?;
    for (topic, next) in places {
        update.execute((group, topic.name(), next.cast_signed()))?;
    }
    Ok(())
}
