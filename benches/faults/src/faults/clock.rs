//! A process whose clock is ahead when it starts, and is then set back, as time services do.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::services::Process;
use crate::{Error, preload};

/// Longer than an order holds its places, and shorter than a token is believed. In seconds.
const AHEAD: &str = "60";

/// Restarts a process a minute ahead; after a while its clock is right, and it goes on.
pub(super) async fn set_back(process: &mut Process, lasting: Duration) -> Result<Instant, Error> {
    let folder = process.log.parent().unwrap_or(Path::new("."));
    let (library, clock) = (preload::library(folder).await?, process.log.with_extension("clock"));
    std::fs::write(&clock, AHEAD).map_err(Error::Program)?;
    process.kill().await?;
    let path = |path: &Path| path.display().to_string();
    process.restart_with(vec![("LD_PRELOAD", path(&library)), ("FAULTS_CLOCK", path(&clock))])?;
    tokio::time::sleep(lasting).await;
    std::fs::write(&clock, "0").map_err(Error::Program)?;
    Ok(Instant::now())
}
