//! Elections of MongoDB: a primary that steps down, and one that is cut off with what only it has.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::Client;
use tokio::time::Instant;

use crate::Error;
use crate::engines::Engines;

/// So long the members may take to elect.
const ELECT_WITHIN: Duration = Duration::from_secs(60);

/// Tells the primary to step down, at once and without waiting for the others to catch up, as an upgrade may.
pub(super) async fn step_down(engines: &Engines, client: &Client) -> Result<String, Error> {
    let member = engines.primary(client).await?;
    let command = doc! { "replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 0, "force": true };
    // The answer may be lost with the connection: whether it stepped down is seen by what follows.
    if let Err(error) = client.database("admin").run_command(command).await {
        crate::tell(format_args!("{member} was told to step down: {error}"));
    }
    Ok(member)
}

/// Cuts the primary off: what it takes from now on it takes alone, until it notices that it leads nobody. The others
/// come back without it, elect, and it returns to find what only it had undone.
pub(super) async fn cut_off(engines: &Engines, client: &Client, lasting: Duration) -> Result<(String, Instant), Error> {
    let primary = engines.primary(client).await?;
    let others = engines.mongodb_members().into_iter().filter(|member| *member != primary);
    let others: Vec<String> = others.collect();
    for other in &others {
        engines.tell("pause", other).await?;
    }
    tokio::time::sleep(lasting).await;
    engines.tell("pause", &primary).await?;
    for other in &others {
        engines.tell("resume", other).await?;
    }
    elected(engines, &others).await?;
    let repaired = Instant::now();
    engines.tell("resume", &primary).await?;
    Ok((primary, repaired))
}

/// Waits until one of some members leads.
async fn elected(engines: &Engines, members: &[String]) -> Result<(), Error> {
    let began = Instant::now();
    while began.elapsed() < ELECT_WITHIN {
        for member in members {
            if let Some(uri) = engines.direct(member)
                && leads(&uri).await
            {
                return Ok(());
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Whether it recovers is seen by what follows.
    crate::tell(format_args!("{} did not elect within {ELECT_WITHIN:?}", members.join(" and ")));
    Ok(())
}

async fn leads(uri: &str) -> bool {
    let asked = tokio::time::timeout(Duration::from_secs(3), async {
        let client = Client::with_uri_str(uri).await.ok()?;
        let hello: Document = client.database("admin").run_command(doc! { "hello": 1 }).await.ok()?;
        hello.get_bool("isWritablePrimary").ok()
    });
    matches!(asked.await, Ok(Some(true)))
}
