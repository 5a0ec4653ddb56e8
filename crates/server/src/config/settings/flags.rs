//! The flags and variables, each a text until it is parsed.

use clap::{Args, Parser, Subcommand};
use uuid::Uuid;

use crate::operate::ParkedTask;

use super::holds::HoldFlags;

/// A marketplace for tickets: buy places, sell your own.
///
/// Without a command it serves every service in one process, in memory, with demo data.
#[derive(Debug, Default, Parser)]
#[command(name = "ticketing", version, max_term_width = 100, allow_negative_numbers = true)]
pub(super) struct Settings {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Where to listen [default: 127.0.0.1:3000]
    #[arg(long, global = true, env = "TICKETING_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<String>,
    /// Where operators ask for /readyz and /metrics [default: on loopback, the port of --listen plus 10000]
    #[arg(long, global = true, env = "TICKETING_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) admin_listen: Option<String>,
    #[command(flatten)]
    pub(super) engines: EngineFlags,
    #[command(flatten)]
    pub(super) elsewhere: ElsewhereFlags,
    /// Begin with demo data [default: true where every service runs, in memory, on loopback, without --public-origin or --trusted-proxies]
    #[arg(long, global = true, env = "TICKETING_DEMO", value_name = "BOOL")]
    pub(super) demo: Option<String>,
    /// What takes the money: sandbox, which takes none [default: sandbox in memory, on loopback, without --public-origin or --trusted-proxies]
    #[arg(long, global = true, env = "TICKETING_PAYMENTS", value_name = "GATEWAY")]
    pub(super) payments: Option<String>,
    /// How long an order holds its places [default: 15m]
    #[arg(long, global = true, env = "TICKETING_HOLD", value_name = "SPAN")]
    pub(super) hold: Option<String>,
    #[command(flatten)]
    pub(super) holds: HoldFlags,
    /// How long an access token is believed [default: 5m]
    #[arg(long, global = true, env = "TICKETING_ACCESS_LIFETIME", value_name = "SPAN")]
    pub(super) access_lifetime: Option<String>,
    /// How long a session lasts that nobody refreshes [default: 30d]
    #[arg(long, global = true, env = "TICKETING_SESSION_LIFETIME", value_name = "SPAN")]
    pub(super) session_lifetime: Option<String>,
    /// The Ed25519 key that signs access tokens: a PEM, or the seed in base64 [default: drawn at start]
    #[arg(long, global = true, env = "TICKETING_SIGNING_KEY", value_name = "KEY", hide_env_values = true)]
    pub(super) signing_key: Option<String>,
    /// Where browsers find the site, with commas between; requests from elsewhere change nothing [default: any `Host`]
    #[arg(long, global = true, env = "TICKETING_PUBLIC_ORIGIN", value_name = "ORIGINS")]
    pub(super) public_origin: Option<String>,
    /// Networks of proxies whose `X-Forwarded-*` headers are believed, with commas between [default: none]
    #[arg(long, global = true, env = "TICKETING_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub(super) trusted_proxies: Option<String>,
    /// Sign-ins of one network: so many at once, and one more each span; or off [default: 20/3s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_IN_ADDRESS", value_name = "LIMIT")]
    pub(super) limit_sign_in_address: Option<String>,
    /// Accounts that one network opens [default: 5/60s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_UP_ADDRESS", value_name = "LIMIT")]
    pub(super) limit_sign_up_address: Option<String>,
    /// Sign-ins of one network to one account [default: 10/30s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_IN_ACCOUNT_ADDRESS", value_name = "LIMIT")]
    pub(super) limit_sign_in_account_address: Option<String>,
    /// Sign-ins to one account from everywhere [default: 300/1s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_IN_ACCOUNT", value_name = "LIMIT")]
    pub(super) limit_sign_in_account: Option<String>,
    /// Sign-ins to one account from browsers that did so before, which no other limit counts [default: 10/30s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_IN_KNOWN", value_name = "LIMIT")]
    pub(super) limit_sign_in_known: Option<String>,
    /// Changes by one network [default: 60/500ms]
    #[arg(long, global = true, env = "TICKETING_LIMIT_WRITES", value_name = "LIMIT")]
    pub(super) limit_writes: Option<String>,
    /// Reads of one network, counted by each process for itself [default: 300/20ms]
    #[arg(long, global = true, env = "TICKETING_LIMIT_READS", value_name = "LIMIT")]
    pub(super) limit_reads: Option<String>,
    /// Tries to pay of one network [default: 60/1s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_PAYMENTS_ADDRESS", value_name = "LIMIT")]
    pub(super) limit_payments_address: Option<String>,
    /// Tries to pay of one account [default: 10/10s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_PAYMENTS_ACCOUNT", value_name = "LIMIT")]
    pub(super) limit_payments_account: Option<String>,
    /// The most bytes of a request's body [default: 65536]
    #[arg(long, global = true, env = "TICKETING_BODY_LIMIT", value_name = "BYTES")]
    pub(super) body_limit: Option<String>,
    /// The longest a request may take [default: 10s]
    #[arg(long, global = true, env = "TICKETING_REQUEST_TIMEOUT", value_name = "SPAN")]
    pub(super) request_timeout: Option<String>,
    /// The most connections at a time [default: 8192]
    #[arg(long, global = true, env = "TICKETING_CONNECTIONS", value_name = "COUNT")]
    pub(super) connections: Option<String>,
    /// The most connections of one network at a time, unless it is a trusted proxy's [default: a quarter of all]
    #[arg(long, global = true, env = "TICKETING_CONNECTIONS_PER_NETWORK", value_name = "COUNT")]
    pub(super) connections_per_network: Option<String>,
    /// The most listeners to live updates at a time [default: 1024]
    #[arg(long, global = true, env = "TICKETING_LIVE_LISTENERS", value_name = "COUNT")]
    pub(super) live_listeners: Option<String>,
    /// The most listeners to live updates of one network [default: 128]
    #[arg(long, global = true, env = "TICKETING_LIVE_LISTENERS_ADDRESS", value_name = "COUNT")]
    pub(super) live_listeners_address: Option<String>,
    /// The most passwords of one network that wait to be hashed [default: 8 for every two cores]
    #[arg(long, global = true, env = "TICKETING_PASSWORDS_ADDRESS", value_name = "COUNT")]
    pub(super) passwords_address: Option<String>,
    /// What the log looks like: text or json [default: text]
    #[arg(long, global = true, env = "TICKETING_LOG_FORMAT", value_name = "FORMAT")]
    pub(super) log_format: Option<String>,
    /// Which targets tell how much, such as info or `ticketing_server=debug` [default: info]
    #[arg(long, global = true, env = "TICKETING_LOG", value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// How long requests under way may take once the process is told to stop [default: 10s]
    #[arg(long, global = true, env = "TICKETING_SHUTDOWN_GRACE", value_name = "SPAN")]
    pub(super) shutdown_grace: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve some services, or all of them if none is named
    #[command(allow_negative_numbers = true)]
    Serve {
        /// accounts, tickets, orders, payments, expiration, web
        #[arg(value_name = "SERVICE")]
        services: Vec<String>,
    },
    /// Make the topics that are missing on Kafka, and list them all
    Topics,
    /// Check on the data of a running marketplace that nothing is oversold, charged twice, lost or stuck
    ///
    /// Ends with 0 if all is well, 1 if something is wrong.
    Audit {
        /// How long a difference must stand to be more than a lag
        #[arg(long, value_name = "SPAN", default_value = "30s")]
        patience: String,
    },
    /// Look at events that could not be handled, or decide what becomes of them
    Parked {
        #[command(subcommand)]
        action: ParkedCommand,
    },
    /// Make what a service knows of the others anew from the log, while it runs
    Replay {
        /// tickets, orders, payments or expiration
        #[arg(value_name = "SERVICE")]
        service: String,
        /// Only tell what differs; ends with 1 if something does
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to do about parked events.
#[derive(Debug, Subcommand)]
pub(super) enum ParkedCommand {
    /// Print a line for each
    List {
        /// Of this key alone
        #[arg(long)]
        key: Option<String>,
    },
    /// Print all of one
    Show {
        /// Which, as the list names it
        id: Uuid,
    },
    /// Have its consumer handle it again, with all else of its key, in order
    Replay {
        /// Which, as the list names it
        id: Uuid,
    },
    /// Forget one for ever
    Drop {
        /// Which, as the list names it
        id: Uuid,
        /// Do it; without this it is only told what would be forgotten
        #[arg(long)]
        yes: bool,
    },
}

impl From<&ParkedCommand> for ParkedTask {
    fn from(command: &ParkedCommand) -> Self {
        match command {
            ParkedCommand::List { key } => Self::List { key: key.clone() },
            ParkedCommand::Show { id } => Self::Show { id: *id },
            ParkedCommand::Replay { id } => Self::Replay { id: *id },
            ParkedCommand::Drop { id, yes } => Self::Drop { id: *id, only_tell: !yes },
        }
    }
}

/// On which engines the services work.
#[derive(Debug, Default, Args)]
pub(super) struct EngineFlags {
    /// What keeps the state of the services: memory or mongodb [default: memory]
    #[arg(long, global = true, env = "TICKETING_STORE", value_name = "ENGINE")]
    pub(super) store: Option<String>,
    /// What takes events from one service to another: memory or kafka [default: memory]
    #[arg(long, global = true, env = "TICKETING_BUS", value_name = "ENGINE")]
    pub(super) bus: Option<String>,
    /// What keeps timers: memory or redis [default: memory]
    #[arg(long, global = true, env = "TICKETING_TIMERS", value_name = "ENGINE")]
    pub(super) timers: Option<String>,
    /// What keeps sessions and counts tries: memory or redis [default: memory]
    #[arg(long, global = true, env = "TICKETING_SESSIONS", value_name = "ENGINE")]
    pub(super) sessions: Option<String>,
    /// Where the databases of --store mongodb are, such as `mongodb://host:27017/?replicaSet=rs0`
    #[arg(long, global = true, env = "TICKETING_MONGODB_URI", value_name = "URI", hide_env_values = true)]
    pub(super) mongodb_uri: Option<String>,
    /// Begins the name of each service's database [default: ticketing]
    #[arg(long, global = true, env = "TICKETING_DATABASE_PREFIX", value_name = "NAME")]
    pub(super) database_prefix: Option<String>,
    /// Where Kafka is: host:port, with commas between
    #[arg(long, global = true, env = "TICKETING_KAFKA_BROKERS", value_name = "BROKERS")]
    pub(super) kafka_brokers: Option<String>,
    /// Begins the name of each topic [default: ticketing]
    #[arg(long, global = true, env = "TICKETING_TOPIC_PREFIX", value_name = "NAME")]
    pub(super) topic_prefix: Option<String>,
    /// Partitions of a topic that is made [default: 12]
    #[arg(long, global = true, env = "TICKETING_TOPIC_PARTITIONS", value_name = "COUNT")]
    pub(super) topic_partitions: Option<String>,
    /// How many brokers keep a copy of a topic that is made [default: 1]
    #[arg(long, global = true, env = "TICKETING_TOPIC_REPLICATION", value_name = "COUNT")]
    pub(super) topic_replication: Option<String>,
    /// How long a topic that is made keeps events: a span, or forever [default: forever]
    #[arg(long, global = true, env = "TICKETING_TOPIC_RETENTION", value_name = "SPAN")]
    pub(super) topic_retention: Option<String>,
    /// Whether Kafka is reached over TLS: true or false [default: false]
    #[arg(long, global = true, env = "TICKETING_KAFKA_TLS", value_name = "SWITCH")]
    pub(super) kafka_tls: Option<String>,
    /// How the user of Kafka proves who it is: plain, scram-sha-256 or scram-sha-512 [default: there is no user]
    #[arg(long, global = true, env = "TICKETING_KAFKA_SASL", value_name = "MECHANISM")]
    pub(super) kafka_sasl: Option<String>,
    /// The user of --kafka-sasl
    #[arg(long, global = true, env = "TICKETING_KAFKA_USER", value_name = "NAME")]
    pub(super) kafka_user: Option<String>,
    /// The password of --kafka-user: set the variable, since everybody on the machine sees flags
    #[arg(long, global = true, env = "TICKETING_KAFKA_PASSWORD", value_name = "SECRET", hide_env_values = true)]
    pub(super) kafka_password: Option<String>,
    /// The authorities to trust over TLS, of all engines: a file in PEM [default: those that are trusted anyway]
    #[arg(long, global = true, env = "TICKETING_TLS_CA", value_name = "FILE")]
    pub(super) tls_ca: Option<String>,
    /// Where Redis is, such as `redis://host:6379/`, or `rediss://host:6379/` over TLS
    #[arg(long, global = true, env = "TICKETING_REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub(super) redis_url: Option<String>,
    /// Begins each key in Redis [default: ticketing]
    #[arg(long, global = true, env = "TICKETING_REDIS_PREFIX", value_name = "NAME")]
    pub(super) redis_prefix: Option<String>,
}

/// Where the services are that run in other processes, and how their tokens are verified.
#[derive(Debug, Default, Args)]
pub(super) struct ElsewhereFlags {
    /// Where accounts answers if it runs elsewhere, such as `http://accounts:3000`
    #[arg(long, global = true, env = "TICKETING_ACCOUNTS_URL", value_name = "URL")]
    pub(super) accounts_url: Option<String>,
    /// Where tickets answers if it runs elsewhere
    #[arg(long, global = true, env = "TICKETING_TICKETS_URL", value_name = "URL")]
    pub(super) tickets_url: Option<String>,
    /// Where orders answers if it runs elsewhere
    #[arg(long, global = true, env = "TICKETING_ORDERS_URL", value_name = "URL")]
    pub(super) orders_url: Option<String>,
    /// Where payments answers if it runs elsewhere
    #[arg(long, global = true, env = "TICKETING_PAYMENTS_URL", value_name = "URL")]
    pub(super) payments_url: Option<String>,
    /// How long a request waits for one of them that is away, while it restarts [default: 2500ms]
    #[arg(long, global = true, env = "TICKETING_RESTART_WAIT", value_name = "SPAN")]
    pub(super) restart_wait: Option<String>,
    /// The public keys that verify access tokens, as a JSON Web Key Set [default: asked of accounts]
    #[arg(long, global = true, env = "TICKETING_JWKS", value_name = "JSON")]
    pub(super) jwks: Option<String>,
}
