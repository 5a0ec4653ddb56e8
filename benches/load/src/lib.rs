//! Load for a marketplace: scenarios, latencies and errors over HTTP.
//!
//! Read it in this order:
//!
//! - [`settings`]: what may be asked for.
//! - [`setup`]: the accounts and tickets that a run needs.
//! - [`scenario`]: what each connection does, turn by turn.
//! - [`crowd`]: all connections together, at their own pace or at a fixed rate.
//! - [`report`]: what came of it, and whether it may be believed.

pub mod settings;
pub mod setup;

pub mod crowd;
pub mod scenario;
pub mod session;

pub mod report;
pub mod tally;

pub mod answer;
pub mod arrivals;
pub mod connection;
pub mod cpu;
pub mod request;

use std::sync::Arc;

use report::Report;
use settings::Settings;
use setup::{SetupError, Shop};

/// Sets up, makes the load, and reports the result.
///
/// # Errors
///
/// The marketplace could not be prepared; no load was made.
pub async fn measure(settings: Settings) -> Result<Report, SetupError> {
    let settings = Arc::new(settings);
    let shop = Arc::new(Shop::open(&settings).await?);
    let outcome = crowd::run(&settings, &shop).await;
    Ok(Report::new(&settings, outcome))
}

/// Reports progress to people, on standard error.
pub(crate) fn tell(text: std::fmt::Arguments<'_>) {
    use std::io::Write;

    // Without anybody who listens, the run goes on all the same.
    writeln!(std::io::stderr(), "{text}").unwrap_or_default();
}
