//! A process whose clock is ahead when it starts, and is then set back, as time services do.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::Instant;

use crate::Error;
use crate::services::Process;

/// Longer than an order holds its places, and shorter than a token is believed. In seconds.
const AHEAD: &str = "60";

/// The library that tells a process another time of day.
const SOURCE: &str = include_str!("clock.c");

/// Restarts a process a minute ahead; after a while its clock is right, and it goes on.
pub(super) async fn set_back(process: &mut Process, lasting: Duration) -> Result<Instant, Error> {
    let (library, clock) = (process.log.with_file_name("clock.so"), process.log.with_extension("clock"));
    compile(&library).await?;
    std::fs::write(&clock, AHEAD).map_err(Error::Program)?;
    process.kill().await?;
    let path = |path: &Path| path.display().to_string();
    process.restart_with(vec![("LD_PRELOAD", path(&library)), ("FAULTS_CLOCK", path(&clock))])?;
    tokio::time::sleep(lasting).await;
    std::fs::write(&clock, "0").map_err(Error::Program)?;
    Ok(Instant::now())
}

/// Makes the library, once; a machine that built the program has a compiler.
async fn compile(library: &Path) -> Result<(), Error> {
    if library.exists() {
        return Ok(());
    }
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-shared", "-fPIC", "-x", "c", "-", "-o"]).arg(library).stdin(Stdio::piped());
    let mut compiling = compiler.spawn().map_err(Error::Clock)?;
    if let Some(mut input) = compiling.stdin.take() {
        input.write_all(SOURCE.as_bytes()).await.map_err(Error::Clock)?;
    }
    let status = compiling.wait().await.map_err(Error::Clock)?;
    if status.success() { Ok(()) } else { Err(Error::Clock(std::io::Error::other(status.to_string()))) }
}
