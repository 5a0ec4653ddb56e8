//! Flags and environment → [`Config`], with every mistake told at once.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use ticketing_core::ports::identity::SessionLifetimes;

use super::services::names;
use super::{Config, HttpConfig, Limits, LogConfig, LogFormat, Outcome, Service, parse};
use crate::wiring::Keys;

const PREFIX: &str = "TICKETING_";

/// A marketplace for tickets: buy places, sell your own.
///
/// Without a command it serves every service in one process, in memory, with demo data.
#[derive(Debug, Default, Parser)]
#[command(name = "ticketing", version, max_term_width = 100, allow_negative_numbers = true)]
struct Settings {
    #[command(subcommand)]
    command: Option<Task>,
    /// Where to listen [default: 127.0.0.1:3000]
    #[arg(long, global = true, env = "TICKETING_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Begin with demo data [default: true where every service runs]
    #[arg(long, global = true, env = "TICKETING_DEMO", value_name = "BOOL")]
    demo: Option<String>,
    /// How long an order holds its places [default: 15m]
    #[arg(long, global = true, env = "TICKETING_HOLD", value_name = "SPAN")]
    hold: Option<String>,
    /// How long an access token is believed [default: 5m]
    #[arg(long, global = true, env = "TICKETING_ACCESS_LIFETIME", value_name = "SPAN")]
    access_lifetime: Option<String>,
    /// How long a session lasts that nobody refreshes [default: 30d]
    #[arg(long, global = true, env = "TICKETING_SESSION_LIFETIME", value_name = "SPAN")]
    session_lifetime: Option<String>,
    /// The Ed25519 key that signs access tokens: a PEM, or the seed in base64 [default: drawn at start]
    #[arg(long, global = true, env = "TICKETING_SIGNING_KEY", value_name = "KEY", hide_env_values = true)]
    signing_key: Option<String>,
    /// Where browsers find the site, with commas between; requests from elsewhere change nothing [default: any `Host`]
    #[arg(long, global = true, env = "TICKETING_PUBLIC_ORIGIN", value_name = "ORIGINS")]
    public_origin: Option<String>,
    /// Networks of proxies whose `X-Forwarded-*` headers are believed, with commas between [default: none]
    #[arg(long, global = true, env = "TICKETING_TRUSTED_PROXIES", value_name = "NETWORKS")]
    trusted_proxies: Option<String>,
    /// Sign-ins of one address: so many at once, and one more each span; or off [default: 300/200ms]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_IN_ADDRESS", value_name = "LIMIT")]
    limit_sign_in_address: Option<String>,
    /// Sign-ins to one account: so many at once, and one more each span; or off [default: 10/30s]
    #[arg(long, global = true, env = "TICKETING_LIMIT_SIGN_IN_ACCOUNT", value_name = "LIMIT")]
    limit_sign_in_account: Option<String>,
    /// Changes by one address: so many at once, and one more each span; or off [default: 100000/20us]
    #[arg(long, global = true, env = "TICKETING_LIMIT_WRITES", value_name = "LIMIT")]
    limit_writes: Option<String>,
    /// The most bytes of a request's body [default: 65536]
    #[arg(long, global = true, env = "TICKETING_BODY_LIMIT", value_name = "BYTES")]
    body_limit: Option<String>,
    /// The longest a request may take [default: 10s]
    #[arg(long, global = true, env = "TICKETING_REQUEST_TIMEOUT", value_name = "SPAN")]
    request_timeout: Option<String>,
    /// The most connections at a time [default: 8192]
    #[arg(long, global = true, env = "TICKETING_CONNECTIONS", value_name = "COUNT")]
    connections: Option<String>,
    /// The most listeners to live updates at a time [default: 1024]
    #[arg(long, global = true, env = "TICKETING_LIVE_LISTENERS", value_name = "COUNT")]
    live_listeners: Option<String>,
    /// What the log looks like: text or json [default: text]
    #[arg(long, global = true, env = "TICKETING_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<String>,
    /// Which targets tell how much, such as info or `ticketing_server=debug` [default: info]
    #[arg(long, global = true, env = "TICKETING_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How long requests under way may take once the process is told to stop [default: 10s]
    #[arg(long, global = true, env = "TICKETING_SHUTDOWN_GRACE", value_name = "SPAN")]
    shutdown_grace: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Serve some services, or all of them if none is named
    #[command(allow_negative_numbers = true)]
    Serve {
        /// accounts, tickets, orders, payments, expiration, web
        #[arg(value_name = "SERVICE")]
        services: Vec<String>,
    },
}

