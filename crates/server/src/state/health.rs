//! Whether a process takes requests.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use ticketing_core::assembly::LoopHealth;

/// Whether requests are taken, and whether all that runs behind them still does.
#[derive(Debug, Default)]
pub struct Health {
    phase: AtomicU8,
    loops: OnceLock<LoopHealth>,
}

const STARTING: u8 = 0;
const READY: u8 = 1;
const STOPPING: u8 = 2;

impl Health {
    /// From now on requests are taken, unless the process is stopping already.
    pub fn set_ready(&self) {
        self.phase.fetch_max(READY, Ordering::Relaxed);
    }

    /// No more requests are wanted.
    pub fn set_stopping(&self) {
        self.phase.store(STOPPING, Ordering::Relaxed);
    }

    /// From now on the process is alive only while these loops are.
    pub fn watch(&self, loops: LoopHealth) {
        self.loops.get_or_init(|| loops);
    }

    /// How many loops ended before they were told to.
    pub(crate) fn loops_ended(&self) -> u64 {
        self.loops.get().map_or(0, LoopHealth::ended)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.phase.load(Ordering::Relaxed) {
            _ if self.loops_ended() > 0 => "failed",
            STARTING => "starting",
            READY => "ready",
            _ => "stopping",
        }
    }
}
