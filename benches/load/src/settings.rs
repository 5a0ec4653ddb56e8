//! Flags → [`Settings`].

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde::{Serialize, Serializer};

/// Makes load on a marketplace and reports how it responds.
///
/// It opens accounts, puts tickets on sale, runs one scenario, and prints counts and latencies.
/// It fails if the run says nothing: places sold twice, connections that broke, no answer at all.
#[derive(Debug, Clone, Parser, Serialize)]
#[command(name = "ticketing-load", version, max_term_width = 100)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// What the connections do
    #[arg(value_enum)]
    pub scenario: Scenario,
    /// Where the marketplace is; several times to spread connections over several processes
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000")]
    pub base_url: Vec<Target>,
    /// Where accounts, tickets and payments are, if the base URLs serve orders alone
    #[arg(long, value_name = "URL")]
    pub auth_url: Option<Target>,
    /// Connections, each with one request under way
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Requests a second, begun when they are due whether or not earlier ones were answered [default: as fast as
    /// answers come]
    ///
    /// A latency then counts from when its request was due, so that what waits for a slow server is not left out.
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// How long to measure [default: 10s; hot: until all is sold]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub duration: Option<Duration>,
    /// How many turns to measure: orders, or pages read
    #[arg(long, value_name = "COUNT")]
    pub requests: Option<u64>,
    /// How long to run before measuring [default: 1s; hot and lag, or with --requests: 0s]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub warm_up: Option<Duration>,
    /// How many people buy
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub buyers: u32,
    /// How many tickets are on sale [default: 1000; hot: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub tickets: Option<u32>,
    /// Places of each ticket
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub quantity: u32,
    /// The share of orders that are paid at once, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub pay: f64,
    /// Weights of mixed
    #[arg(long, value_name = "WEIGHTS", default_value = "order=10,catalog=40,ticket=40,search=10")]
    pub mix: Mix,
    /// Read the pages that people see instead of the API
    #[arg(long)]
    pub pages: bool,
    /// What chance goes by; the same seed finds the accounts of an earlier run again
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// The share of requests that may end without an answer, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.001)]
    pub tolerate: f64,
    /// How long an answer may take
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    pub timeout: Duration,
    /// Threads of this program
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub threads: usize,
    /// Processes of the server on this machine, to report how much processor time they used
    #[arg(long, value_name = "PID")]
    pub server_pid: Vec<u32>,
    /// Where to write everything as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// What the connections do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Scenario {
    /// Each order takes another ticket
    Distinct,
    /// Everybody wants the same ticket until it is sold out, then the next; exactly its places may be sold
    Hot,
    /// The catalogue, a ticket, a search
    Browse,
    /// Orders among people who browse
    Mixed,
    /// Orders, and how long it takes until the ticket shows them
    Lag,
}

impl Settings {
    /// Looks for settings that contradict each other.
    ///
    /// # Errors
    ///
    /// A sentence that says what is expected.
    pub fn check(&self) -> Result<(), String> {
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        if !is_share(self.pay) || !is_share(self.tolerate) {
            return Err("--pay and --tolerate are shares between 0 and 1".to_owned());
        }
        if self.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
            return Err("--rate is a number above 0".to_owned());
        }
        if self.rate.is_some() && self.scenario == Scenario::Lag {
            return Err("lag has no --rate: each connection waits until its order is seen".to_owned());
        }
        if self.rate.is_some() && self.scenario == Scenario::Hot && self.duration.is_none() && self.requests.is_none() {
            return Err("hot with --rate needs --duration or --requests".to_owned());
        }
        Ok(())
    }

    /// How many tickets are on sale.
    #[must_use]
    pub fn ticket_count(&self) -> u32 {
        let standard = if self.scenario == Scenario::Hot { 1 } else { 1000 };
        // Each connection of lag watches a ticket that nobody else orders.
        let least = if self.scenario == Scenario::Lag { self.connections } else { 1 };
        self.tickets.unwrap_or(standard).max(least)
    }

    /// How long to measure; without end if the scenario or a count ends it.
    #[must_use]
    pub fn measured(&self) -> Option<Duration> {
        let ends = self.requests.is_some() || self.scenario == Scenario::Hot;
        self.duration.or((!ends).then_some(Duration::from_secs(10)))
    }

    /// How long to run before measuring.
    #[must_use]
    pub fn warm_up(&self) -> Duration {
        let cold = self.requests.is_some() || matches!(self.scenario, Scenario::Hot | Scenario::Lag);
        self.warm_up.unwrap_or(if cold { Duration::ZERO } else { Duration::from_secs(1) })
    }

    /// How many accounts of buyers are needed.
    #[must_use]
    pub fn buyer_count(&self) -> u32 {
        if self.scenario == Scenario::Browse { 0 } else { self.buyers }
    }

    /// Where accounts and tickets are.
    #[must_use]
    pub fn door(&self) -> Option<&Target> {
        self.auth_url.as_ref().or(self.base_url.first())
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What goes into `Host`.
    pub host: String,
    /// What to connect to.
    pub address: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address such as http://localhost:3000; TLS is not spoken here");
        let host = text.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')).ok_or_else(wrong)?;
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err(wrong());
        }
        let has_port = host.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        let address = if has_port { host.to_owned() } else { format!("{host}:80") };
        Ok(Self { host: host.to_owned(), address })
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("http://{}", self.host))
    }
}

