//! What is loaded into a process before everything else: another time of day, and a disk that may lose power.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Error;

/// Each does nothing unless its variables are there.
const SOURCES: [&str; 2] = [include_str!("preload/clock.c"), include_str!("preload/disk.c")];

/// Makes the library in a folder, once; a machine that built the program has a compiler.
pub(crate) async fn library(folder: &Path) -> Result<PathBuf, Error> {
    let library = folder.join("faults.so");
    if library.exists() {
        return Ok(library);
    }
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-pthread", "-x", "c", "-", "-o"]).arg(&library);
    let mut compiling = compiler.stdin(Stdio::piped()).spawn().map_err(Error::Preload)?;
    if let Some(mut input) = compiling.stdin.take() {
        input.write_all(SOURCES.join("\n").as_bytes()).await.map_err(Error::Preload)?;
    }
    let status = compiling.wait().await.map_err(Error::Preload)?;
    if status.success() { Ok(library) } else { Err(Error::Preload(std::io::Error::other(status.to_string()))) }
}
