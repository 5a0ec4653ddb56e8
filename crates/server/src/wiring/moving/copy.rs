//! Every record from one side to the other, and whether both are the same then.

use ticketing_core::moving::{Comparison, KeptRecord, RecordKind};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::store::Page;
use ticketing_mongodb::MongoRecords;
use ticketing_sqlite::SqliteRecords;
use uuid::Uuid;

use super::Tell;
use super::refusal::{Difference, Refusal};

/// So many records are copied at a time.
const PAGE: usize = 500;

/// Copies page by page in the order of ids; whatever is done twice changes nothing.
pub(super) struct Copying<'a> {
    pub(super) from: &'a SqliteRecords,
    pub(super) to: &'a MongoRecords,
    pub(super) tell: Tell<'a>,
}

impl Copying<'_> {
    /// Removes what an earlier copy brought and is otherwise now.
    ///
    /// Order matters: this is done with all kinds before the first is copied, since a stale record may have what only one
    /// may have.
    pub(super) async fn remove_stale(&self) -> Result<(), BoxError> {
        for kind in RecordKind::ALL {
            let mut page = Page::first(PAGE);
            loop {
                let there = self.to.page(kind, page).await?;
                let Some(last) = there.last().map(KeptRecord::id) else { break };
                let stale = Comparison::of(self.from.page(kind, page).await?, &there).stale();
                if !stale.is_empty() {
                    self.to.remove(kind, &stale).await?;
                }
                (self.tell)(&format!("compared what is there with the file: {}", kind.name()));
                page.after = Some(last);
            }
        }
        Ok(())
    }

    /// Copies what is missing. What is there already has to be the same.
    pub(super) async fn copy(&self) -> Result<(), BoxError> {
        for kind in RecordKind::ALL {
            let (mut page, mut copied) = (Page::first(PAGE), 0);
            loop {
                let kept = self.from.page(kind, page).await?;
                let Some(last) = kept.last().map(KeptRecord::id) else { break };
                copied += kept.len();
                let found = Comparison::of(kept, &self.to.page(kind, page).await?);
                if let Some(id) = found.different.first() {
                    return Err(differs(kind, *id, Difference::Different));
                }
                if !found.missing.is_empty() {
                    self.to.insert(found.missing).await?;
                }
                (self.tell)(&format!("copied {copied} {}", kind.name()));
                page.after = Some(last);
            }
        }
        Ok(())
    }

    /// Compares everything, and counts it.
    pub(super) async fn compare(&self) -> Result<Vec<(RecordKind, u64)>, BoxError> {
        let mut counts = Vec::new();
        for kind in RecordKind::ALL {
            let (mut page, mut compared) = (Page::first(PAGE), 0);
            loop {
                let (kept, there) = (self.from.page(kind, page).await?, self.to.page(kind, page).await?);
                let (read, last) = (kept.len(), kept.last().map(KeptRecord::id));
                if let Some(error) = difference(kind, &Comparison::of(kept, &there)) {
                    return Err(error);
                }
                compared += read as u64;
                (self.tell)(&format!("compared {compared} {}", kind.name()));
                if read < PAGE {
                    break;
                }
                page.after = last;
            }
            counts.push((kind, compared));
        }
        Ok(counts)
    }
}

/// The first of what is not the same.
fn difference(kind: RecordKind, found: &Comparison) -> Option<BoxError> {
    let missing = found.missing.first().map(|record| differs(kind, record.id(), Difference::Missing));
    let different = found.different.first().map(|id| differs(kind, *id, Difference::Different));
    missing.or(different).or_else(|| found.surplus.first().map(|id| differs(kind, *id, Difference::Surplus)))
}

fn differs(kind: RecordKind, id: Uuid, how: Difference) -> BoxError {
    Refusal::Differs { kind, id, how }.into()
}
