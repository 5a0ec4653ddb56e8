//! What this crate needs to know before it starts, as plain values with their defaults.
//!
//! The command line makes one of what a person typed; a caller of the library
//! fills it in. Keys stay text until wiring reads them.

mod addresses;
mod engines;
mod mail;
mod payments;
mod services;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ticketing_core::assembly::Settings;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::ports::identity::SessionLifetimes;
use ticketing_core::ports::limits::Quota;
use ticketing_core::usecase::orders::batcher::BatcherConfig;

use crate::network::standard_share_of_passwords;

pub use addresses::{Network, ServiceUrl, WebOrigin};
pub use engines::{
    BusSettings, EngineSettings, KafkaSettings, KafkaUserSettings, LogSettings, MongoSettings, RedisSettings,
    SaslMechanism, Secret,
};
pub use mail::{MailBy, SmtpSettings};
pub use payments::{Gateway, StripeSettings};
pub use services::Service;

/// All settings, parsed and free of contradictions.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Which services run in this process.
    pub services: Vec<Service>,
    /// Where operators are answered.
    pub admin_listen: SocketAddr,
    /// Whether to begin with demo data.
    pub demo: bool,
    /// What takes the money, where payments or pages run; see [`Config::gateway`].
    pub payments: Option<Gateway>,
    /// The Stripe account, where payments runs and [`Config::payments`] is Stripe.
    pub stripe: Option<StripeSettings>,
    /// What sends mail, where notifications runs; nobody is written to if absent.
    pub mail: Option<MailBy>,
    /// The mail server, where [`Config::mail`] is one.
    pub smtp: Option<SmtpSettings>,
    /// What the marketplace calls itself in mail.
    pub site_name: String,
    /// How long an order holds its places.
    pub hold_for: Duration,
    /// How much one buyer may hold.
    pub hold_limits: HoldLimits,
    /// How long an order or a payment waits for its service to learn of the ticket or order that it names.
    pub replica_wait: Duration,
    /// How long tokens and sessions last.
    pub sessions: SessionLifetimes,
    /// The Ed25519 key that signs access tokens where accounts runs, in PEM or as a seed in base64; generated at start if absent.
    pub signing_key: Option<Secret>,
    /// The file of the keys that sign access tokens where accounts runs, instead of a single one; read again when it changes.
    pub signing_keys: Option<PathBuf>,
    /// The keys that verify access tokens where accounts does not run, as a JSON Web Key Set; fetched from accounts if absent.
    pub jwks: Option<String>,
    /// Where the services are that run elsewhere.
    pub remote: BTreeMap<Service, ServiceUrl>,
    /// On which engines the services work.
    pub engines: EngineSettings,
    /// Whether selling needs an address that is confirmed.
    pub confirm_address: ConfirmAddress,
    /// The edge.
    pub http: HttpConfig,
    /// The log.
    pub log: LogConfig,
    /// Where traces are exported to; nowhere if absent.
    pub traces: Option<TracesConfig>,
    /// How long requests under way may take once the process is told to stop.
    pub shutdown_grace: Duration,
}

/// Whether selling needs an address that is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum ConfirmAddress {
    /// It does not: nobody could confirm one where no mail is sent.
    #[default]
    Off,
    /// It does.
    Required,
}

/// How requests are received.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where browsers find the site; derived from each request if empty.
    pub public_origins: Vec<WebOrigin>,
    /// Who may say on whose behalf they ask.
    pub trusted_proxies: Vec<Network>,
    /// The most bytes of a body.
    pub body_limit: usize,
    /// The longest a request may take.
    pub request_timeout: Duration,
    /// How long a request waits for a service of another process that is away, while it restarts.
    pub restart_wait: Duration,
    /// The most listeners to live updates at a time.
    pub live_listeners: usize,
    /// How many of them may come from one network.
    pub live_listeners_per_address: usize,
    /// How many passwords of one network may wait to be hashed, or be hashed, at a time.
    pub passwords_per_address: usize,
    /// The most connections at a time.
    pub connections: usize,
    /// The most of one network; a quarter of all if absent.
    pub network_connections: Option<usize>,
    /// How often things may be asked for.
    pub limits: Limits,
    /// Which share of the requests that continue no trace begin one, from 0 to 1.
    pub traced: f64,
}

