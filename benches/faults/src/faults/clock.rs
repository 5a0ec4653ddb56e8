//! A process whose clock is ahead when it starts, and is then set back, as time services do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::services::Process;

/// Longer than an order holds its places, and shorter than a token is believed.
const AHEAD: &str = "+60s";

/// Where Debian and its kin put libfaketime, for whatever machine.
const FOLDERS: [&str; 4] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];

/// The library that tells a process another time.
pub(crate) fn library() -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join("faketime/libfaketimeMT.so.1")).find(|path| path.exists())
}

/// Starts a process anew a minute ahead; after a while its clock is right, and it goes on.
pub(super) async fn set_back(process: &mut Process, lasting: Duration) -> Result<Instant, Error> {
    let library = library().ok_or(Error::NoFaketime)?;
    let clock = process.log.with_extension("clock");
    std::fs::write(&clock, AHEAD).map_err(Error::Program)?;
    process.kill().await?;
    let path = |path: &Path| path.display().to_string();
    process.restart_with(vec![
        ("LD_PRELOAD", path(&library)),
        ("FAKETIME_TIMESTAMP_FILE", path(&clock)),
        ("FAKETIME_CACHE_DURATION", "1".to_owned()),
        ("FAKETIME_DISABLE_SHM", "1".to_owned()),
        // Spans are measured by a clock that nobody sets.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ])?;
    tokio::time::sleep(lasting).await;
    std::fs::write(&clock, "+0s").map_err(Error::Program)?;
    Ok(Instant::now())
}
