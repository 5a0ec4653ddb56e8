//! The `ticketing-load` program.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use ticketing_load::measure;
use ticketing_load::report::Report;
use ticketing_load::settings::Settings;

fn main() -> ExitCode {
    let settings = Settings::parse();
    if let Err(mistake) = settings.check() {
        return failed(&mistake, 2);
    }
    match run(settings) {
        Ok(report) if report.is_valid() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => failed(&error, 1),
    }
}

fn run(settings: Settings) -> Result<Report, Box<dyn std::error::Error>> {
    let file = settings.report.clone();
    let mut builder = match settings.threads {
        // One thread wakes nobody else, which makes each request cheaper.
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(settings.threads).enable_all().build()?;
    let report = runtime.block_on(measure(settings))?;
    write!(std::io::stdout(), "{report}")?;
    if let Some(file) = file {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(report)
}

fn failed(error: &dyn Display, code: u8) -> ExitCode {
    // The code says it too, should nobody listen.
    writeln!(std::io::stderr(), "error: {error}").unwrap_or_default();
    ExitCode::from(code)
}
