//! What engines count for themselves.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use ticketing_core::ports::transport::Lag;

use super::families;

/// A metric that an engine keeps for itself.
pub struct EngineMetric {
    name: &'static str,
    help: &'static str,
    read: Read,
}

enum Read {
    Counter(Box<dyn Fn() -> u64 + Send + Sync>),
    Gauge(Box<dyn Fn() -> u64 + Send + Sync>),
}

impl EngineMetric {
    /// A number that only grows; its name has neither the prefix of the program nor `_total`.
    pub fn counter(name: &'static str, help: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { name, help, read: Read::Counter(Box::new(read)) }
    }

    /// A number that grows and shrinks; its name has not the prefix of the program.
    pub fn gauge(name: &'static str, help: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { name, help, read: Read::Gauge(Box::new(read)) }
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        match &self.read {
            Read::Counter(read) => families::counter(encoder, (self.name, self.help), read()),
            Read::Gauge(read) => families::gauge(encoder, (self.name, self.help), read() as f64),
        }
    }
}

impl fmt::Debug for EngineMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineMetric").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reports how far each group of this process is behind.
pub struct Lags(Box<dyn Fn() -> BTreeMap<String, Lag> + Send + Sync>);

impl Lags {
    /// As the transport knows it.
    pub fn new(read: impl Fn() -> BTreeMap<String, Lag> + Send + Sync + 'static) -> Self {
        Self(Box::new(read))
    }

    pub(super) fn read(&self) -> BTreeMap<String, Lag> {
        (self.0)()
    }
}

impl Default for Lags {
    /// Nobody knows.
    fn default() -> Self {
        Self::new(BTreeMap::new)
    }
}

impl fmt::Debug for Lags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lags").finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct Engines(pub(super) Vec<EngineMetric>);

impl Collector for Engines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|metric| metric.encode(&mut encoder))
    }
}
