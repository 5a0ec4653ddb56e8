//! The command line of `ticketing`: settings, then what it is asked to do.
//!
//! Answers go to standard output; progress of long work and mistakes go to standard error.

mod audit;
mod checks;
mod config;
mod health;
mod keys;
mod kubernetes;
mod moving;
mod operator;
mod parked;
mod progress;
mod reading;
mod replay;
mod replay_search;
mod secrets;
mod settings;
mod values;

use std::process::ExitCode;

use ticketing_core::ports::{BoxError, error_chain};
use ticketing_core::rebuild::Differing;

use crate::config::Config;
use crate::{say, serve, telemetry, wiring};

pub use audit::audit;
pub use secrets::secret_variables;

use checks::Checks;
use reading::{Reading, read};
use replay::Source;
use settings::{Command, Replayed, Settings};

/// Reads the settings, reports every mistake in them at once, and does what was asked for.
#[must_use]
pub fn main() -> ExitCode {
    let (command, config) = match load() {
        Ok(loaded) => loaded,
        Err(answered) => return answered,
    };
    telemetry::init_log(&config);
    let failed = failed(&command);
    let code = run(command, config).unwrap_or_else(|error| {
        let cause = error_chain(&*error);
        tracing::error!(cause, "{failed}: {cause}");
        ExitCode::FAILURE
    });
    wiring::wait_until_closed();
    #[cfg(feature = "otlp")]
    telemetry::flush_traces();
    telemetry::flush_log();
    code
}

fn load() -> Result<(Command, Config), ExitCode> {
    let Reading { settings, wrong, mut mistakes } = read(std::env::args_os().collect()).map_err(|answer| {
        // A closed standard output leaves nobody to report to.
        if answer.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })?;
    let Some((settings, given)) = settings else { return Err(refuse(&mistakes)) };
    let config = settings.config();
    let checks = Checks { settings: &settings, config: &config, given: &given, wrong: &wrong };
    mistakes.extend(checks.mistakes());
    if matches!(settings.command, None | Some(Command::Serve { .. })) {
        mistakes.extend(wiring::check_keys(&config));
    }
    if mistakes.is_empty() { Ok((command_of(settings), config)) } else { Err(refuse(&mistakes)) }
}

fn command_of(settings: Settings) -> Command {
    settings.command.unwrap_or(Command::Serve { services: Vec::new() })
}

fn refuse(mistakes: &[String]) -> ExitCode {
    let list: String = mistakes.iter().map(|mistake| format!("  - {mistake}\n")).collect();
    say::aside(&format!(
        "ticketing cannot start because its settings are wrong:\n{list}`ticketing --help` lists every setting."
    ));
    ExitCode::from(2)
}

const fn failed(command: &Command) -> &'static str {
    match command {
        Command::Serve { .. } => "the marketplace could not be served",
        Command::Health => "the process could not be asked",
        Command::Topics => "the topics could not be created",
        Command::Audit { .. } => "the marketplace could not be audited",
        Command::Parked { .. } => "parked events could not be reached",
        Command::Replay { of: Replayed::Search, .. } => "the search index could not be built again",
        Command::Replay { .. } => "the replicas could not be rebuilt",
        Command::Backup { .. } => "there is no copy",
        Command::Move { .. } => "the marketplace was not moved",
        Command::Keys { .. } => "the signing keys are as they were",
    }
}

fn run(command: Command, config: Config) -> Result<ExitCode, BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(execute(command, config));
    // Not dropped: what MongoDB's driver cleans up behind us would find its pool gone, and panic. The process ends.
    std::mem::forget(runtime);
    ended
}

async fn execute(command: Command, config: Config) -> Result<ExitCode, BoxError> {
    match command {
        Command::Serve { .. } => serve::serve(config).await?,
        Command::Health => return Ok(health::health(config.admin_listen).await),
        Command::Topics => drop(say::answer(&wiring::ensure_topics(&config).await?)),
        Command::Audit { patience } => {
            return audit(wiring::audit_ports(&config).await?, wiring::clock(), patience.into()).await;
        }
        Command::Parked { action } => return parked::parked(wiring::parking_lots(&config).await?, action).await,
        Command::Replay { of: Replayed::Search, .. } => return replay_search::replay_search(config.admin_listen).await,
        Command::Replay { of: Replayed::Service(service), dry_run, from_databases } => {
            let differing = if dry_run { Differing::Tell } else { Differing::Replace };
            let mut replicas = wiring::replicas(&config, service).await?;
            let source = if from_databases {
                Source::Owners(wiring::audit_ports(&config).await?.audit_reader)
            } else {
                Source::Log(wiring::log(&config, replicas.topics()).await?)
            };
            return replay::replay(source, &mut *replicas, differing).await;
        }
        Command::Backup { copy } => wiring::back_up(&config, &copy).await?,
        Command::Move { take_back: true, .. } => moving::take_back(&config).await?,
        Command::Move { patience, .. } => moving::move_file(&config, patience.into()).await?,
        Command::Keys { action } => keys::keys(&config, action)?,
    }
    Ok(ExitCode::SUCCESS)
}
