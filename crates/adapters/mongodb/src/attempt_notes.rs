//! The provider's id of each attempt to pay.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Uuid, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};
use ticketing_core::ports::store::StoreError;

use crate::client::{Indexes, MongoClient, detached};
use crate::elections::Elections;
use crate::error::{MongoError, is_duplicate};

const COLLECTION: &str = "attempt_notes";

/// Keeps the notes of attempts in the database `<prefix>_gateway`. A clone is a handle to the same notes.
#[derive(Debug, Clone)]
pub struct MongoAttemptNotes {
    database: Database,
    notes: Collection<NoteDocument>,
    elections: Elections,
}

#[derive(Debug, Serialize, Deserialize)]
struct NoteDocument {
    #[serde(rename = "_id")]
    payment: Uuid,
    /// Null of a closed attempt.
    provider_id: Option<Arc<str>>,
}

impl MongoAttemptNotes {
    /// Opens the notes.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the collection cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let notes = Indexes { collection: COLLECTION, indexes: Vec::new() };
        let database = client.prepared("gateway", vec![notes]).await?;
        Ok(Self { notes: database.collection(COLLECTION), database, elections: client.elections.clone() })
    }
}

#[async_trait]
impl AttemptNotes for MongoAttemptNotes {
    async fn note(&self, payment: PaymentId, note: AttemptNote) -> Result<Option<AttemptNote>, StoreError> {
        let (this, payment) = (self.clone(), Uuid::from(payment.uuid()));
        let provider_id = match note {
            AttemptNote::Prepared { provider_id } => Some(provider_id),
            AttemptNote::Closed => None,
        };
        detached(async move {
            match this.notes.insert_one(NoteDocument { payment, provider_id }).await {
                Ok(_) => Ok(None),
                Err(error) if is_duplicate(&error) => {
                    let find = || this.notes.find_one(doc! { "_id": payment }).into_future();
                    Ok(this.elections.read(&this.database, find).await?.map(NoteDocument::into_domain))
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}

impl NoteDocument {
    fn into_domain(self) -> AttemptNote {
        self.provider_id.map_or(AttemptNote::Closed, |provider_id| AttemptNote::Prepared { provider_id })
    }
}
