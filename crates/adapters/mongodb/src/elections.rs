//! Reads that see what the primary before this one acknowledged.
//!
//! A new primary has every write that a majority had, but learns only with its own first commit that a majority
//! had the latest of them. Until then its reads by majority are of an earlier moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bson::oid::ObjectId;
use bson::{RawDocumentBuf, doc};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use mongodb::event::EventHandler;
use mongodb::event::sdam::{SdamEvent, TopologyDescription};
use mongodb::options::{ReadConcern, ServerAddress};
use mongodb::{Collection, Database, ServerType};
use parking_lot::Mutex;

/// The primaries that the driver saw come. A clone shares them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elections(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// How many.
    latest: AtomicU64,
    /// Up to which one it is known that reads see all that was acknowledged before.
    caught_up: AtomicU64,
    /// All who wait for the same primary wait for the same answer, also if it is an error.
    catching_up: Mutex<Option<CatchingUp>>,
}

type CatchingUp = Shared<BoxFuture<'static, mongodb::error::Result<u64>>>;

/// How long a new primary may take before reads fail and are to be repeated.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(8);

impl Elections {
    /// What the driver is to call.
    pub(crate) fn observer(&self) -> EventHandler<SdamEvent> {
        let seen = Arc::clone(&self.0);
        EventHandler::callback(move |event| {
            let SdamEvent::TopologyDescriptionChanged(change) = event else { return };
            let new = primary(&change.new_description);
            if new.is_some() && new != primary(&change.previous_description) {
                seen.latest.fetch_add(1, Ordering::SeqCst);
            }
        })
    }

    /// Reads by majority, and sees whatever was acknowledged before.
    ///
    /// The read is repeated if a primary came meanwhile: it may have been the one that answered.
    pub(crate) async fn read<T, F>(&self, database: &Database, read: impl Fn() -> F) -> mongodb::error::Result<T>
    where
        F: Future<Output = mongodb::error::Result<T>>,
    {
        loop {
            let latest = self.catch_up(database).await?;
            let found = read().await?;
            if self.0.latest.load(Ordering::SeqCst) == latest {
                return Ok(found);
            }
        }
    }

    /// Waits until the latest primary has made its own commit; returns which one it is.
    async fn catch_up(&self, database: &Database) -> mongodb::error::Result<u64> {
        let caught_up = self.0.caught_up.load(Ordering::SeqCst);
        if caught_up == self.0.latest.load(Ordering::SeqCst) {
            return Ok(caught_up);
        }
        let under_way = {
            let mut known = self.0.catching_up.lock();
            let under_way = known.take().filter(|attempt| attempt.peek().is_none());
            let attempt = under_way.unwrap_or_else(|| self.clone().caught_up(database.clone()).boxed().shared());
            known.insert(attempt).clone()
        };
        under_way.await
    }

    async fn caught_up(self, database: Database) -> mongodb::error::Result<u64> {
        let latest = self.0.latest.load(Ordering::SeqCst);
        // Answered only when a majority confirmed a write that follows whatever the read saw.
        let any: Collection<RawDocumentBuf> = database.collection("outbox");
        let read = any.find_one(doc! { "_id": "" }).read_concern(ReadConcern::linearizable());
        read.max_time(CATCH_UP_WITHIN).await?;
        self.0.caught_up.fetch_max(latest, Ordering::SeqCst);
        Ok(latest)
    }
}

/// Which server is the primary, and by which election, as reported to the driver.
fn primary(seen: &TopologyDescription) -> Option<(ServerAddress, Option<ObjectId>)> {
    let servers = seen.servers();
    let (address, _) = servers.into_iter().find(|(_, server)| server.server_type() == ServerType::RsPrimary)?;
    Some((address.clone(), seen.max_election_id()))
}
