//! Flags and environment → [`Config`], with every mistake told at once.

mod engines;
mod flags;
mod holds;
mod processes;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser};

use ticketing_core::domain::payment::PAYABLE;
use ticketing_core::ports::identity::SessionLifetimes;
use ticketing_core::rebuild::Differing;

use super::{Config, HttpConfig, Limits, LogConfig, LogFormat, Outcome, Service, Task, parse};
use crate::say;
use crate::wiring::{Keys, PublicKeys};

use flags::{Command, Settings};

const PREFIX: &str = "TICKETING_";

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
    let (task, config) = mistakes.parse(&settings);
    if mistakes.0.is_empty() {
        return Outcome::Run(task, Box::new(config));
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
    fn parse(&mut self, settings: &Settings) -> (Task, Config) {
        let standard = Config::default();
        let (task, services) = self.task(settings.command.as_ref());
        let engines = self.engines(&settings.engines);
        let listen = self.parsed("listen", settings.listen.as_deref(), parse::address).unwrap_or(standard.listen);
        let admin_listen = self.parsed("admin-listen", settings.admin_listen.as_deref(), parse::address);
        let mut config = Config {
            listen,
            admin_listen: admin_listen.unwrap_or_else(|| Config::operators_beside(listen)),
            demo: false,
            payments: self.parsed("payments", settings.payments.as_deref(), parse::gateway),
            services,
            hold_for: self.span("hold", settings.hold.as_deref(), PAYABLE).unwrap_or(standard.hold_for),
            hold_limits: self.holds(&settings.holds),
            sessions: self.lifetimes(settings),
            keys: self.parsed("signing-key", settings.signing_key.as_deref(), Keys::from_text),
            public_keys: self.parsed("jwks", settings.elsewhere.jwks.as_deref(), PublicKeys::from_text),
            elsewhere: self.elsewhere(&settings.elsewhere),
            engines,
            log: self.log(settings),
            shutdown_grace: self
                .span("shutdown-grace", settings.shutdown_grace.as_deref(), HOUR)
                .unwrap_or(standard.shutdown_grace),
            http: self.http(settings),
        };
        self.choose_what_is_not_real(&mut config, settings);
        match &task {
            Task::Serve => self.check_processes(&config, settings),
            Task::Topics => self.check_topics(settings),
            Task::Audit(_) | Task::Parked(_) => self.check_databases(&config),
            Task::Replay(service, _) => self.check_replay(*service, &config),
        }
        (task, config)
    }

    /// Demo data and the sandbox go without saying only where nobody could mistake them for real.
    fn choose_what_is_not_real(&mut self, config: &mut Config, settings: &Settings) {
        let is_private = config.is_private();
        let demo = self.parsed("demo", settings.demo.as_deref(), parse::switch);
        config.demo = demo.unwrap_or(config.services.len() == Service::ALL.len() && is_private);
        config.payments = config.gateway();
    }

    fn task(&mut self, command: Option<&Command>) -> (Task, Vec<Service>) {
        match command {
            None => (Task::Serve, Service::ALL.to_vec()),
            Some(Command::Serve { services }) => (Task::Serve, self.services(services)),
            Some(command) => (self.operators_task(command), Service::ALL.to_vec()),
        }
    }

    fn operators_task(&mut self, command: &Command) -> Task {
        match command {
            Command::Serve { .. } => Task::Serve,
            Command::Topics => Task::Topics,
            Command::Audit { patience } => Task::Audit(self.span("patience", Some(patience), HOUR).unwrap_or_default()),
            Command::Parked { action } => Task::Parked(action.into()),
            Command::Replay { service, dry_run } => {
                let differing = if *dry_run { Differing::Tell } else { Differing::Replace };
                let service = service.parse().unwrap_or_else(|mistake| {
                    self.0.push(mistake);
                    Service::Tickets
                });
                Task::Replay(service, differing)
            }
        }
    }

    fn services(&mut self, texts: &[String]) -> Vec<Service> {
        let mut services = Vec::new();
        for text in texts {
            match text.parse() {
                Ok(service) => services.push(service),
                Err(mistake) => self.0.push(mistake),
            }
        }
        services.sort();
        services.dedup();
        if services.is_empty() { Service::ALL.to_vec() } else { services }
    }

    fn lifetimes(&mut self, settings: &Settings) -> SessionLifetimes {
        let standard = SessionLifetimes::default();
        let access = self.span("access-lifetime", settings.access_lifetime.as_deref(), HOUR * 24);
        let idle = self.span("session-lifetime", settings.session_lifetime.as_deref(), MONTH * 12);
        let idle = idle.unwrap_or(standard.idle);
        let lifetimes = SessionLifetimes {
            access: access.unwrap_or(standard.access),
            idle,
            longest: standard.longest.max(idle),
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
            restart_wait: self
                .span("restart-wait", settings.elsewhere.restart_wait.as_deref(), HOUR)
                .unwrap_or(standard.restart_wait),
            live_listeners: self
                .parsed("live-listeners", settings.live_listeners.as_deref(), parse::count(0..=1_000_000))
                .unwrap_or(standard.live_listeners),
            live_listeners_per_address: self
                .parsed(
                    "live-listeners-address",
                    settings.live_listeners_address.as_deref(),
                    parse::count(1..=1_000_000),
                )
                .unwrap_or(standard.live_listeners_per_address),
            passwords_per_address: self
                .parsed("passwords-address", settings.passwords_address.as_deref(), parse::count(1..=1_000_000))
                .unwrap_or(standard.passwords_per_address),
            connections: self
                .parsed("connections", settings.connections.as_deref(), parse::count(1..=1_000_000))
                .unwrap_or(standard.connections),
            network_connections: self.parsed(
                "connections-per-network",
                settings.connections_per_network.as_deref(),
                parse::count(1..=1_000_000),
            ),
            limits: self.limits(settings),
        }
    }

    fn limits(&mut self, settings: &Settings) -> Limits {
        let standard = Limits::default();
        let mut quota = |flag, text: &Option<String>, standard| {
            self.parsed(flag, text.as_deref(), parse::quota).unwrap_or(standard)
        };
        Limits {
            sign_in_per_address: quota(
                "limit-sign-in-address",
                &settings.limit_sign_in_address,
                standard.sign_in_per_address,
            ),
            sign_up_per_address: quota(
                "limit-sign-up-address",
                &settings.limit_sign_up_address,
                standard.sign_up_per_address,
            ),
            sign_in_per_account_and_address: quota(
                "limit-sign-in-account-address",
                &settings.limit_sign_in_account_address,
                standard.sign_in_per_account_and_address,
            ),
            sign_in_per_account: quota(
                "limit-sign-in-account",
                &settings.limit_sign_in_account,
                standard.sign_in_per_account,
            ),
            sign_in_of_known_browsers: quota(
                "limit-sign-in-known",
                &settings.limit_sign_in_known,
                standard.sign_in_of_known_browsers,
            ),
            writes_per_address: quota("limit-writes", &settings.limit_writes, standard.writes_per_address),
            reads_per_address: quota("limit-reads", &settings.limit_reads, standard.reads_per_address),
            payments_per_address: quota(
                "limit-payments-address",
                &settings.limit_payments_address,
                standard.payments_per_address,
            ),
            payments_per_account: quota(
                "limit-payments-account",
                &settings.limit_payments_account,
                standard.payments_per_account,
            ),
        }
    }

    fn log(&mut self, settings: &Settings) -> LogConfig {
        let standard = LogConfig::default();
        let format = self.parsed("log-format", settings.log_format.as_deref(), |text| match text.trim() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("{text:?} is neither text nor json")),
        });
        let filter = self.parsed("log", settings.log.as_deref(), super::log_filter::check_filter);
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

    fn tell(&self) {
        let mut text = "ticketing cannot start, since its settings are wrong:\n".to_owned();
        for mistake in &self.0 {
            text.push_str(&format!("  - {mistake}\n"));
        }
        say::aside(&(text + "`ticketing --help` lists every setting."));
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(31 * 24 * 3600);
