//! Flags → [`Settings`].

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use serde::Serialize;

use crate::Error;
use crate::name::Name;
use crate::plan::{Kind, Weights};

/// Kills, stops and pauses the services and engines of a marketplace under load, and proves that nothing was lost.
///
/// It brings three members of MongoDB, Kafka and Redis by `deploy/engines.sh`, runs each service as a process of
/// the program `ticketing`, makes load through the front door, and does one fault after the other to it.
/// With `--file` it runs all services as one process with one file instead, and its power fails.
/// Then the load stops, and whatever was acknowledged is looked for: in the API, by `ticketing audit`, and in the
/// databases. It fails if anything is lost, sold twice, paid twice, parked or left over.
#[derive(Debug, Clone, Parser, Serialize)]
#[command(name = "ticketing-faults", version, max_term_width = 100)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    /// For how long faults are done
    #[arg(long, value_name = "MINUTES", default_value_t = 30.0, value_parser = minutes)]
    pub(crate) minutes: f64,
    /// What chance goes by: the same seed does the same faults in the same order [default: drawn]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// One process that keeps everything in one file, without engines
    #[arg(long)]
    pub(crate) file: bool,
    /// The program, built with the features mongodb, kafka and redis, or with sqlite for a file [default: ticketing,
    /// beside this program]
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
    /// How many people buy
    #[arg(long, value_name = "COUNT", default_value_t = 48, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) buyers: u32,
    /// Purchases a second, begun when they are due whatever became of earlier ones
    #[arg(long, value_name = "PER_SECOND", default_value_t = 20.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// How many tickets are on sale at a time; one that is sold out makes room for another
    #[arg(long, value_name = "COUNT", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) tickets: u32,
    /// How often each kind of fault is done, relative to the others, such as kill-service=10,stop-service=5; kinds that
    /// are not named are not done [default: every kind that there is for engines, or for a file]
    #[arg(long, value_name = "WEIGHTS")]
    pub(crate) weights: Option<Weights>,
    /// To which processes faults of services are done, with commas between [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "file")]
    pub(crate) services: Vec<Name>,
    /// How long an order holds its places, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(5..=600))]
    pub(crate) hold: u32,
    /// Members of Kafka, 1 or 3
    #[arg(long, env = "KAFKA_MEMBERS", value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    pub(crate) kafka_members: u32,
    /// The script that brings engines [default: the one of this project]
    #[arg(long, value_name = "PATH")]
    pub(crate) engines: Option<PathBuf>,
    /// Where logs and the engines' data go [default: a new folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Where to write everything as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Leave the engines running at the end, or the file, with their data, and all logs
    #[arg(long)]
    pub(crate) keep: bool,
}

impl Settings {
    /// How long an order holds its places.
    pub(crate) fn hold(&self) -> Duration {
        Duration::from_secs(self.hold.into())
    }

    /// For how long faults are done.
    pub(crate) fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    /// How often each kind of fault is done.
    ///
    /// # Errors
    ///
    /// One of them cannot be done to what is tried.
    pub(crate) fn weights(&self) -> Result<Weights, Error> {
        let possible = if self.file { Kind::is_of_file } else { Kind::is_of_engines };
        let weights = self.weights.clone().unwrap_or_else(|| Weights::of(possible));
        match weights.kinds().into_iter().find(|kind| !possible(*kind)) {
            None => Ok(weights),
            Some(kind) if self.file => Err(Error::NeedsEngines(kind.name())),
            Some(kind) => Err(Error::NeedsFile(kind.name())),
        }
    }

    /// To which processes faults of services are done.
    pub(crate) fn services(&self) -> &[Name] {
        match self.services.as_slice() {
            [] if self.file => &[Name::Marketplace],
            [] => &Name::ALL,
            chosen => chosen,
        }
    }

    /// The program that is tried.
    ///
    /// # Errors
    ///
    /// The path of this program is not known.
    pub(crate) fn binary(&self) -> std::io::Result<PathBuf> {
        match &self.binary {
            Some(path) => std::path::absolute(path),
            None => Ok(std::env::current_exe()?.with_file_name("ticketing")),
        }
    }

    /// The script that brings engines.
    pub(crate) fn engines(&self) -> PathBuf {
        let ours = || [env!("CARGO_MANIFEST_DIR"), "..", "..", "deploy", "engines.sh"].iter().collect();
        self.engines.clone().unwrap_or_else(ours)
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    above_zero(text).filter(|minutes| *minutes <= 10_000.0).ok_or_else(|| format!("{text:?} is no number of minutes"))
}

fn rate(text: &str) -> Result<f64, String> {
    above_zero(text).filter(|rate| *rate <= 10_000.0).ok_or_else(|| format!("{text:?} is no rate"))
}

fn above_zero(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: &[&str]) -> Result<Settings, clap::Error> {
        Settings::try_parse_from([&["ticketing-faults"], flags].concat())
    }

    #[test]
    fn every_flag_has_a_default() {
        assert_eq!(settings(&[]).unwrap().lasting(), Duration::from_secs(1800));
        assert_eq!(settings(&["--minutes", "0.5"]).unwrap().lasting(), Duration::from_secs(30));
    }

    #[test]
    fn services_are_named_as_in_reports() {
        let chosen = settings(&["--services", "orders,orders-2"]).unwrap().services;

        assert_eq!(chosen, [Name::Orders, Name::SecondOrders]);
        assert_eq!(settings(&[]).unwrap().services(), Name::ALL);
        assert_eq!(settings(&["--file"]).unwrap().services(), [Name::Marketplace]);
    }

    #[test]
    fn only_what_is_there_is_broken() {
        let weights = |flags: &[&str]| settings(flags).unwrap().weights().map(|weights| weights.kinds());

        assert!(weights(&["--file"]).unwrap().iter().all(|kind| kind.is_of_file()));
        assert!(weights(&[]).unwrap().iter().all(|kind| kind.is_of_engines()));
        assert_eq!(weights(&["--file", "--weights", "cut-power=1,kill-redis=0"]).unwrap(), [Kind::CutPower]);
        assert!(matches!(weights(&["--file", "--weights", "kill-redis=1"]), Err(Error::NeedsEngines("kill-redis"))));
        assert!(matches!(weights(&["--weights", "cut-power=1"]), Err(Error::NeedsFile("cut-power"))));
    }

    #[test]
    fn what_makes_no_run_is_refused() {
        assert!(settings(&["--file", "--services", "orders"]).is_err(), "one process has them all");
        for wrong in [["--minutes", "0"], ["--rate", "-1"], ["--services", "bank"], ["--weights", "kill-service=x"]] {
            assert!(settings(&wrong).is_err(), "{wrong:?}");
        }
    }
}
