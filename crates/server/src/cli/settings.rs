//! What a person may type. Each flag is also a variable: `TICKETING_` and the flag in capitals.
//!
//! `--help` and the table of docs/operations.md come from here; what is always
//! the same stands in [`Config`]. A default that has to be worked out is described in
//! brackets. A setting is a secret by its type, [`Secret`].

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use ticketing_core::audit::AuditConfig;
use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::payment::PAYABLE;
use ticketing_core::ports::identity::SessionLifetimes;
use ticketing_core::ports::limits::Quota;

use super::keys::KeysCommand;
use super::parked::ParkedCommand;
use super::values::{self, HOUR, Limit, Most, OneOf, Retention, Span, count, span_up_to, word};
use crate::config::{
    Config, ConfirmAddress, Gateway, HttpConfig, Limits, LogConfig, LogFormat, MailBy, Network, SaslMechanism, Secret,
    Service, ServiceUrl, WebOrigin,
};

/// Lists are one value each, with commas between their entries.
type Origins = Vec<WebOrigin>;
type Networks = Vec<Network>;
type Secrets = Vec<Secret>;

const COUNTS: std::ops::RangeInclusive<usize> = 1..=1_000_000;

/// A marketplace for tickets: buy places, sell your own.
///
/// Without a command it serves every service in one process, in memory, with demo data.
#[derive(Debug, Parser)]
#[command(name = "ticketing", version, max_term_width = 100, allow_negative_numbers = true)]
pub(super) struct Settings {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = values::like::<SocketAddr>("an address and port such as 127.0.0.1:3000"))]
    #[arg(default_value_t = Config::default().listen)]
    pub(super) listen: SocketAddr,
    /// The address of /readyz and /metrics, for operators [default: loopback, the port of --listen plus 10000]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = values::like::<SocketAddr>("an address and port such as 127.0.0.1:13000"))]
    pub(super) admin_listen: Option<SocketAddr>,
    /// Start with demo data [default: true if every service runs, in memory, on loopback, without --public-origin or --trusted-proxies]
    #[arg(long, value_name = "BOOL", value_parser = values::switch)]
    pub(super) demo: Option<bool>,
    /// What takes the money: Stripe; the sandbox takes none [default: sandbox in memory, on loopback, without --public-origin or --trusted-proxies; otherwise required]
    #[arg(long, value_name = "GATEWAY", value_parser = OneOf(Gateway::value_variants()))]
    pub(super) payments: Option<Gateway>,
    #[command(flatten)]
    pub(super) stripe: StripeFlags,
    #[command(flatten)]
    pub(super) mail: MailFlags,
    #[command(flatten)]
    pub(super) engines: EngineFlags,
    #[command(flatten)]
    pub(super) remote: RemoteFlags,
    /// How long an order holds its places
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(PAYABLE), default_value_t = Config::default().hold_for.into())]
    pub(super) hold: Span,
    /// How long an order or a payment waits for its service to learn of the ticket or order that it names
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR), default_value_t = Config::default().replica_wait.into())]
    pub(super) replica_wait: Span,
    /// How long an access token is valid
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR * 24), default_value_t = SessionLifetimes::default().access.into())]
    pub(super) access_lifetime: Span,
    /// How long a session lasts without a refresh; it ends after 90 days in any case, or after this if it is longer
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR * 24 * 372), default_value_t = SessionLifetimes::default().idle.into())]
    pub(super) session_lifetime: Span,
    /// The Ed25519 key that signs access tokens: a PEM, or the seed in base64 [default: generated at start]
    #[arg(long, value_name = "KEY")]
    pub(super) signing_key: Option<Secret>,
    /// The file of the keys that sign access tokens, which `ticketing keys rotate` writes; read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(super) signing_keys: Option<PathBuf>,
    /// Origins of the site, separated by commas; changes requested from other sites are refused [default: any `Host`]
    #[arg(long, value_name = "ORIGINS", value_parser = values::list::<WebOrigin>)]
    pub(super) public_origin: Option<Origins>,
    /// Networks of proxies whose `X-Forwarded-*` headers are trusted, separated by commas [default: none]
    #[arg(long, value_name = "NETWORKS", value_parser = values::list::<Network>)]
    pub(super) trusted_proxies: Option<Networks>,
    /// Whether selling needs an e-mail address that is confirmed
    #[arg(long, value_name = "WHEN", value_parser = OneOf(ConfirmAddress::value_variants()), default_value = word(&ConfirmAddress::default()))]
    pub(super) confirm_address: ConfirmAddress,
    #[command(flatten)]
    pub(super) limits: LimitFlags,
    #[command(flatten)]
    pub(super) holds: HoldFlags,
    #[command(flatten)]
    pub(super) http: HttpFlags,
    /// The format of the log: for people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", value_parser = OneOf(LogFormat::value_variants()), default_value = word(&LogConfig::default().format))]
    pub(super) log_format: LogFormat,
    /// What is logged, such as info or `ticketing_server=debug`
    #[arg(long, value_name = "FILTER", value_parser = values::log_filter, default_value = LogConfig::default().filter)]
    pub(super) log: String,
    #[command(flatten)]
    pub(super) traces: TraceFlags,
    /// How long requests in progress may take once the process is told to stop
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR), default_value_t = Config::default().shutdown_grace.into())]
    pub(super) shutdown_grace: Span,
}

