//! Settings → [`Config`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use ticketing_core::domain::hold_limits::{HoldLimits, HoldPause};
use ticketing_core::ports::identity::SessionLifetimes;

use super::settings::{
    Command, Engine, EngineFlags, HoldFlags, LimitFlags, MailFlags, RemoteFlags, Sampler, Settings, StripeFlags,
    TraceFlags,
};
use super::values::{HOUR, Limit};
use crate::config::{
    BusSettings, Config, EngineSettings, HttpConfig, KafkaSettings, KafkaUserSettings, Limits, LogConfig, LogSettings,
    MailBy, MongoSettings, RedisSettings, Service, ServiceUrl, SmtpSettings, StripeSettings, TracesConfig,
};

impl Settings {
    /// All of them as plain values. Demo data and the sandbox are defaults only where nobody could mistake them for real.
    pub(super) fn config(&self) -> Config {
        let mut config = Config {
            listen: self.listen,
            admin_listen: self.admin_listen.unwrap_or_else(|| Config::operators_beside(self.listen)),
            services: self.services(),
            demo: false,
            payments: self.payments,
            stripe: self.stripe.settings(),
            mail: self.mail.mail,
            smtp: self.mail.smtp(self.engines.tls_ca.clone()),
            site_name: self.mail.site_name.clone(),
            hold_for: self.hold.into(),
            hold_limits: self.holds.limits(),
            replica_wait: self.replica_wait.into(),
            sessions: self.lifetimes(),
            signing_key: self.signing_key.clone(),
            signing_keys: self.signing_keys.clone(),
            jwks: self.remote.jwks.clone(),
            remote: self.remote.urls(),
            engines: self.engines.chosen(),
            http: self.http(),
            confirm_address: self.confirm_address,
            log: LogConfig { format: self.log_format, filter: self.log.clone() },
            traces: self.traces(),
            shutdown_grace: self.shutdown_grace.into(),
        };
        let is_private = config.is_private();
        config.demo = self.demo.unwrap_or(config.services.len() == Service::ALL.len() && is_private);
        config.payments = config.gateway();
        config.mail = config.mail.or(config.demo.then_some(MailBy::Outbox));
        config
    }

    fn services(&self) -> Vec<Service> {
        let mut services = match &self.command {
            Some(Command::Serve { services }) => services.clone(),
            _ => Vec::new(),
        };
        services.sort();
        services.dedup();
        if services.is_empty() { Service::ALL.to_vec() } else { services }
    }

    fn traces(&self) -> Option<TracesConfig> {
        let endpoint = self.traces.otlp_endpoint.clone()?;
        let service_name = self.traces.service_name.clone().unwrap_or_else(|| name_of(&self.services()));
        let messaging_system = match (self.engines.bus, &self.engines.data) {
            (Engine::Kafka, _) => "kafka",
            (Engine::Mongodb, _) => "mongodb",
            (_, Some(_)) => "sqlite",
            (_, None) => "memory",
        };
        Some(TracesConfig { endpoint, service_name, messaging_system })
    }

    fn lifetimes(&self) -> SessionLifetimes {
        let standard = SessionLifetimes::default();
        let (access, idle) = (self.access_lifetime.into(), self.session_lifetime.into());
        SessionLifetimes { access, idle, longest: standard.longest.max(idle), ..standard }
    }

    fn http(&self) -> HttpConfig {
        let (standard, http) = (HttpConfig::default(), &self.http);
        HttpConfig {
            public_origins: self.public_origin.clone().unwrap_or_default(),
            trusted_proxies: self.trusted_proxies.clone().unwrap_or_default(),
            body_limit: http.body_limit,
            request_timeout: http.request_timeout.into(),
            restart_wait: self.remote.restart_wait.into(),
            live_listeners: http.live_listeners,
            live_listeners_per_address: http.live_listeners_address,
            passwords_per_address: http.passwords_address.unwrap_or(standard.passwords_per_address),
            connections: http.connections,
            network_connections: http.connections_per_network,
            limits: self.limits.limits(),
            traced: self.traces.share(),
        }
    }
}

impl TraceFlags {
    /// Where nothing is exported, nothing is drawn.
    fn share(&self) -> f64 {
        match (&self.otlp_endpoint, self.traces_sampler) {
            (None, _) | (Some(_), Sampler::AlwaysOff) => 0.0,
            (Some(_), Sampler::AlwaysOn) => 1.0,
            (Some(_), Sampler::Share) => self.traces_sampler_arg,
        }
    }
}

/// `ticketing`, with the names of the services where not all run.
fn name_of(services: &[Service]) -> String {
    let names = services.iter().map(|service| service.name());
    let names = if services.len() == Service::ALL.len() { Vec::new() } else { names.collect() };
    ["ticketing"].into_iter().chain(names).collect::<Vec<_>>().join("-")
}

