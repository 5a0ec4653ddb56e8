//! Measures how long a new ticket takes to find those who wait for it, among very many questions in a file.
//!
//! `cargo run --release -p ticketing-sqlite --example alerts -- FILE [ALERTS]`

mod filing;
mod telling;

use std::sync::Arc;

use ticketing_core::ports::clock::ClockAndIds;
use ticketing_memory::{ManualClock, SequentialIds};
use ticketing_sqlite::{SqliteConfig, SqliteEngines};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a file that does not exist yet, or that of an earlier run")?;
    let alerts = arguments.next().map_or(Ok(1_000_000), |number| number.parse())?;
    let env = ClockAndIds { clock: Arc::new(ManualClock::default()), ids: Arc::new(SequentialIds::new()) };
    let engines = SqliteEngines::open(&SqliteConfig::new(path), env).await?;
    filing::measure(Arc::new(engines.letters), alerts).await
}