/// What the program is to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run some of the services, or all of them if none is named
    #[command(allow_negative_numbers = true)]
    Serve {
        /// The services to run
        #[arg(value_name = "SERVICE", value_parser = OneOf(&Service::ALL))]
        services: Vec<Service>,
    },
    /// Ask the process that serves on this machine, at --admin-listen, whether it takes requests
    ///
    /// Exits with 0 if it does, and with 1 if it does not or does not respond within 4 seconds.
    Health,
    /// Create the topics that are missing on Kafka, and list all of them
    Topics,
    /// Check the data of a running marketplace: nothing oversold, charged twice, lost or stuck
    ///
    /// Letters are checked where --mail says that people are written to, as it does to the services.
    /// Exits with 0 if all is well, and with 1 if something is wrong.
    Audit {
        /// How long a difference must persist to count as more than a delay
        #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR), default_value_t = AuditConfig::default().patience.into())]
        patience: Span,
    },
    /// List events that could not be handled, and replay or delete them
    Parked {
        #[command(subcommand)]
        action: ParkedCommand,
    },
    /// Rebuild what a service knows of the others from the event log, or the search index, while it runs
    ///
    /// `replay search` asks the process at --admin-listen, since each process that serves tickets has an index of its own.
    /// The index in use answers until the other one is complete.
    Replay {
        /// The service: tickets, orders, payments, admissions, notifications or expiration; or search
        #[arg(value_name = "SERVICE", value_parser = OneOf(Replayed::value_variants()), hide_possible_values = true)]
        of: Replayed,
        /// Only report what differs; exits with 1 if anything does
        #[arg(long)]
        dry_run: bool,
        /// Go by what the other services hold instead of the log, which a restored backup is older than
        #[arg(long)]
        from_databases: bool,
    },
    /// Copy the file of --data while it is in use; the copy is complete or not there
    ///
    /// Put a copy in place, as market.db, while nothing is served from there.
    Backup {
        /// Where the copy is written; nothing may be there
        #[arg(value_name = "FILE")]
        copy: PathBuf,
    },
    /// Move the file of --data to --store mongodb; nothing may be served from either side meanwhile
    ///
    /// Takes the settings by which the file is served, and in addition those of the engines where it goes on.
    /// What is under way in the file is handled first. Then every record is copied, and both sides are compared and
    /// audited; only then the file is marked, so that nothing is served from it any more.
    /// A move that was interrupted is finished by moving again. Exits with 0 if all of it was moved.
    Move {
        /// How long what is under way may take to be handled
        #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR * 24), default_value = "5m")]
        patience: Span,
        /// Move nothing, but let a file be served again that was moved; what was sold since then is not in it
        #[arg(long)]
        take_back: bool,
    },
    /// List the signing keys of a file, or begin to sign with a new one
    Keys {
        #[command(subcommand)]
        action: KeysCommand,
    },
}

