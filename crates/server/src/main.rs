//! The `ticketing` program: settings, then what it is asked to do.

use std::process::ExitCode;

use ticketing_core::ports::BoxError;
use ticketing_server::config::{Config, Outcome, Task};
use ticketing_server::{operate, serve, telemetry, topics, wiring};

fn main() -> ExitCode {
    let (task, config) = match Config::load() {
        Outcome::Run(task, config) => (task, *config),
        Outcome::Answered(code) => return code,
    };
    telemetry::init_log(&config.log);
    let failed = task.failed();
    let code = run(task, config).unwrap_or_else(|error| {
        let cause = ticketing_core::ports::error_chain(&*error);
        tracing::error!(cause, "{failed}: {cause}");
        ExitCode::FAILURE
    });
    telemetry::flush_log();
    code
}

fn run(task: Task, config: Config) -> Result<ExitCode, BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match task {
            Task::Serve => serve::serve(config).await.map(|()| ExitCode::SUCCESS),
            Task::Topics => topics::ensure(&config).await.map(|()| ExitCode::SUCCESS),
            Task::Audit(patience) => {
                operate::audit(wiring::audit_ports(&config).await?, wiring::clock(), patience).await
            }
            Task::Parked(task) => operate::parked(wiring::parking_lots(&config).await?, task).await,
            Task::Replay(service, differing) => {
                let mut replicas = wiring::replicas(&config, service).await?;
                let mut log = wiring::log(&config, replicas.topics()).await?;
                operate::replay(&mut *log, &mut *replicas, differing).await
            }
        }
    });
    // Not dropped: what MongoDB's driver cleans up behind us would find its pool gone, and panic. The process ends.
    std::mem::forget(runtime);
    ended
}
