//! How far groups came and who holds what, as it is in the database.
//!
//! A member holds a partition from when its id was written into the place until another's is. Each change of the holder
//! counts the epoch up, and every write names both, so one that comes late changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bson::{Bson, DateTime, Document, Uuid as BsonUuid, doc};
use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::error::Result as MongoResult;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::transport::{StartFrom, SubscriptionConfig};
use uuid::Uuid;

use crate::client::detached;
use crate::commit::all_done;
use crate::error::is_duplicate;

use super::Bus;
use super::partition::Partition;
use super::schema::{MEMBERS, PLACES};

/// A place of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: Partition,
    /// The first position that is not settled.
    pub(super) next: u64,
    pub(super) holder: Option<Uuid>,
    pub(super) epoch: i64,
}

/// A member that gave a sign of life not long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Living {
    pub(super) id: Uuid,
    pub(super) topics: Vec<String>,
}

/// A group, as it is now.
#[derive(Debug, Default)]
pub(super) struct View {
    /// By id.
    pub(super) members: Vec<Living>,
    pub(super) places: BTreeMap<Partition, Place>,
}

/// A write of one place.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    partition: Partition,
    expected: Document,
    update: Document,
}

impl Statement {
    /// Writes how far its holder came.
    pub(super) fn save(member: Uuid, epoch: i64, partition: Partition, next: u64) -> Self {
        let update = doc! { "$set": { "next": next.cast_signed() } };
        Self { partition, expected: doc! { "holder": BsonUuid::from(member), "epoch": epoch }, update }
    }

    /// Writes how far its holder came, and lets go of it.
    pub(super) fn release(member: Uuid, epoch: i64, partition: Partition, next: u64) -> Self {
        let update = doc! {
            "$set": { "next": next.cast_signed(), "holder": Bson::Null }, "$currentDate": { "alive": true },
        };
        Self { update, ..Self::save(member, epoch, partition, next) }
    }

    /// Makes `member` the holder, unless somebody else became it meanwhile.
    pub(super) fn take(member: Uuid, seen: &Place) -> Self {
        let holder = seen.holder.map_or(Bson::Null, |holder| BsonUuid::from(holder).into());
        let update = doc! {
            "$set": { "holder": BsonUuid::from(member) },
            "$inc": { "epoch": 1_i64 },
            "$currentDate": { "alive": true },
        };
        Self { partition: seen.partition, expected: doc! { "holder": holder, "epoch": seen.epoch }, update }
    }

    fn of_group(mut self, group: &str) -> Document {
        self.expected.insert("_id", id(group, self.partition));
        doc! { "q": self.expected, "u": self.update }
    }
}

fn id(group: &str, Partition { topic, number }: Partition) -> Document {
    doc! { "group": group, "topic": topic, "partition": number }
}

/// Writes where a new group begins; where it is written already, that stays.
pub(super) async fn begin(bus: &Arc<Bus>, config: &SubscriptionConfig) -> Result<(), StoreError> {
    let (bus, group, topics, start) = (Arc::clone(bus), config.group.clone(), config.topics.clone(), config.start);
    detached(async move {
        let places: Collection<Document> = bus.database.collection(PLACES);
        let known = places.count_documents(doc! { "_id": { "$in": ids(&group, &topics) } }).await?;
        let all: Vec<Partition> = topics.iter().flat_map(|topic| Partition::all(*topic)).collect();
        if known == all.len() as u64 {
            return Ok(());
        }
        let ends = bus.look().await?;
        let first = |partition: &Partition| match start {
            StartFrom::Earliest => 1,
            StartFrom::Latest => ends.get(partition).map_or(1, |end| end + 1),
        };
        let place = |partition: &Partition| {
            let next = first(partition).cast_signed();
            let alive = DateTime::now();
            doc! { "_id": id(&group, *partition), "next": next, "holder": Bson::Null, "epoch": 0_i64, "alive": alive }
        };
        match places.insert_many(all.iter().map(place)).ordered(false).await {
            Err(error) if !is_duplicate(&error) => Err(error),
            _ => Ok(()),
        }
    })
    .await
}

fn ids(group: &str, topics: &[Topic]) -> Vec<Document> {
    topics.iter().flat_map(|topic| Partition::all(*topic)).map(|partition| id(group, partition)).collect()
}