/// What is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replayed {
    /// What a service knows of the others.
    Service(Service),
    /// The search index of a process.
    Search,
}

impl ValueEnum for Replayed {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Replayed; 9] = [
            Replayed::Service(Service::Accounts),
            Replayed::Service(Service::Tickets),
            Replayed::Service(Service::Orders),
            Replayed::Service(Service::Payments),
            Replayed::Service(Service::Admissions),
            Replayed::Service(Service::Notifications),
            Replayed::Service(Service::Expiration),
            Replayed::Service(Service::Web),
            Replayed::Search,
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Service(service) => service.to_possible_value(),
            Self::Search => Some(PossibleValue::new("search")),
        }
    }
}

/// What a port works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    Memory,
    Mongodb,
    Kafka,
    Redis,
}

/// The Stripe account.
#[derive(Debug, Args)]
pub(super) struct StripeFlags {
    /// The secret key of --payments stripe, `sk_…`, or a restricted one, `rk_…`; set the variable, since everybody on the machine can see flags
    #[arg(long, value_name = "SECRET", value_parser = values::secret_of(&["sk_", "rk_"]))]
    pub(super) stripe_key: Option<Secret>,
    /// The signing secret of the webhook endpoint, `whsec_…`; several, separated by commas, while one is being replaced
    #[arg(long, value_name = "SECRETS", value_parser = values::secrets_of(&["whsec_"]))]
    pub(super) stripe_webhook_secret: Option<Secrets>,
    /// The address of Stripe's API; another one is for tests only
    #[arg(long, value_name = "URL", value_parser = values::safe_url, default_value = "https://api.stripe.com")]
    pub(super) stripe_url: String,
}

/// How people are written to.
#[derive(Debug, Args)]
pub(super) struct MailFlags {
    /// What sends mail; the outbox sends none and shows it at /dev/mail [default: outbox with demo data; otherwise nobody is written to]
    #[arg(long, value_name = "MAILER", value_parser = OneOf(MailBy::value_variants()))]
    pub(super) mail: Option<MailBy>,
    /// The server of --mail smtp: `smtps://user:password@host`, or `smtp://…`, which must offer STARTTLS; set the variable, since everybody on the machine can see flags
    #[arg(long, value_name = "URL", value_parser = values::secret_address(&["smtps", "smtp"]))]
    pub(super) smtp_url: Option<Secret>,
    /// The sender of --mail smtp, such as tickets@example.org
    #[arg(long, value_name = "ADDRESS", value_parser = values::like::<EmailAddress>("an e-mail address"))]
    pub(super) mail_from: Option<EmailAddress>,
    /// What the marketplace calls itself in mail
    #[arg(long, value_name = "NAME", default_value = Config::default().site_name)]
    pub(super) site_name: String,
}

