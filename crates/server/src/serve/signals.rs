//! The words by which an operator ends a process.

use std::pin::pin;

use futures::future::{self, Either};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::telemetry::flush_log;

/// SIGTERM and SIGINT end the process; SIGHUP does not.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they do not end the process by themselves.
    pub(super) fn listen() -> Result<Self, std::io::Error> {
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                tracing::info!("SIGHUP changes nothing: settings are read when the process starts");
            }
        });
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits until the process is told to end.
    pub(super) async fn next(&mut self) {
        let (terminate, interrupt) = (pin!(self.terminate.recv()), pin!(self.interrupt.recv()));
        match future::select(terminate, interrupt).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }

    /// Ends the process at once at the next signal: an operator who asks twice does not want to wait.
    pub(super) fn end_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("told to stop twice: ending at once");
            flush_log();
            std::process::exit(1);
        });
    }
}