impl HttpConfig {
    /// The most connections of one network at a time.
    #[must_use]
    pub fn connections_per_network(&self) -> usize {
        self.network_connections.unwrap_or(self.connections / 4).max(1)
    }
}

/// How often things may be asked for; `None` turns a limit off.
///
/// An address counts with its network: a whole `/64` of IPv6, and the `/48` around it four times as widely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Signing in or up, from each network.
    pub sign_in_per_address: Option<Quota>,
    /// Opening an account, from each network.
    pub sign_up_per_address: Option<Quota>,
    /// Signing in or up to each account from each network.
    pub sign_in_per_account_and_address: Option<Quota>,
    /// Signing in or up to each account, from everywhere together.
    pub sign_in_per_account: Option<Quota>,
    /// Signing in to each account from browsers that did so before; nothing else counts for them.
    pub sign_in_of_known_browsers: Option<Quota>,
    /// Having letters sent to confirm an address or replace a password, from each network.
    pub letters_per_address: Option<Quota>,
    /// Letters of each kind to each account that somebody can have sent to it.
    pub letters_per_account: Option<Quota>,
    /// Any change, from each network.
    pub writes_per_address: Option<Quota>,
    /// Reading anything but files, from each network, by each process.
    pub reads_per_address: Option<Quota>,
    /// Trying to pay, from each network.
    pub payments_per_address: Option<Quota>,
    /// Trying to pay, by each account.
    pub payments_per_account: Option<Quota>,
}

impl Limits {
    /// No limits at all.
    pub const OFF: Self = Self {
        sign_in_per_address: None,
        sign_up_per_address: None,
        sign_in_per_account_and_address: None,
        sign_in_per_account: None,
        sign_in_of_known_browsers: None,
        letters_per_address: None,
        letters_per_account: None,
        writes_per_address: None,
        reads_per_address: None,
        payments_per_address: None,
        payments_per_account: None,
    };
}

impl Default for Limits {
    fn default() -> Self {
        let quota = |burst, per| Some(Quota { burst, per });
        Self {
            sign_in_per_address: quota(20, Duration::from_secs(3)),
            // Every account may hold places: who opens many empties the catalogue.
            sign_up_per_address: quota(5, Duration::from_secs(60)),
            sign_in_per_account_and_address: quota(10, Duration::from_secs(30)),
            // As much as thirty networks try together: fewer cannot keep an owner out.
            sign_in_per_account: quota(300, Duration::from_secs(1)),
            sign_in_of_known_browsers: quota(10, Duration::from_secs(30)),
            letters_per_address: quota(5, Duration::from_mins(2)),
            // Two at once and one more after forty minutes: never more than three within an hour.
            letters_per_account: quota(2, Duration::from_mins(40)),
            writes_per_address: quota(60, Duration::from_millis(500)),
            // Hundreds of people behind one address open fifty pages a second; at a few milliseconds each, that stops no process.
            reads_per_address: quota(300, Duration::from_millis(20)),
            payments_per_address: quota(60, Duration::from_secs(1)),
            payments_per_account: quota(10, Duration::from_secs(10)),
        }
    }
}

/// What the log looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// For people or for programs.
    pub format: LogFormat,
    /// Which targets log how much, in the syntax of `tracing-subscriber`.
    pub filter: String,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum LogFormat {
    /// People.
    Text,
    /// Programs: one JSON object a line.
    Json,
}

/// Where traces are exported to, and in whose name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracesConfig {
    /// A collector that takes OTLP over HTTP.
    pub endpoint: ServiceUrl,
    /// What this process is called.
    pub service_name: String,
    /// What carries its events, as OpenTelemetry names it.
    pub messaging_system: &'static str,
}