/// Which engines the services use, and where they are.
#[derive(Debug, Args)]
pub(super) struct EngineFlags {
    /// The directory of one file that keeps everything, for one process and in place of every other engine [default: none]
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) data: Option<PathBuf>,
    /// The folder of the search index, where tickets runs, for one process [default: `search` in --data; otherwise in memory, filled at each start]
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) search_folder: Option<PathBuf>,
    /// What stores the state of the services
    #[arg(long, value_name = "ENGINE", value_parser = OneOf(&[Engine::Memory, Engine::Mongodb]), default_value = "memory")]
    pub(super) store: Engine,
    /// What carries events between services; mongodb keeps them in a database beside those of --store mongodb
    #[arg(long, value_name = "ENGINE", value_parser = OneOf(&[Engine::Memory, Engine::Kafka, Engine::Mongodb]), default_value = "memory")]
    pub(super) bus: Engine,
    /// What keeps timers
    #[arg(long, value_name = "ENGINE", value_parser = OneOf(&[Engine::Memory, Engine::Redis]), default_value = "memory")]
    pub(super) timers: Engine,
    /// What keeps sessions, rate limits and refused forms, and shares live updates between processes
    #[arg(long, value_name = "ENGINE", value_parser = OneOf(&[Engine::Memory, Engine::Redis]), default_value = "memory")]
    pub(super) sessions: Engine,
    /// The connection string of --store mongodb and --bus mongodb, a replica set such as `mongodb://host:27017/?replicaSet=rs0`; a process opens 100 connections to each member, or `maxPoolSize`
    #[arg(long, value_name = "URI", value_parser = values::secret_address(&["mongodb", "mongodb+srv"]))]
    pub(super) mongodb_uri: Option<Secret>,
    /// Prefix of the name of each service's database, as in `ticketing_orders`
    #[arg(long, value_name = "NAME", value_parser = values::prefix, default_value = "ticketing")]
    pub(super) database_prefix: String,
    /// The brokers of --bus kafka: host:port, separated by commas
    #[arg(long, value_name = "BROKERS", value_parser = values::brokers)]
    pub(super) kafka_brokers: Option<String>,
    /// Prefix of the names of topics and consumer groups, as in `ticketing.orders`
    #[arg(long, value_name = "NAME", value_parser = values::prefix, default_value = "ticketing")]
    pub(super) topic_prefix: String,
    /// Partitions of topics that are created
    #[arg(long, value_name = "COUNT", value_parser = count(1..=u16::MAX), default_value_t = 12)]
    pub(super) topic_partitions: u16,
    /// How many brokers keep a copy of topics that are created
    #[arg(long, value_name = "COUNT", value_parser = count(1..=u16::MAX), default_value_t = 1)]
    pub(super) topic_replication: u16,
    /// How long topics that are created, or the log of --bus mongodb, keep events: a duration, or forever
    #[arg(long, value_name = "SPAN", default_value_t = Retention(None))]
    pub(super) topic_retention: Retention,
    /// Whether to connect to Kafka over TLS
    #[arg(long, value_name = "BOOL", value_parser = values::switch, action = ArgAction::Set, default_value_t = false)]
    pub(super) kafka_tls: bool,
    /// How to authenticate to Kafka [default: no user]
    #[arg(long, value_name = "MECHANISM", value_parser = OneOf(SaslMechanism::value_variants()))]
    pub(super) kafka_sasl: Option<SaslMechanism>,
    /// The user of --kafka-sasl
    #[arg(long, value_name = "NAME", value_parser = values::some)]
    pub(super) kafka_user: Option<Secret>,
    /// The password of --kafka-user; set the variable, since everybody on the machine can see flags
    #[arg(long, value_name = "SECRET", value_parser = values::some)]
    pub(super) kafka_password: Option<Secret>,
    /// Certificate authorities to trust over TLS, for all engines: a file in PEM [default: those that the engine's client trusts]
    #[arg(long, value_name = "FILE", value_parser = values::certificates)]
    pub(super) tls_ca: Option<PathBuf>,
    /// The address of Redis: `redis://host:6379/`, or `rediss://host:6379/` over TLS
    #[arg(long, value_name = "URL", value_parser = values::secret_address(&["redis", "rediss"]))]
    pub(super) redis_url: Option<Secret>,
    /// Prefix of every key in Redis
    #[arg(long, value_name = "NAME", value_parser = values::prefix, default_value = "ticketing")]
    pub(super) redis_prefix: String,
}

/// Where the services are that run in other processes, and how their tokens are verified.
#[derive(Debug, Args)]
pub(super) struct RemoteFlags {
    /// The address of accounts if it runs in another process, such as `http://accounts:3000`
    #[arg(long, value_name = "URL")]
    pub(super) accounts_url: Option<ServiceUrl>,
    /// The address of tickets if it runs in another process
    #[arg(long, value_name = "URL")]
    pub(super) tickets_url: Option<ServiceUrl>,
    /// The address of orders if it runs in another process
    #[arg(long, value_name = "URL")]
    pub(super) orders_url: Option<ServiceUrl>,
    /// The address of payments if it runs in another process
    #[arg(long, value_name = "URL")]
    pub(super) payments_url: Option<ServiceUrl>,
    /// The address of admissions if it runs in another process
    #[arg(long, value_name = "URL")]
    pub(super) admissions_url: Option<ServiceUrl>,
    /// The address of notifications if it runs in another process; without it nobody keeps alerts
    #[arg(long, value_name = "URL")]
    pub(super) notifications_url: Option<ServiceUrl>,
    /// How long a request waits for one of these services while it restarts
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR), default_value_t = HttpConfig::default().restart_wait.into())]
    pub(super) restart_wait: Span,
    /// The public keys that verify access tokens, as a JSON Web Key Set [default: fetched from accounts]
    #[arg(long, value_name = "JSON")]
    pub(super) jwks: Option<String>,
}