impl StripeFlags {
    fn settings(&self) -> Option<StripeSettings> {
        let (key, webhook_secrets) = (self.stripe_key.clone()?, self.stripe_webhook_secret.clone()?);
        Some(StripeSettings { key, webhook_secrets, url: self.stripe_url.clone() })
    }
}

impl MailFlags {
    fn smtp(&self, ca: Option<PathBuf>) -> Option<SmtpSettings> {
        let (url, from) = (self.smtp_url.clone()?, self.mail_from.clone()?);
        Some(SmtpSettings { url, from, ca })
    }
}

impl LimitFlags {
    const fn limits(&self) -> Limits {
        Limits {
            sign_in_per_address: self.limit_sign_in_address.0,
            sign_up_per_address: self.limit_sign_up_address.0,
            sign_in_per_account_and_address: self.limit_sign_in_account_address.0,
            sign_in_per_account: self.limit_sign_in_account.0,
            sign_in_of_known_browsers: self.limit_sign_in_known.0,
            letters_per_address: self.limit_letters_address.0,
            letters_per_account: self.limit_letters_account.0,
            writes_per_address: self.limit_writes.0,
            reads_per_address: self.limit_reads.0,
            payments_per_address: self.limit_payments_address.0,
            payments_per_account: self.limit_payments_account.0,
        }
    }
}

impl HoldFlags {
    fn limits(&self) -> HoldLimits {
        let Limit(unpaid) = self.limit_unpaid_orders;
        HoldLimits {
            places_of_ticket: self.limit_held_of_ticket.0,
            open_orders: self.limit_open_orders.0,
            places: self.limit_held_places.0,
            pause: unpaid.map(|unpaid| HoldPause { free: unpaid.burst, first: unpaid.per, within: HOUR }),
        }
    }
}

impl RemoteFlags {
    fn urls(&self) -> BTreeMap<Service, ServiceUrl> {
        let given = self.addresses().into_iter();
        given.filter_map(|(service, url)| Some((service, url.clone()?))).collect()
    }

    pub(super) const fn addresses(&self) -> [(Service, &Option<ServiceUrl>); 6] {
        [
            (Service::Accounts, &self.accounts_url),
            (Service::Tickets, &self.tickets_url),
            (Service::Orders, &self.orders_url),
            (Service::Payments, &self.payments_url),
            (Service::Admissions, &self.admissions_url),
            (Service::Notifications, &self.notifications_url),
        ]
    }
}

impl EngineFlags {
    fn chosen(&self) -> EngineSettings {
        EngineSettings {
            data: self.data.clone(),
            store: self.mongodb().filter(|_| self.store == Engine::Mongodb),
            bus: self.bus(),
            timers: self.redis().filter(|_| self.timers == Engine::Redis),
            sessions: self.redis().filter(|_| self.sessions == Engine::Redis),
            search_folder: self.search_folder(),
        }
    }

    /// Beside the file of `--data`, if this build keeps an index at all.
    fn search_folder(&self) -> Option<PathBuf> {
        let beside = self.data.as_ref().filter(|_| cfg!(feature = "tantivy")).map(|data| data.join("search"));
        self.search_folder.clone().or(beside)
    }

    fn mongodb(&self) -> Option<MongoSettings> {
        let (uri, ca) = (self.mongodb_uri.clone()?, self.tls_ca.clone());
        Some(MongoSettings { uri, database_prefix: self.database_prefix.clone(), ca })
    }

    fn bus(&self) -> Option<BusSettings> {
        match self.bus {
            Engine::Kafka => self.kafka().map(BusSettings::Kafka),
            Engine::Mongodb => Some(BusSettings::Mongodb(LogSettings { retention: self.topic_retention.0 })),
            Engine::Memory | Engine::Redis => None,
        }
    }

    fn kafka(&self) -> Option<KafkaSettings> {
        Some(KafkaSettings {
            brokers: self.kafka_brokers.clone()?,
            topic_prefix: self.topic_prefix.clone(),
            partitions: self.topic_partitions,
            replication: self.topic_replication,
            retention: self.topic_retention.0,
            tls: self.kafka_tls,
            ca: self.tls_ca.clone(),
            user: self.kafka_user(),
        })
    }

    fn kafka_user(&self) -> Option<KafkaUserSettings> {
        let (mechanism, password) = (self.kafka_sasl?, self.kafka_password.clone()?);
        Some(KafkaUserSettings { mechanism, name: self.kafka_user.as_ref()?.expose().to_owned(), password })
    }

    fn redis(&self) -> Option<RedisSettings> {
        let (url, ca) = (self.redis_url.clone()?, self.tls_ca.clone());
        Some(RedisSettings { url, prefix: self.redis_prefix.clone(), ca })
    }
}
