//! Which fault is done when: drawn from a seed, so that a run can be done again.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use serde::{Serialize, Serializer};

use crate::name::Name;

/// What can be done to a marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A service is ended at once, and started again.
    KillService,
    /// A service is stopped, and started again.
    StopService,
    /// A service stands still for longer than its leases.
    PauseService,
    /// A broker is ended at once, and started again.
    KillKafka,
    /// A broker stands still.
    PauseKafka,
    /// The primary is ended at once, and started again.
    KillMongodb,
    /// The primary stands still, until another has long taken over.
    PauseMongodb,
    /// Redis is ended at once, and started again.
    KillRedis,
    /// Redis stands still.
    PauseRedis,
    /// The primary is told to step down.
    StepDownMongodb,
    /// The primary loses the two others, and they come back without it.
    CutOffMongodb,
    /// All brokers are ended at once, and the last batches of all logs are gone when they come back.
    CutLogKafka,
    /// A document that nobody can read lies wherever a loop comes by.
    CorruptDocument,
    /// A service starts with a clock that is ahead, and it is set back.
    SetBackClock,
    /// The machine of the file loses power.
    CutPower,
}

impl Kind {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 15] = [
        Self::KillService,
        Self::StopService,
        Self::PauseService,
        Self::KillKafka,
        Self::PauseKafka,
        Self::KillMongodb,
        Self::PauseMongodb,
        Self::KillRedis,
        Self::PauseRedis,
        Self::StepDownMongodb,
        Self::CutOffMongodb,
        Self::CutLogKafka,
        Self::CorruptDocument,
        Self::SetBackClock,
        Self::CutPower,
    ];

    /// Whether it can be done to a process that keeps everything in a file.
    pub(crate) const fn is_of_file(self) -> bool {
        let of_processes = matches!(self, Self::KillService | Self::StopService | Self::PauseService);
        of_processes || matches!(self, Self::SetBackClock | Self::CutPower)
    }

    /// Whether it can be done to processes on engines.
    pub(crate) const fn is_of_engines(self) -> bool {
        !matches!(self, Self::CutPower)
    }

    /// The name in flags and reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::KillService => "kill-service",
            Self::StopService => "stop-service",
            Self::PauseService => "pause-service",
            Self::KillKafka => "kill-kafka",
            Self::PauseKafka => "pause-kafka",
            Self::KillMongodb => "kill-mongodb",
            Self::PauseMongodb => "pause-mongodb",
            Self::KillRedis => "kill-redis",
            Self::PauseRedis => "pause-redis",
            Self::StepDownMongodb => "step-down-mongodb",
            Self::CutOffMongodb => "cut-off-mongodb",
            Self::CutLogKafka => "cut-log-kafka",
            Self::CorruptDocument => "corrupt-document",
            Self::SetBackClock => "set-back-clock",
            Self::CutPower => "cut-power",
        }
    }

    const fn standard_weight(self) -> u16 {
        match self {
            Self::KillService | Self::CutPower => 10,
            Self::StopService | Self::PauseService => 5,
            Self::KillKafka | Self::KillMongodb | Self::KillRedis => 4,
            Self::StepDownMongodb | Self::CutOffMongodb => 3,
            Self::PauseKafka | Self::PauseMongodb | Self::PauseRedis | Self::SetBackClock => 2,
            // It waits until all is handled.
            Self::CutLogKafka | Self::CorruptDocument => 1,
        }
    }

    /// From and to how many milliseconds it lasts.
    const fn lasting(self, service: Name) -> (u64, u64) {
        match (self, service) {
            // A claim of timers is lost after 30 s.
            (Self::PauseService, Name::Expiration | Name::Marketplace) => (31_000, 34_000),
            // The lease of a relay is lost after 10 s.
            (Self::PauseService | Self::PauseKafka | Self::PauseMongodb | Self::PauseRedis, _) => (12_000, 15_000),
            // A primary notices after 10 s that it leads nobody.
            (Self::CutOffMongodb, _) => (2_000, 14_000),
            (Self::SetBackClock, _) => (5_000, 10_000),
            // A service that is stopped is started again at once, as an upgrade does.
            (Self::StopService | Self::StepDownMongodb, _) => (0, 0),
            // Every loop comes by within ten seconds.
            (Self::CorruptDocument, _) => (10_000, 15_000),
            (Self::KillService | Self::KillKafka | Self::KillMongodb | Self::KillRedis, _)
            | (Self::CutLogKafka | Self::CutPower, _) => (0, 4_000),
        }
    }
}

/// Relative frequencies of the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weights(Vec<(Kind, u16)>);