/// How often things may be requested. A limit is so many at once, and one more each span; or off.
#[derive(Debug, Args)]
pub(super) struct LimitFlags {
    /// Sign-ins and sign-ups from one network
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().sign_in_per_address))]
    pub(super) limit_sign_in_address: Limit,
    /// Accounts created from one network
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().sign_up_per_address))]
    pub(super) limit_sign_up_address: Limit,
    /// Sign-ins and sign-ups to one account from one network
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().sign_in_per_account_and_address))]
    pub(super) limit_sign_in_account_address: Limit,
    /// Sign-ins and sign-ups to one account from all networks
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().sign_in_per_account))]
    pub(super) limit_sign_in_account: Limit,
    /// Sign-ins to one account from browsers that signed in to it before; no other limit counts these
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().sign_in_of_known_browsers))]
    pub(super) limit_sign_in_known: Limit,
    /// Letters that people of one network have sent to confirm an address or replace a password
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().letters_per_address))]
    pub(super) limit_letters_address: Limit,
    /// Letters of each kind that people have sent to one account
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().letters_per_account))]
    pub(super) limit_letters_account: Limit,
    /// Changes from one network, except sign-ins, sign-ups and changes of a password
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().writes_per_address))]
    pub(super) limit_writes: Limit,
    /// Reads from one network, counted by each process
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().reads_per_address))]
    pub(super) limit_reads: Limit,
    /// Attempts to pay from one network
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().payments_per_address))]
    pub(super) limit_payments_address: Limit,
    /// Attempts to pay by one account
    #[arg(long, value_name = "LIMIT", default_value_t = Limit(Limits::default().payments_per_account))]
    pub(super) limit_payments_account: Limit,
}

/// How much one buyer may hold.
#[derive(Debug, Args)]
pub(super) struct HoldFlags {
    /// Places of one ticket that a buyer may hold if its seller sets no `maxPerBuyer`; or off
    #[arg(long, value_name = "COUNT", default_value_t = Most(HoldLimits::default().places_of_ticket))]
    pub(super) limit_held_of_ticket: Most,
    /// Places that a buyer may hold in all; or off
    #[arg(long, value_name = "COUNT", default_value_t = Most(HoldLimits::default().places))]
    pub(super) limit_held_places: Most,
    /// Unpaid orders that a buyer may have at a time; or off
    #[arg(long, value_name = "COUNT", default_value_t = Most(HoldLimits::default().open_orders))]
    pub(super) limit_open_orders: Most,
    /// Orders that may end unpaid within an hour, and the first pause after that; or off
    #[arg(long, value_name = "LIMIT", default_value_t = unpaid_orders())]
    pub(super) limit_unpaid_orders: Limit,
}

/// Where traces go, and how many, by the standard variables of OpenTelemetry.
#[derive(Debug, Args)]
pub(super) struct TraceFlags {
    /// Where traces are exported to: a collector that takes OTLP over HTTP, such as `http://collector:4318` [default: nowhere]
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(super) otlp_endpoint: Option<ServiceUrl>,
    /// Which requests begin a trace; one that continues a trace of a trusted proxy is traced as that is
    #[arg(long, value_name = "SAMPLER", env = "OTEL_TRACES_SAMPLER", value_parser = OneOf(Sampler::value_variants()), default_value = word(&Sampler::AlwaysOn))]
    pub(super) traces_sampler: Sampler,
    /// The share of requests that begin a trace with `parentbased_traceidratio`, such as 0.01
    #[arg(long, value_name = "SHARE", env = "OTEL_TRACES_SAMPLER_ARG", value_parser = values::share, default_value_t = 1.0)]
    pub(super) traces_sampler_arg: f64,
    /// What this process is called in traces [default: ticketing, and the services if not all run here]
    #[arg(long, value_name = "NAME", env = "OTEL_SERVICE_NAME")]
    pub(super) service_name: Option<String>,
}

