//! Metrics of the process itself.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

#[cfg(feature = "cli")]
use super::families::counter;
use super::families::{gauge, gauges};

/// The process.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let version = [([("version", env!("CARGO_PKG_VERSION"))], 1.0)];
        gauges(encoder, ("build_info", "Which release runs; always 1"), version)?;
        #[cfg(feature = "cli")]
        encode_log(encoder)?;
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let help = "Tasks of the runtime that are alive: connections, streams and loops among them";
            gauge(encoder, ("runtime_tasks", help), runtime.metrics().num_alive_tasks() as f64)?;
            let help = "Tasks that wait for a thread of the runtime";
            gauge(encoder, ("runtime_queued", help), runtime.metrics().global_queue_depth() as f64)?;
        }
        match resident_bytes() {
            Some(bytes) => gauge(encoder, ("resident_memory_bytes", "Memory of the process"), bytes as f64),
            None => Ok(()),
        }
    }
}

/// What became of lines of the log.
#[cfg(feature = "cli")]
fn encode_log(encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let (lost, left_out) = (super::log::lost_lines(), super::repeats::left_out());
    counter(encoder, ("log_lines_lost", "Lines of the log that could not be written"), lost)?;
    counter(encoder, ("log_lines_left_out", "Lines of the log that only repeated others"), left_out)
}

/// The memory of this process, if the system reports it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}
