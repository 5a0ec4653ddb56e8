//! What a transaction finds, and what it has to change of it.
//!
//! Records are compared here and not in the filters of the updates: an update
//! by name alone needs no plan, and one that sends only what differs touches no
//! index but those of what differs. Both are most of what an update costs the
//! server.
//!
//! Invariant: nobody changes a record between this read and the commit. Both are
//! of one snapshot, and the server refuses a write over one that is not in it.

use std::collections::HashMap;

use bson::{RawDocument, RawDocumentBuf, Uuid, doc};
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::{ClientSession, Database};
use ticketing_core::ports::store::Revision;

use super::{Change, name, set};
use crate::document;
use crate::query::BATCH;

/// The statements that put changes in the place of what they replace; `None` if something else is there.
pub(super) async fn replacements(
    database: &Database,
    collection: &str,
    changes: &[(&Change, Revision)],
    session: &mut ClientSession,
) -> Result<Option<Vec<RawDocumentBuf>>, Error> {
    let current = current(database, collection, changes, session).await?;
    let mut statements = Vec::with_capacity(changes.len());
    for (change, revision) in changes {
        match current.get(&change.id.bytes()) {
            Some(current) if is_at(current, *revision) => statements.push(replacement(change, current)?),
            _ => return Ok(None),
        }
    }
    Ok(Some(statements))
}

async fn current(
    database: &Database,
    collection: &str,
    changes: &[(&Change, Revision)],
    session: &mut ClientSession,
) -> Result<HashMap<[u8; 16], RawDocumentBuf>, Error> {
    let ids: Vec<Uuid> = changes.iter().map(|(change, _)| change.id).collect();
    let records = database.collection::<RawDocumentBuf>(collection);
    let find = records.find(doc! { "_id": { "$in": ids } }).batch_size(BATCH);
    let mut cursor = find.session(&mut *session).await?;
    let found: Vec<RawDocumentBuf> = cursor.stream(session).try_collect().await?;
    let named = found.into_iter().map(|record| Ok((name(&record)?, record)));
    named.collect()
}

/// A record that cannot be read is not as it was read.
fn is_at(current: &RawDocument, revision: Revision) -> bool {
    document::revision(current) == Ok(revision)
}

/// Sets the fields that differ. A field that is gone is there with the value null.
fn replacement(change: &Change, current: &RawDocument) -> Result<RawDocumentBuf, Error> {
    let mut differing = RawDocumentBuf::new();
    for field in &change.document {
        let (name, value) = field?;
        if current.get(name)? != Some(value) {
            differing.append(name, value);
        }
    }
    Ok(set(change.id, &differing))
}

#[cfg(test)]
mod tests {
    use bson::{Binary, rawdoc};
    use ticketing_core::domain::ids::TicketId;
    use ticketing_core::ports::store::{CommitToken, RecordKey};

    use super::*;

    #[test]
    fn a_revision_is_its_count_and_its_token() {
        let revision = Revision { count: 3, token: CommitToken(u64::MAX) };
        for (current, expected) in [
            (rawdoc! { "rev": 3_i64, "token": -1_i64 }, true),
            (rawdoc! { "rev": 3_i32, "token": -1_i64 }, true),
            (rawdoc! { "rev": 3_i64, "token": 5_i64 }, false),
            (rawdoc! { "rev": 3_i64 }, false),
            (rawdoc! { "rev": 2_i64, "token": -1_i64 }, false),
            (rawdoc! { "rev": -3_i64, "token": -1_i64 }, false),
            (rawdoc! { "rev": "3", "token": -1_i64 }, false),
            (rawdoc! { "token": -1_i64 }, false),
        ] {
            assert_eq!(is_at(&current, revision), expected, "{current:?}");
        }
        let before_tokens = Revision { count: 3, token: CommitToken::NONE };
        assert!(is_at(&rawdoc! { "rev": 3_i64 }, before_tokens));
        assert!(is_at(&rawdoc! { "rev": 3_i64, "token": null }, before_tokens));
        assert!(!is_at(&rawdoc! { "rev": 3_i64, "token": 1_i64 }, before_tokens));
    }

    #[test]
    fn only_what_differs_is_set() {
        let id = Uuid::new();
        let document =
            rawdoc! { "_id": Binary::from(id), "rev": 2_i64, "title": "Rock", "sold": { "n": 1 }, "city": null };
        let change = Change {
            collection: "listings",
            key: RecordKey::Listing(TicketId::new(id.into())),
            id,
            document,
            replaces: Some(Revision { count: 1, token: CommitToken(7) }),
            unique: Vec::new(),
        };
        let current =
            rawdoc! { "_id": Binary::from(id), "rev": 1_i64, "title": "Rock", "sold": { "n": 0 }, "city": "Ulm" };

        let statement = replacement(&change, &current).unwrap();

        let set = rawdoc! { "rev": 2_i64, "sold": { "n": 1 }, "city": null };
        assert_eq!(statement, rawdoc! { "q": { "_id": Binary::from(id) }, "u": { "$set": set } });
    }
}
