//! The `ticketing` program: settings, wiring, serve.

use std::process::ExitCode;

use ticketing_server::config::{Config, Outcome};
use ticketing_server::{serve, telemetry};

fn main() -> ExitCode {
    let config = match Config::load() {
        Outcome::Serve(config) => *config,
        Outcome::Answered(code) => return code,
    };
    telemetry::init_log(&config.log);
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = ticketing_core::flow::driver::causes(&*error);
            tracing::error!(cause, "the marketplace could not be served: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config) -> Result<(), ticketing_core::ports::BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve::serve(config))
}
