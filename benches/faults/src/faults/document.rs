//! Documents that nobody can read, such as a newer release or a repair by hand may leave, where every loop comes by.

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, Timestamp, Uuid, doc};
use mongodb::{Client, Collection};

use crate::Error;
use crate::services::PREFIX;

/// A collection, and what makes a copy of one of its documents unreadable and still found by those who look for work.
struct Spoilt {
    service: &'static str,
    collection: &'static str,
    fields: fn() -> Document,
}

const ALL: [Spoilt; 7] = [
    Spoilt { service: "orders", collection: "stocks", fields: || doc! { "sales": "unreadable" } },
    Spoilt {
        service: "orders",
        collection: "orders",
        fields: || doc! { "status": "awaiting_payment", "quantity": "unreadable" },
    },
    Spoilt { service: "tickets", collection: "listings", fields: || doc! { "price": "unreadable" } },
    Spoilt {
        service: "payments",
        collection: "payments",
        fields: || doc! { "status": "pending", "order": Uuid::new(), "total": "unreadable" },
    },
    Spoilt { service: "payments", collection: "payables", fields: || doc! { "total": "unreadable" } },
    Spoilt {
        service: "notifications",
        collection: "letters",
        fields: || doc! { "status": "waiting", "due_at": DateTime::from_millis(1), "reason": "unreadable" },
    },
    Spoilt { service: "notifications", collection: "orders", fields: || doc! { "quantity": "unreadable" } },
];

/// What was put where.
#[derive(Debug, Default)]
pub(super) struct Documents(Vec<(Collection<Document>, Bson)>);

impl Documents {
    /// Puts one into each collection.
    pub(super) async fn put(client: &Client) -> Result<Self, Error> {
        let mut put = Self::default();
        for Spoilt { service, collection, fields } in ALL {
            let collection = client.database(&format!("{PREFIX}_{service}")).collection::<Document>(collection);
            let Some(mut document) = collection.find_one(doc! {}).await? else { continue };
            // A key is somebody's, and there is one of each.
            document.remove("key");
            document.extend(fields());
            put.insert(collection, Uuid::new().into(), document).await?;
        }
        // Before all others, so that a reader that stops at it reads nothing else.
        let outbox = client.database(&format!("{PREFIX}_orders")).collection::<Document>("outbox");
        let row = doc! { "at": Timestamp { time: 1, increment: 1 }, "events": "unreadable" };
        put.insert(outbox, ObjectId::from_bytes([0; 12]).into(), row).await?;
        Ok(put)
    }

    /// Takes them away again.
    pub(super) async fn take(self) -> Result<(), Error> {
        for (collection, id) in self.0 {
            collection.delete_one(doc! { "_id": id }).await?;
        }
        Ok(())
    }

    async fn insert(
        &mut self,
        collection: Collection<Document>,
        id: Bson,
        mut document: Document,
    ) -> Result<(), Error> {
        document.insert("_id", id.clone());
        collection.insert_one(document).await?;
        self.0.push((collection, id));
        Ok(())
    }
}