impl Weights {
    /// The usual ones of these kinds.
    pub(crate) fn of(is_done: fn(Kind) -> bool) -> Self {
        let kinds = Kind::ALL.into_iter().filter(|kind| is_done(*kind));
        Self(kinds.map(|kind| (kind, kind.standard_weight())).collect())
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(kind, weight)| format!("{}={weight}", kind.name())).collect();
        f.write_str(&parts.join(","))
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Weights {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no list of weights such as {}", Self::of(|_| true));
        let mut weights = Vec::new();
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').ok_or_else(wrong)?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name.trim()).ok_or_else(wrong)?;
            weights.push((kind, weight.trim().parse().map_err(|_| wrong())?));
        }
        let weights = Self(weights);
        if weights.total() == 0 { Err(wrong()) } else { Ok(weights) }
    }
}

impl Weights {
    fn total(&self) -> u32 {
        self.0.iter().map(|(_, weight)| u32::from(*weight)).sum()
    }

    /// What is done.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.0.iter().filter(|(_, weight)| *weight > 0).map(|(kind, _)| *kind).collect()
    }

    fn at(&self, mut place: u32) -> Kind {
        for (kind, weight) in &self.0 {
            match place.checked_sub((*weight).into()) {
                Some(rest) => place = rest,
                None => return *kind,
            }
        }
        Kind::KillService
    }
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is done.
    pub(crate) kind: Kind,
    /// To which service, where it is done to one.
    pub(crate) service: Name,
    /// To which member of several, where any will do.
    pub(crate) member: u32,
    /// What chance goes by within it.
    pub(crate) chance: u64,
    /// How long until it is repaired.
    pub(crate) lasting: Duration,
    /// How long all is well before it.
    pub(crate) rest: Duration,
}

/// Faults without end: first each kind once, then as the weights say.
#[derive(Debug)]
pub(crate) struct Plan {
    chance: StdRng,
    weights: Weights,
    services: Vec<Name>,
    first: Vec<Kind>,
}

impl Plan {
    /// The faults of a seed, done to any of these services.
    pub(crate) fn new(seed: u64, weights: &Weights, services: &[Name]) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut first = weights.kinds();
        first.shuffle(&mut chance);
        Self { chance, weights: weights.clone(), services: services.to_vec(), first }
    }
}

impl Iterator for Plan {
    type Item = Fault;

    fn next(&mut self) -> Option<Fault> {
        let chance = &mut self.chance;
        let drawn = self.weights.at(chance.random_range(0..self.weights.total().max(1)));
        let kind = self.first.pop().unwrap_or(drawn);
        let service = self.services.choose(chance).copied().unwrap_or(Name::Orders);
        let (least, most) = kind.lasting(service);
        Some(Fault {
            kind,
            service,
            member: chance.random_range(0..6),
            chance: chance.random(),
            lasting: Duration::from_millis(chance.random_range(least..=most)),
            rest: Duration::from_millis(chance.random_range(1_000..=5_000)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn plan(seed: u64, weights: &str) -> Vec<Fault> {
        let services = [&Name::ALL[..], &[Name::Marketplace]].concat();
        Plan::new(seed, &weights.parse().unwrap(), &services).take(200).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_plan() {
        let weights = Weights::of(|_| true).to_string();

        assert_eq!(plan(7, &weights), plan(7, &weights));
        assert_ne!(plan(7, &weights), plan(8, &weights));
    }

    #[test]
    fn each_kind_comes_once_before_any_comes_twice() {
        let first: BTreeSet<Kind> =
            Plan::new(3, &Weights::of(|_| true), &Name::ALL).take(Kind::ALL.len()).map(|fault| fault.kind).collect();

        assert_eq!(first.len(), Kind::ALL.len());
    }

    #[test]
    fn a_kind_without_weight_is_not_done() {
        let kinds: BTreeSet<Kind> =
            plan(1, "kill-redis=1,stop-service=3,pause-kafka=0").iter().map(|fault| fault.kind).collect();

        assert_eq!(kinds, BTreeSet::from([Kind::KillRedis, Kind::StopService]));
    }

    #[test]
    fn only_chosen_services_are_hurt() {
        let plan = Plan::new(1, &Weights::of(|_| true), &[Name::Payments]);

        assert!(plan.take(50).all(|fault| fault.service == Name::Payments));
    }

    #[test]
    fn a_paused_process_loses_its_leases() {
        let pauses = plan(5, "pause-service=1");

        for Fault { service, lasting, .. } in pauses {
            let lease = if matches!(service, Name::Expiration | Name::Marketplace) { 30 } else { 10 };
            assert!(lasting > Duration::from_secs(lease), "{service:?} {lasting:?}");
        }
    }

    #[test]
    fn weights_are_printed_as_they_are_read() {
        let weights = Weights::of(|_| true);

        assert_eq!(weights.to_string().parse(), Ok(weights));
        for wrong in ["", "kill-service", "kill-service=0", "kill-everything=1", "kill-service=-1"] {
            assert!(wrong.parse::<Weights>().is_err(), "{wrong:?}");
        }
    }
}
