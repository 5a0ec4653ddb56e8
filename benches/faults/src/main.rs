//! The `ticketing-faults` program: breaks a marketplace under load, and proves that nothing was lost.
//!
//! Read it in this order:
//!
//! - [`settings`]: what may be asked for.
//! - [`plan`]: which fault comes when, drawn from a seed.
//! - [`name`]: the processes of a marketplace.
//! - [`backend`], [`engines`] and [`services`]: what is broken, and how it is repaired.
//! - [`faults`]: one fault, from the blow to the recovery.
//! - [`load`] and [`ledger`]: what people do meanwhile, and which responses they get.
//! - [`verify`]: whether it is so.
//!
//! Invariant: every process that is stopped, paused or signalled was started here.

mod settings;

mod plan;

mod backend;
mod engines;
mod faults;
mod name;
mod preload;
mod services;

mod ledger;
mod load;
mod market;
mod people;
mod postbox;
mod tally;

mod report;
mod run;
#[cfg(test)]
mod scratch;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use settings::Settings;

fn main() -> ExitCode {
    let settings = Settings::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    // When the program is stopped, whatever waits here is dropped, and everything that it started ends.
    let ended = runtime.block_on(async {
        tokio::select! {
            report = run::run(&settings) => Some(report),
            () = told_to_end() => None,
        }
    });
    match ended {
        Some(Ok(report)) if report.is_clean() => ExitCode::SUCCESS,
        Some(Ok(_)) => ExitCode::FAILURE,
        Some(Err(error)) => failed(&error),
        None => ExitCode::from(130),
    }
}

async fn told_to_end() {
    let listen = |kind| signal(kind).ok();
    let [mut interrupt, mut terminate, mut hang_up] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(listen);
    let (Some(interrupt), Some(terminate), Some(hang_up)) = (&mut interrupt, &mut terminate, &mut hang_up) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    tell(format_args!("stopped: everything that was started ends too"));
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let text: Vec<_> = causes.map(ToString::to_string).collect();
    tell(format_args!("error: {}", text.join(": ")));
    ExitCode::from(2)
}

/// Reports progress to people, on standard error.
pub(crate) fn tell(text: std::fmt::Arguments<'_>) {
    // Without anybody who listens, the run goes on all the same.
    writeln!(std::io::stderr(), "{text}").unwrap_or_default();
}

/// Why a run could not be made, whatever it would have shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The script of the engines is not there.
    #[error("the script that brings engines cannot be run")]
    Script(#[source] std::io::Error),
    /// It says why.
    #[error("the engines: {0}")]
    Engines(String),
    /// It says something that is not understood.
    #[error("the script that brings engines does not print where they are")]
    NoAddresses,
    /// The folder, the program or one of its processes.
    #[error("the program that is tried cannot be run")]
    Program(#[source] std::io::Error),
    /// Of a service.
    #[error("{0} is no base URL")]
    Address(String),
    /// Nobody could be signed up, or nothing put on sale.
    #[error("the shop could not be opened: see the logs")]
    NoShop,
    /// Before anything was broken.
    #[error("the services do not work together before anything is broken: see the logs")]
    NeverWorked,
    /// A port for mail.
    #[error("no mail can be taken")]
    Postbox(#[source] std::io::Error),
    /// What is read to check.
    #[error("MongoDB cannot be read")]
    Mongodb(#[from] mongodb::error::Error),
    /// A log of Kafka.
    #[error("a log of Kafka cannot be cut")]
    Log(#[source] std::io::Error),
    /// The C compiler, which makes the library that sets the clock and the disk of one process.
    #[error("cc cannot make the library that sets the clock and the disk of a process")]
    Preload(#[source] std::io::Error),
    /// What was not synchronised.
    #[error("the power of a file cannot be cut")]
    Power(#[source] std::io::Error),
    /// What is read to check.
    #[error("the file of the marketplace cannot be read")]
    File(#[from] rusqlite::Error),
    /// A record that is read to check.
    #[error("a record of the file is not as it is known")]
    Record(#[from] serde_json::Error),
    /// A fault.
    #[error("{0} is done to engines, and a file has none")]
    NeedsEngines(&'static str),
    /// A fault.
    #[error("{0} is done to a file: say --file")]
    NeedsFile(&'static str),
    /// The report.
    #[error("the report cannot be written")]
    Report(#[source] std::io::Error),
}