/// How often each thing is done, relative to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mix {
    /// Orders.
    pub order: u32,
    /// Pages of the catalogue.
    pub catalog: u32,
    /// Single tickets.
    pub ticket: u32,
    /// Searches.
    pub search: u32,
}

impl Mix {
    /// What people do who only look.
    pub const BROWSE: Self = Self { order: 0, catalog: 4, ticket: 4, search: 2 };

    /// All weights together.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.order + self.catalog + self.ticket + self.search
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no list of weights such as order=1,catalog=4,ticket=4,search=1");
        let mut mix = Self { order: 0, catalog: 0, ticket: 0, search: 0 };
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').ok_or_else(wrong)?;
            let place = match name.trim() {
                "order" => &mut mix.order,
                "catalog" => &mut mix.catalog,
                "ticket" => &mut mix.ticket,
                "search" => &mut mix.search,
                _ => return Err(wrong()),
            };
            // Four of them must fit into one number.
            *place = weight.trim().parse::<u16>().map_err(|_| wrong())?.into();
        }
        if mix.total() == 0 { Err(wrong()) } else { Ok(mix) }
    }
}

/// `500ms`, `10s` or `2m`.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span such as 500ms, 10s or 2m");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let count: u32 = count.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(count.into())),
        "s" => Ok(Duration::from_secs(count.into())),
        "m" => Ok(Duration::from_secs(60) * count),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: &[&str]) -> Settings {
        Settings::try_parse_from([&["ticketing-load"], flags].concat()).unwrap()
    }

    #[test]
    fn a_span_has_a_unit() {
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "10", "s", "-1s", "1h"] {
            assert!(span(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_target_is_a_host_and_perhaps_a_port() {
        let address = |text: &str| text.parse::<Target>().map(|target| target.address);

        assert_eq!(address("http://localhost:3000/"), Ok("localhost:3000".to_owned()));
        assert_eq!(address("http://shop.example"), Ok("shop.example:80".to_owned()));
        for wrong in ["localhost:3000", "https://shop.example", "http://", "http://shop.example/api"] {
            assert!(address(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn weights_that_are_not_named_are_zero() {
        assert_eq!("order=1,search=3".parse(), Ok(Mix { order: 1, catalog: 0, ticket: 0, search: 3 }));
        for wrong in ["", "order", "order=0", "order=-1", "orders=1"] {
            assert!(wrong.parse::<Mix>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_rush_ends_when_all_is_sold_and_the_rest_after_a_while() {
        assert_eq!(settings(&["hot"]).measured(), None);
        assert_eq!(settings(&["distinct", "--requests", "5"]).measured(), None);
        assert_eq!(settings(&["browse"]).measured(), Some(Duration::from_secs(10)));
    }

    #[test]
    fn contradictions_are_told() {
        assert_eq!(settings(&["distinct", "--rate", "10", "--pay", "0.5"]).check(), Ok(()));
        for wrong in
            [["lag", "--rate", "10"], ["hot", "--rate", "10"], ["distinct", "--pay", "2"], ["browse", "--rate", "0"]]
        {
            assert!(settings(&wrong).check().is_err(), "{wrong:?}");
        }
    }
}