/// Nothing was chosen that takes the money, and the sandbox could be mistaken for it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "on real engines, on a public address, behind a trusted proxy or with a public origin nothing takes money by \
     itself: choose the sandbox if none is to be taken, and every page will say so, or Stripe"
)]
pub struct NoGateway;

impl Config {
    /// Where operators are answered if nobody says: on this machine alone, beside the public port.
    ///
    /// Processes that listen on different ports have different operators' ports.
    #[must_use]
    pub fn operators_beside(listen: SocketAddr) -> SocketAddr {
        const BESIDE: u16 = 10_000;
        let loopback = match listen {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        };
        let port = match listen.port() {
            0 => 0,
            port => port.checked_add(BESIDE).unwrap_or_else(|| port - BESIDE),
        };
        SocketAddr::new(loopback, port)
    }

    /// Whether nobody but people at this machine is served, and nothing outlives the process.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let HttpConfig { public_origins, trusted_proxies, .. } = &self.http;
        let is_near = self.listen.ip().to_canonical().is_loopback();
        is_near && public_origins.is_empty() && trusted_proxies.is_empty() && self.engines.is_memory()
    }

    /// What takes the money: what was chosen, or the sandbox where nobody could mistake it for real.
    #[must_use]
    pub fn gateway(&self) -> Option<Gateway> {
        self.payments.or(self.is_private().then_some(Gateway::Sandbox))
    }

    /// Finds out whether what takes orders of people here also takes their money.
    ///
    /// # Errors
    ///
    /// [`NoGateway`]: set [`Config::payments`].
    pub fn check_gateway(&self) -> Result<(), NoGateway> {
        let matters = self.services.iter().any(|service| matches!(service, Service::Payments | Service::Web));
        if matters && self.gateway().is_none() { Err(NoGateway) } else { Ok(()) }
    }

    /// What of it the services go by.
    #[must_use]
    pub fn core(&self) -> Settings {
        let batcher = BatcherConfig { hold_for: self.hold_for, limits: self.hold_limits, ..BatcherConfig::default() };
        Settings { batcher, lifetimes: self.sessions, replica_wait: self.replica_wait, ..Settings::default() }
    }
}

impl Default for Config {
    /// Every service in this process, without demo data.
    fn default() -> Self {
        let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);
        Self {
            listen,
            admin_listen: Self::operators_beside(listen),
            services: Service::ALL.to_vec(),
            demo: false,
            payments: None,
            stripe: None,
            mail: None,
            smtp: None,
            site_name: "Ticketing".to_owned(),
            hold_for: Duration::from_secs(15 * 60),
            hold_limits: HoldLimits::default(),
            replica_wait: Settings::default().replica_wait,
            sessions: SessionLifetimes::default(),
            signing_key: None,
            signing_keys: None,
            jwks: None,
            remote: BTreeMap::new(),
            engines: EngineSettings::default(),
            confirm_address: ConfirmAddress::default(),
            http: HttpConfig::default(),
            log: LogConfig::default(),
            traces: None,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            public_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            body_limit: 64 * 1024,
            request_timeout: Duration::from_secs(10),
            restart_wait: Duration::from_millis(2500),
            live_listeners: 1024,
            live_listeners_per_address: 128,
            passwords_per_address: standard_share_of_passwords(),
            connections: 8192,
            network_connections: None,
            limits: Limits::default(),
            traced: 0.0,
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_beside_the_public_and_on_this_machine() {
        let beside = |listen: &str| Config::operators_beside(listen.parse().unwrap()).to_string();

        assert_eq!(beside("0.0.0.0:3000"), "127.0.0.1:13000");
        assert_eq!((beside("127.0.0.1:0"), beside("[::]:65535")), ("127.0.0.1:0".into(), "[::1]:55535".into()));
    }
}
