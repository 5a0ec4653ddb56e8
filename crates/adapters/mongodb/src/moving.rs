//! Whether the databases are being filled with a marketplace that is moved here.

use bson::{Uuid as BsonUuid, doc};
use mongodb::error::ErrorKind;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::client::MongoClient;
use crate::elections::Elections;
use crate::error::MongoError;

/// The mark of a marketplace that is moved here, in the database `<prefix>_move`. A clone is a handle to the same one.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoClient, MongoConfig, MongoMove, MoveState};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let state = MongoMove::of(&client).state().await?;
/// assert_eq!(state, MoveState::Nothing, "no marketplace was moved here");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoMove {
    database: Database,
    marks: Collection<MarkDocument>,
    elections: Elections,
}

/// What was moved to the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveState {
    /// Nothing.
    Nothing,
    /// A part of a marketplace, which must not be served.
    Begun {
        /// What names its source.
        from: Uuid,
    },
    /// All of a marketplace.
    Ended {
        /// What names its source.
        from: Uuid,
    },
}

/// There is one at most.
#[derive(Debug, Serialize, Deserialize)]
struct MarkDocument {
    #[serde(rename = "_id")]
    name: String,
    from: BsonUuid,
    has_ended: bool,
}

const NAME: &str = "move";

impl MongoMove {
    /// The mark of these databases.
    #[must_use]
    pub fn of(client: &MongoClient) -> Self {
        let database = client.database("move");
        Self { marks: database.collection("marks"), database, elections: client.elections.clone() }
    }

    /// What was moved here. A user who may not read the mark finds nothing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if nobody answers.
    pub async fn state(&self) -> Result<MoveState, MongoError> {
        let find = || self.marks.find_one(doc! { "_id": NAME }).into_future();
        let found = match self.elections.read(&self.database, find).await {
            Err(error) if is_forbidden(&error) => None,
            found => found?,
        };
        Ok(found.map_or(MoveState::Nothing, |MarkDocument { from, has_ended, .. }| {
            let from = from.into();
            if has_ended { MoveState::Ended { from } } else { MoveState::Begun { from } }
        }))
    }

    /// Marks that a part of a marketplace is here.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if nobody answers, or another move has begun meanwhile.
    pub async fn begin(&self, from: Uuid) -> Result<(), MongoError> {
        let mark = MarkDocument { name: NAME.to_owned(), from: from.into(), has_ended: false };
        Ok(self.marks.insert_one(mark).await.map(drop)?)
    }

    /// Marks that all of it is here.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if nobody answers: it may be marked.
    pub async fn end(&self, from: Uuid) -> Result<(), MongoError> {
        let of_it = doc! { "_id": NAME, "from": BsonUuid::from(from) };
        let end = doc! { "$set": { "has_ended": true } };
        Ok(self.marks.update_one(of_it, end).await.map(drop)?)
    }
}

fn is_forbidden(error: &mongodb::error::Error) -> bool {
    const UNAUTHORISED: i32 = 13;
    matches!(&*error.kind, ErrorKind::Command(command) if command.code == UNAUTHORISED)
}
