//! Lets a marketplace handle what is under way in its file, until nothing is.

use std::time::{Duration, Instant};

use ticketing_core::ports::BoxError;
use ticketing_core::ports::store::StoreError;
use ticketing_sqlite::{SqliteConfig, SqliteMove, SqliteRecords};

use crate::config::Service;

use super::refusal::Refusal;
use super::{Source, Tell};

/// How often it is looked whether something is under way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Groups whose name begins so feed an index that is filled where the marketplace goes on.
const OF_SEARCH: &str = "search";

/// Runs what repeats behind the services, without serving anybody, until every event was handled; then holds the file.
///
/// Something may come due between the last look and the end of the loops, so they run again then.
pub(super) async fn come_to_rest(source: &Source, patience: Duration, tell: Tell<'_>) -> Result<SqliteMove, BoxError> {
    check_mail(source).await?;
    let end = Instant::now() + patience;
    loop {
        run_until_rest(source, end, tell).await?;
        let file = source.hold().await?;
        match at_rest(source).await? {
            Ok(()) => return Ok(file),
            Err(what) if Instant::now() >= end => {
                file.close().await;
                return Err(Refusal::Restless { what }.into());
            }
            Err(_) => file.close().await,
        }
    }
}

/// Without mail nobody would follow for letters, and the file would forget how far they came.
async fn check_mail(source: &Source) -> Result<(), BoxError> {
    let records = source.records().await?;
    let groups = records.unsettled(None).await;
    records.close().await;
    let has_written = groups?.iter().any(|group| group.group == Service::Notifications.name());
    if has_written && source.config.mail.is_none() { Err(Refusal::Unwritten.into()) } else { Ok(()) }
}

async fn run_until_rest(source: &Source, end: Instant, tell: Tell<'_>) -> Result<(), BoxError> {
    let assembly = super::super::marketplace(&source.config).await?;
    let observed = assembly.loops.observables();
    let followers = observed.consumers.into_iter().map(|(name, _)| name).filter(|name| !name.starts_with(OF_SEARCH));
    let (followers, running) = (followers.collect::<Vec<_>>(), assembly.start());
    let rested = until_rest(source, &followers, end, tell).await;
    running.stop().await?;
    rested
}

async fn until_rest(source: &Source, followers: &[String], end: Instant, tell: Tell<'_>) -> Result<(), BoxError> {
    let records = source.records().await?;
    let rested = loop {
        match under_way(&records, followers).await? {
            None => break Ok(()),
            Some(what) if Instant::now() >= end => break Err(Refusal::Restless { what }.into()),
            Some(what) => tell(&format!("coming to rest: {what}")),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    records.close().await;
    rested
}

/// Whether nothing is under way in a file that nobody serves; otherwise what is.
async fn at_rest(source: &Source) -> Result<Result<(), String>, BoxError> {
    let records = source.records().await?;
    let found = under_way(&records, &[]).await;
    records.close().await;
    Ok(found?.map_or(Ok(()), Err))
}

/// What is under way, if something is; a follower that has not joined yet has everything before it.
async fn under_way(records: &SqliteRecords, followers: &[String]) -> Result<Option<String>, StoreError> {
    let unpublished = records.unpublished().await?;
    if unpublished > 0 {
        return Ok(Some(format!("{unpublished} committed events are not marked as published")));
    }
    let unsettled = records.unsettled(SqliteConfig::new("").group_retention).await?;
    if let Some(follower) = followers.iter().find(|name| unsettled.iter().all(|group| group.group != **name)) {
        return Ok(Some(format!("{follower} has not begun to follow events")));
    }
    let mut behind = unsettled.into_iter().filter(|group| group.events > 0 && !group.group.starts_with(OF_SEARCH));
    Ok(behind.next().map(|group| {
        format!("{} has not settled {} events of {}, or cannot handle them", group.group, group.events, group.topic)
    }))
}
