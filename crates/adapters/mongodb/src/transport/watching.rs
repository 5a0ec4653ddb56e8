//! Hears of what other processes publish, and of members that come and go: one change stream for a process.
//!
//! It carries no more than that something changed. While it is broken, and each second in any case, the ends of the log
//! are looked at.

use std::collections::BTreeSet;
use std::sync::Weak;
use std::time::{Duration, Instant};

use bson::{Document, doc};
use futures::{FutureExt, StreamExt};
use mongodb::Database;
use mongodb::change_stream::ChangeStream;
use mongodb::change_stream::event::ChangeStreamEvent;
use ticketing_core::messaging::backoff::Backoff;
use tokio::time::{sleep, timeout};

use super::Bus;
use super::schema::{HEADS, MEMBERS, PLACES};

type Changes = ChangeStream<ChangeStreamEvent<Document>>;

/// How long nothing is heard of before the ends are looked at.
const QUIET: Duration = Duration::from_secs(1);
/// How often they are looked at without a stream.
const POLL_EVERY: Duration = Duration::from_millis(250);
/// How long to wait before a stream is opened again.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(10) };
/// One that lasted for so long was none of a row of failures.
const LASTED: Duration = Duration::from_secs(30);

/// Runs until nobody has the broker any more.
pub(super) async fn run(bus: Weak<Bus>, database: Database) {
    let mut failures = 0;
    while bus.strong_count() > 0 {
        let began_at = Instant::now();
        match database.watch().pipeline(pipeline()).await {
            Ok(changes) => listen(&bus, changes).await,
            Err(error) => {
                tracing::debug!(cause = %error, "changes of the log are not heard of: it is looked at instead")
            }
        }
        failures = if began_at.elapsed() > LASTED { 1 } else { failures + 1 };
        poll(&bus, PAUSES.longest_after(failures)).await;
    }
}

/// Heads that move, members that come and go, and places that change hands; not signs of life, nor progress.
fn pipeline() -> [Document; 2] {
    // One that goes gives back what it held, and that is heard of.
    let comes = doc! { "ns.coll": MEMBERS, "operationType": "insert" };
    let changes_hands = doc! { "ns.coll": PLACES, "updateDescription.updatedFields.holder": { "$exists": true } };
    [
        doc! { "$match": { "$or": [{ "ns.coll": HEADS }, comes, changes_hands] } },
        doc! { "$project": { "ns": 1, "operationType": 1, "documentKey": 1, "fullDocument.group": 1 } },
    ]
}

/// Listens until the stream breaks off, or nobody has the broker any more.
async fn listen(bus: &Weak<Bus>, mut changes: Changes) {
    // Before the first change, and whenever nothing was heard of.
    let mut is_news = true;
    loop {
        if is_news && !look(bus).await {
            return;
        }
        is_news = match timeout(QUIET, changes.next()).await {
            Err(_quiet) => true,
            Ok(Some(Ok(change))) => heard(bus, &mut changes, &change),
            Ok(Some(Err(error))) => {
                tracing::debug!(cause = %error, "changes of the log are not heard of any more for now");
                return;
            }
            Ok(None) => return,
        };
    }
}

/// Takes in a change, with those that wait behind it; whether the ends are to be looked at.
fn heard(bus: &Weak<Bus>, changes: &mut Changes, change: &ChangeStreamEvent<Document>) -> bool {
    let mut groups: BTreeSet<String> = group(change).into_iter().collect();
    let mut is_of_log = is_of_log_alone(change);
    while let Some(Some(Ok(change))) = changes.next().now_or_never() {
        groups.extend(group(&change));
        is_of_log |= is_of_log_alone(&change);
    }
    if let Some(bus) = bus.upgrade().filter(|_| !groups.is_empty()) {
        bus.regrouped.send_modify(|counts| {
            for group in groups {
                let count = counts.entry(group).or_default();
                *count = count.wrapping_add(1);
            }
        });
    }
    is_of_log
}

fn is_of_log_alone(change: &ChangeStreamEvent<Document>) -> bool {
    change.ns.as_ref().and_then(|namespace| namespace.coll.as_deref()) == Some(HEADS)
}

/// The group that a member joined, or whose place changed hands.
fn group(change: &ChangeStreamEvent<Document>) -> Option<String> {
    let of_member = || change.full_document.as_ref()?.get_str("group").ok();
    let of_place = || change.document_key.as_ref()?.get_document("_id").ok()?.get_str("group").ok();
    of_place().or_else(of_member).map(str::to_owned)
}

/// Looks how often the ends have moved without a stream, for a span.
async fn poll(bus: &Weak<Bus>, span: Duration) {
    let end = Instant::now() + span;
    while look(bus).await && Instant::now() < end {
        sleep(POLL_EVERY).await;
    }
}

/// Looks where the log ends; `false` if nobody has the broker any more.
async fn look(bus: &Weak<Bus>) -> bool {
    let Some(bus) = bus.upgrade() else { return false };
    // In its own task: the driver's work is not to be dropped half way.
    let looked = tokio::spawn(async move { bus.look().await.map(drop) }).await;
    if let Ok(Err(error)) = looked {
        tracing::debug!(cause = %error, "where the log ends is not known for now");
    }
    true
}