/// Which requests begin a trace, in the words of OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sampler {
    /// All.
    #[value(name = "parentbased_always_on")]
    AlwaysOn,
    /// None.
    #[value(name = "parentbased_always_off")]
    AlwaysOff,
    /// A share of them.
    #[value(name = "parentbased_traceidratio")]
    Share,
}

fn unpaid_orders() -> Limit {
    Limit(HoldLimits::default().pause.map(|pause| Quota { burst: pause.free, per: pause.first }))
}

/// What one request or client may take.
#[derive(Debug, Args)]
pub(super) struct HttpFlags {
    /// Passwords of one network that may wait to be hashed, or be hashed, at a time in one process [default: 8 for every two cores]
    #[arg(long, value_name = "COUNT", value_parser = count(COUNTS))]
    pub(super) passwords_address: Option<usize>,
    /// The largest body of a request, in bytes
    #[arg(long, value_name = "BYTES", value_parser = count::<usize>(1024..=16 * 1024 * 1024), default_value_t = HttpConfig::default().body_limit)]
    pub(super) body_limit: usize,
    /// The longest that a request may take
    #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR), default_value_t = HttpConfig::default().request_timeout.into())]
    pub(super) request_timeout: Span,
    /// The most connections at a time
    #[arg(long, value_name = "COUNT", value_parser = count(COUNTS), default_value_t = HttpConfig::default().connections)]
    pub(super) connections: usize,
    /// The most connections from one network at a time, except from trusted proxies [default: a quarter of --connections]
    #[arg(long, value_name = "COUNT", value_parser = count(COUNTS))]
    pub(super) connections_per_network: Option<usize>,
    /// The most streams of live updates at a time; each browser needs one
    #[arg(long, value_name = "COUNT", value_parser = count::<usize>(0..=1_000_000), default_value_t = HttpConfig::default().live_listeners)]
    pub(super) live_listeners: usize,
    /// The most streams of live updates to one network at a time
    #[arg(long, value_name = "COUNT", value_parser = count(COUNTS), default_value_t = HttpConfig::default().live_listeners_per_address)]
    pub(super) live_listeners_address: usize,
}

#[cfg(test)]
mod tests {
    use crate::cli::reading::{Names, command};

    const PAGE: &str = include_str!("../../../../docs/operations.md");

    /// A line for each setting: variable, meaning, values, default.
    fn table() -> String {
        let command = command(&Names::new());
        let rows: Vec<_> = command.get_arguments().filter_map(row).collect();
        format!("| variable | what it sets | value | default |\n| --- | --- | --- | --- |\n{}\n", rows.join("\n"))
    }

    fn row(setting: &clap::Arg) -> Option<String> {
        let variable = setting.get_env()?.to_str()?;
        let help = setting.get_help()?.to_string();
        let (help, told) = help.split_once(" [default: ").unwrap_or((&help, ""));
        let words: Vec<_> = setting.get_possible_values().iter().map(|word| format!("`{}`", word.get_name())).collect();
        let form = setting.get_value_names()?.first()?.to_string();
        let form = if words.is_empty() { form } else { words.join(", ") };
        let default = setting.get_default_values().first().and_then(|default| default.to_str());
        let default = default.map_or_else(|| told.trim_end_matches(']').to_owned(), |default| format!("`{default}`"));
        Some(format!("| `{variable}` | {help} | {form} | {default} |"))
    }

    #[test]
    fn the_table_of_settings_is_what_the_program_takes() {
        let table = table();

        assert!(table.lines().count() > 50);
        assert!(PAGE.contains(&table), "docs/operations.md has another table; the right one is:\n\n{table}");
    }
}
