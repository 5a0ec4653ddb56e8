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
use crate::document::{Record, Wrong};
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
pub(crate) struct NoteDocument {
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
        let this = self.clone();
        let document = NoteDocument::of(payment, note);
        detached(async move {
            match this.notes.insert_one(&document).await {
                Ok(_) => Ok(None),
                Err(error) if is_duplicate(&error) => {
                    let find = || this.notes.find_one(doc! { "_id": document.payment }).into_future();
                    Ok(this.elections.read(&this.database, find).await?.map(NoteDocument::note))
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}

impl NoteDocument {
    pub(crate) fn of(payment: PaymentId, note: AttemptNote) -> Self {
        let provider_id = match note {
            AttemptNote::Prepared { provider_id } => Some(provider_id),
            AttemptNote::Closed => None,
        };
        Self { payment: payment.uuid().into(), provider_id }
    }

    fn note(self) -> AttemptNote {
        self.provider_id.map_or(AttemptNote::Closed, |provider_id| AttemptNote::Prepared { provider_id })
    }
}

impl Record for NoteDocument {
    type Domain = (PaymentId, AttemptNote);
    const COLLECTION: &'static str = COLLECTION;

    fn into_domain(self) -> Result<Self::Domain, Wrong> {
        Ok((PaymentId::new(self.payment.into()), self.note()))
    }
}