impl Bus {
    /// Gives a sign of life of a member, which holds for a while by the server's clock.
    pub(super) async fn renew(
        self: &Arc<Self>,
        member: Uuid,
        config: &SubscriptionConfig,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let members: Collection<Document> = self.database.collection(MEMBERS);
        let topics: Vec<&str> = config.topics.iter().map(|topic| topic.name()).collect();
        let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let until = doc! { "$add": ["$$NOW", lease] };
        let sign = doc! { "$set": { "group": { "$literal": &config.group }, "topics": topics, "until": until } };
        let named = doc! { "_id": BsonUuid::from(member) };
        detached(async move { members.update_one(named, vec![sign]).upsert(true).await.map(drop) }).await
    }

    /// Who is in a group, and where it is in some topics.
    pub(super) async fn view(self: &Arc<Self>, group: &str, topics: &[Topic]) -> Result<View, StoreError> {
        let (bus, group, topics) = (Arc::clone(self), group.to_owned(), topics.to_vec());
        detached(async move {
            let read = || async {
                let (members, places) = futures::try_join!(living(&bus, &group), places(&bus, &group, &topics))?;
                Ok(View { members, places })
            };
            bus.elections.read(&bus.database, read).await
        })
        .await
    }

    /// Writes places of a group; whether all of them were as expected. Those that were not are unchanged.
    pub(super) async fn write(self: &Arc<Self>, group: &str, statements: Vec<Statement>) -> Result<bool, StoreError> {
        let count = statements.len();
        if count == 0 {
            return Ok(true);
        }
        let updates: Vec<Document> = statements.into_iter().map(|statement| statement.of_group(group)).collect();
        let majority = doc! { "w": "majority" };
        let command = doc! { "update": PLACES, "updates": updates, "ordered": false, "writeConcern": majority };
        let database = self.database.clone();
        detached(async move { all_done(&database.run_command(command).await?, count) }).await
    }

    /// Keeps the places that a member holds from being forgotten.
    pub(super) async fn touch(self: &Arc<Self>, member: Uuid, config: &SubscriptionConfig) -> Result<(), StoreError> {
        let places: Collection<Document> = self.database.collection(PLACES);
        let ids = ids(&config.group, &config.topics);
        let held = doc! { "_id": { "$in": ids }, "holder": BsonUuid::from(member) };
        let alive = doc! { "$currentDate": { "alive": true } };
        detached(async move { places.update_many(held, alive).await.map(drop) }).await
    }

    /// Takes a member off its group.
    pub(super) async fn forget(self: &Arc<Self>, member: Uuid) -> Result<(), StoreError> {
        let members: Collection<Document> = self.database.collection(MEMBERS);
        let named = doc! { "_id": BsonUuid::from(member) };
        detached(async move { members.delete_one(named).await.map(drop) }).await
    }
}

async fn living(bus: &Bus, group: &str) -> MongoResult<Vec<Living>> {
    let members: Collection<Document> = bus.database.collection(MEMBERS);
    let is_alive = doc! { "group": group, "$expr": { "$gt": ["$until", "$$NOW"] } };
    let found: Vec<Document> = members.find(is_alive).await?.try_collect().await?;
    let read = |document: &Document| {
        let topics = document.get_array("topics").ok()?.iter();
        Some(Living {
            id: uuid(document.get("_id"))?,
            topics: topics.filter_map(Bson::as_str).map(str::to_owned).collect(),
        })
    };
    let mut living: Vec<Living> = found.iter().filter_map(read).collect();
    living.sort_by_key(|member| member.id);
    Ok(living)
}

async fn places(bus: &Bus, group: &str, topics: &[Topic]) -> MongoResult<BTreeMap<Partition, Place>> {
    let places: Collection<Document> = bus.database.collection(PLACES);
    let found: Vec<Document> = places.find(doc! { "_id": { "$in": ids(group, topics) } }).await?.try_collect().await?;
    Ok(found.iter().filter_map(place).map(|place| (place.partition, place)).collect())
}

fn place(document: &Document) -> Option<Place> {
    let id = document.get_document("_id").ok()?;
    Some(Place {
        partition: Partition::named(id.get_str("topic").ok()?, id.get_i32("partition").ok()?)?,
        next: u64::try_from(document.get_i64("next").ok()?).ok()?,
        holder: uuid(document.get("holder")),
        epoch: document.get_i64("epoch").ok()?,
    })
}

fn uuid(value: Option<&Bson>) -> Option<Uuid> {
    match value {
        Some(Bson::Binary(binary)) => Some(Uuid::from_bytes(binary.bytes.as_slice().try_into().ok()?)),
        _ => None,
    }
}
