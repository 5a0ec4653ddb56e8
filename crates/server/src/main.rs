//! The `ticketing` program: settings, then what it is asked to do.

use std::process::ExitCode;

use ticketing_server::config::{Config, Outcome, Task};
use ticketing_server::{serve, telemetry, topics};

fn main() -> ExitCode {
    let (task, config) = match Config::load() {
        Outcome::Run(task, config) => (task, *config),
        Outcome::Answered(code) => return code,
    };
    telemetry::init_log(&config.log);
    match run(task, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = ticketing_core::flow::driver::causes(&*error);
            tracing::error!(cause, "{}: {cause}", task.failed());
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task, config: Config) -> Result<(), ticketing_core::ports::BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match task {
        Task::Serve => runtime.block_on(serve::serve(config)),
        Task::Topics => runtime.block_on(topics::ensure(&config)),
    }
}