pub(super) fn load() -> Outcome {
    let mut mistakes = Mistakes::default();
    let settings = match Settings::try_parse() {
        Ok(settings) => settings,
        Err(answer) if !answer.use_stderr() => return answered(&answer, ExitCode::SUCCESS),
        Err(mistake) => {
            mistakes.0.push(first_sentence(&mistake));
            // What can be read is read all the same, so that its mistakes are told too.
            readable().unwrap_or_default()
        }
    };
    mistakes.find_unknown_variables(std::env::vars_os().map(|(name, _)| name));
    let config = mistakes.parse(&settings);
    if mistakes.0.is_empty() {
        return Outcome::Serve(Box::new(config));
    }
    mistakes.tell();
    Outcome::Answered(ExitCode::from(2))
}

fn readable() -> Result<Settings, clap::Error> {
    let matches = Settings::command().ignore_errors(true).try_get_matches()?;
    Settings::from_arg_matches(&matches)
}

fn answered(answer: &clap::Error, code: ExitCode) -> Outcome {
    // A closed standard output leaves nobody to tell.
    let told = answer.print();
    Outcome::Answered(if told.is_ok() { code } else { ExitCode::FAILURE })
}

fn first_sentence(mistake: &clap::Error) -> String {
    let text = mistake.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// What is wrong with the settings, one sentence each.
#[derive(Debug, Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn parse(&mut self, settings: &Settings) -> Config {
        let standard = Config::default();
        let services = self.services(settings.command.as_ref());
        let demo = self.parsed("demo", settings.demo.as_deref(), parse::switch);
        if demo == Some(true) && services.len() < Service::ALL.len() {
            self.0.push("--demo true: demo data needs every service".to_owned());
        }
        Config {
            listen: self
                .parsed("listen", settings.listen.as_deref(), |text| {
                    text.parse().map_err(|_| format!("{text:?} is no address and port such as 127.0.0.1:3000"))
                })
                .unwrap_or(standard.listen),
            demo: demo.unwrap_or(services.len() == Service::ALL.len()),
            services,
            hold_for: self.span("hold", settings.hold.as_deref(), MONTH).unwrap_or(standard.hold_for),
            sessions: self.lifetimes(settings),
            keys: self.parsed("signing-key", settings.signing_key.as_deref(), Keys::from_text),
            log: self.log(settings),
            shutdown_grace: self
                .span("shutdown-grace", settings.shutdown_grace.as_deref(), HOUR)
                .unwrap_or(standard.shutdown_grace),
            http: self.http(settings),
        }
    }

    fn services(&mut self, command: Option<&Task>) -> Vec<Service> {
        let Some(Task::Serve { services: texts }) = command else { return Service::ALL.to_vec() };
        let mut services = Vec::new();
        for text in texts {
            match text.parse() {
                Ok(service) => services.push(service),
                Err(mistake) => self.0.push(mistake),
            }
        }
        services.sort();
        services.dedup();
        if services.is_empty() {
            return Service::ALL.to_vec();
        }
        let missing = Service::missing(&services);
        if !missing.is_empty() {
            let (services, missing) = (names(&services), names(&missing));
            self.0.push(format!(
                "serve {services}: in memory, services share what they know only within one process, so {missing} must run here too"
            ));
        }
        services
    }

    fn lifetimes(&mut self, settings: &Settings) -> SessionLifetimes {
        let standard = SessionLifetimes::default();
        let access = self.span("access-lifetime", settings.access_lifetime.as_deref(), HOUR * 24);
        let idle = self.span("session-lifetime", settings.session_lifetime.as_deref(), MONTH * 12);
        let lifetimes = SessionLifetimes {
            access: access.unwrap_or(standard.access),
            idle: idle.unwrap_or(standard.idle),
            ..standard
        };
        if lifetimes.idle < lifetimes.access {
            self.0.push("--session-lifetime: a session must last at least as long as an access token".to_owned());
        }
        lifetimes
    }

    fn http(&mut self, settings: &Settings) -> HttpConfig {
        let standard = HttpConfig::default();
        HttpConfig {
            public_origins: self
                .parsed("public-origin", settings.public_origin.as_deref(), parse::list)
                .unwrap_or_default(),
            trusted_proxies: self
                .parsed("trusted-proxies", settings.trusted_proxies.as_deref(), parse::list)
                .unwrap_or_default(),
            body_limit: self
                .parsed("body-limit", settings.body_limit.as_deref(), parse::count(1024..=16 * 1024 * 1024))
                .unwrap_or(standard.body_limit),
            request_timeout: self
                .span("request-timeout", settings.request_timeout.as_deref(), HOUR)
                .unwrap_or(standard.request_timeout),
            live_listeners: self
                .parsed("live-listeners", settings.live_listeners.as_deref(), parse::count(0..=1_000_000))
                .unwrap_or(standard.live_listeners),
            connections: self
                .parsed("connections", settings.connections.as_deref(), parse::count(1..=1_000_000))
                .unwrap_or(standard.connections),
            limits: self.limits(settings),
        }
    }

    fn limits(&mut self, settings: &Settings) -> Limits {
        let standard = Limits::default();
        let address = self.parsed("limit-sign-in-address", settings.limit_sign_in_address.as_deref(), parse::quota);
        let account = self.parsed("limit-sign-in-account", settings.limit_sign_in_account.as_deref(), parse::quota);
        let writes = self.parsed("limit-writes", settings.limit_writes.as_deref(), parse::quota);
        Limits {
            sign_in_per_address: address.unwrap_or(standard.sign_in_per_address),
            sign_in_per_account: account.unwrap_or(standard.sign_in_per_account),
            writes_per_address: writes.unwrap_or(standard.writes_per_address),
        }
    }

    fn log(&mut self, settings: &Settings) -> LogConfig {
        let standard = LogConfig::default();
        let format = self.parsed("log-format", settings.log_format.as_deref(), |text| match text.trim() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("{text:?} is neither text nor json")),
        });
        let filter = self.parsed("log", settings.log.as_deref(), crate::telemetry::check_filter);
        LogConfig { format: format.unwrap_or(standard.format), filter: filter.unwrap_or(standard.filter) }
    }

    fn span(&mut self, flag: &str, text: Option<&str>, longest: Duration) -> Option<Duration> {
        self.parsed(flag, text, parse::span_up_to(longest))
    }

    /// Parses a setting that was given; a mistake is noted under its flag.
    fn parsed<T>(
        &mut self,
        flag: &str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(text?) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.0.push(format!("--{flag}: {mistake}"));
                None
            }
        }
    }

    fn find_unknown_variables(&mut self, variables: impl Iterator<Item = OsString>) {
        let command = Settings::command();
        let known: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_env).collect();
        let mut unknown: Vec<_> = variables
            .filter(|name| name.to_string_lossy().starts_with(PREFIX) && !known.contains(&name.as_os_str()))
            .map(|name| format!("{}: there is no such setting", name.to_string_lossy()))
            .collect();
        unknown.sort();
        self.0.append(&mut unknown);
    }

    #[expect(clippy::print_stderr, reason = "there is no log before the settings are known")]
    fn tell(&self) {
        eprintln!("ticketing cannot start, since its settings are wrong:");
        for mistake in &self.0 {
            eprintln!("  - {mistake}");
        }
        eprintln!("`ticketing --help` lists every setting.");
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(31 * 24 * 3600);
