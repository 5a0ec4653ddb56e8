//! What contradicts itself among settings that are right one by one, and what is missing.

use ticketing_core::domain::buyer_action::ActionUrl;

use super::reading::Names;
use super::settings::{Command, Engine, EngineFlags, Replayed, Settings};
use super::values::word;
use crate::config::{Config, Gateway, MailBy, Secret, Service};

/// Finds mistakes that no setting shows by itself.
pub(super) struct Checks<'a> {
    pub(super) settings: &'a Settings,
    pub(super) config: &'a Config,
    /// What was set, right or wrong.
    pub(super) given: &'a Names,
    /// What was set and could not be read, so that nothing more is said about it.
    pub(super) wrong: &'a Names,
}

impl Checks<'_> {
    /// A sentence for each.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let of_command = match &self.settings.command {
            None | Some(Command::Serve { .. }) => self.serve(),
            Some(Command::Health) => Vec::new(),
            Some(Command::Topics) => vec![self.topics()],
            Some(Command::Audit { .. } | Command::Parked { .. }) => vec![self.kept()],
            Some(Command::Replay { of: Replayed::Search, dry_run, from_databases }) => {
                vec![replay_search(*dry_run || *from_databases)]
            }
            Some(Command::Replay { of: Replayed::Service(service), from_databases, .. }) => {
                self.replay(*service, *from_databases)
            }
            Some(Command::Backup { .. }) => vec![self.file("backup")],
            Some(Command::Move { take_back: true, .. }) => vec![self.file("move")],
            Some(Command::Move { take_back: false, .. }) => self.moving(),
            Some(Command::Keys { .. }) => vec![self.key_file()],
        };
        self.engines().into_iter().chain([self.sessions()]).chain(of_command).flatten().collect()
    }

    fn sessions(&self) -> Option<String> {
        let is_short = self.config.sessions.idle < self.config.sessions.access;
        is_short.then(|| "--session-lifetime: a session must last at least as long as an access token".to_owned())
    }

    fn topics(&self) -> Option<String> {
        let lacks = self.engines_are().bus != Engine::Kafka;
        lacks.then(|| "topics: only Kafka has topics: choose --bus kafka".to_owned())
    }

    fn key_file(&self) -> Option<String> {
        let lacks = !self.has("signing_keys") && !self.has("data");
        lacks.then(|| "keys: needs --signing-keys, the file that keeps them, or --data, where they lie".to_owned())
    }

    fn file(&self, command: &str) -> Option<String> {
        (!self.has("data")).then(|| format!("{command}: needs --data, the directory of the file"))
    }

    /// What is under way in the file is handled as if it were served.
    fn moving(&self) -> Vec<Option<String>> {
        let lacks = self.engines_are().store != Engine::Mongodb && !self.wrong.contains("store");
        let store = lacks.then(|| "move: a file is moved to databases: choose --store mongodb".to_owned());
        let not_built = (!cfg!(all(feature = "mongodb", feature = "sqlite")))
            .then(|| "move: this build lacks an engine: build with --features mongodb,sqlite".to_owned());
        let mut found = vec![self.file("move"), store, not_built, self.gateway()];
        found.extend(self.stripe());
        found.extend(self.mail());
        found
    }

    /// Something that outlives its process.
    fn kept(&self) -> Option<String> {
        let lacks = self.engines_are().store != Engine::Mongodb && !self.has("data");
        lacks.then(|| {
            "there is nothing to read in memory from another process: choose --store mongodb or --data".to_owned()
        })
    }

    fn databases(&self) -> Option<String> {
        let lacks = self.engines_are().store != Engine::Mongodb;
        lacks.then(|| "replay: what a service knows of others is rebuilt with --store mongodb alone".to_owned())
    }

    fn replay(&self, service: Service, from_databases: bool) -> Vec<Option<String>> {
        let engines = self.engines_are();
        let name = service.name();
        let replicas = match service {
            Service::Accounts | Service::Web => Some(format!("replay {name}: it keeps nothing of other services")),
            Service::Expiration => (engines.timers != Engine::Redis).then(|| {
                "replay expiration: timers in memory are lost with their process: choose --timers redis".to_owned()
            }),
            Service::Tickets | Service::Orders | Service::Payments | Service::Admissions | Service::Notifications => {
                self.databases()
            }
        };
        let source = if from_databases {
            self.databases()
        } else {
            (engines.bus == Engine::Memory).then(|| {
                "replay: only Kafka and MongoDB keep what was published: choose --bus kafka or --bus mongodb".to_owned()
            })
        };
        vec![replicas, source]
    }

    fn serve(&self) -> Vec<Option<String>> {
        let is_whole = Service::others(&self.config.services).is_empty();
        let mut found = if is_whole { self.durability() } else { self.part() };
        if self.runs(Service::Web) {
            found.extend(self.addresses());
        }
        if self.runs(Service::Accounts) {
            let is_double = self.has("signing_key") && self.has("signing_keys");
            found.extend([
                self.has("jwks").then(|| "--jwks: accounts runs here and knows its own keys".to_owned()),
                is_double.then(|| "--signing-key: has no use beside --signing-keys".to_owned()),
            ]);
        }
        found.extend([self.gateway(), self.listeners()]);
        found.extend(self.stripe());
        found.extend(self.mail());
        found
    }

    fn mail(&self) -> Vec<Option<String>> {
        const CHOICE: &str = "--mail smtp, where notifications runs";
        let runs = self.runs(Service::Notifications);
        let is_chosen = self.config.mail == Some(MailBy::Smtp) && runs;
        let mut found = self.uses(CHOICE, is_chosen, &["smtp_url", "mail_from"]);
        if is_chosen {
            let lacks = |name: &str| (!self.has(name)).then(|| format!("{CHOICE}: needs {}", flag(name)));
            let build = "--mail smtp: this build sends no mail: build with --features smtp".to_owned();
            found.extend(["mail_from", "public_origin"].map(lacks));
            found.push((!cfg!(feature = "smtp")).then_some(build));
        }
        let is_alone = runs && self.config.services.len() == 1 && !self.has("mail");
        let lacks_accounts = is_chosen && !self.runs(Service::Accounts) && !self.has("accounts_url");
        found.push(lacks_accounts.then(|| {
            "serve notifications: needs --accounts-url, since accounts knows the addresses and does not run here"
                .to_owned()
        }));
        found.push(is_alone.then(|| "serve notifications: needs --mail, or it would write to nobody".to_owned()));
        let lost = self.config.mail == Some(MailBy::Outbox) && !self.config.is_private() && self.has("mail");
        found.push(lost.then(|| {
            "--mail outbox: shows everybody's mail at /dev/mail, so it needs everything in memory, on loopback, \
             without --public-origin and --trusted-proxies"
                .to_owned()
        }));
        found
    }

    /// A set of engines is as durable as its weakest.
    fn durability(&self) -> Vec<Option<String>> {
        let EngineFlags { store, bus, .. } = self.engines_are();
        let (keeps_state, keeps_events) = (*store == Engine::Mongodb, *bus != Engine::Memory);
        let lacks_bus = (keeps_state && !keeps_events).then(|| {
            "--store mongodb: needs --bus kafka or --bus mongodb, since events in flight in memory are lost with the \
             process"
                .to_owned()
        });
        let lacks_store = (keeps_events && !keeps_state).then(|| {
            format!(
                "--bus {}: needs --store mongodb, since events that were handled do not come again, and state in \
                 memory is lost with the process",
                word(bus)
            )
        });
        vec![lacks_bus, lacks_store]
    }

    /// What a process needs that runs only some of the services.
    fn part(&self) -> Vec<Option<String>> {
        let demo = self.config.demo.then(|| "--demo true: demo data needs every service".to_owned());
        let mut keys = self.keys_to_sign_with();
        if !self.runs(Service::Accounts) {
            keys.extend(self.keys_of_others());
        }
        [demo, self.shared_memory()].into_iter().chain(keys).collect()
    }

    /// What signs in two processes needs the same keys in both.
    fn keys_to_sign_with(&self) -> Vec<Option<String>> {
        let lacks_key = !self.has("signing_key") && !self.has("signing_keys");
        let signs = self.config.services.iter().copied().find(|service| service.signs() && self.sends(*service));
        let sentence = |service: Service| {
            format!(
                "serve {}: needs --signing-keys or --signing-key, since every process would generate a key of its own",
                service.name()
            )
        };
        vec![signs.filter(|_| lacks_key).map(sentence)]
    }

    /// Whether a service does anything: notifications does not where nothing sends mail.
    fn sends(&self, service: Service) -> bool {
        service != Service::Notifications || self.config.mail.is_some()
    }

    fn shared_memory(&self) -> Option<String> {
        let engines = self.engines_are();
        if engines.data.is_some() {
            let (here, others) = (self.here(), names(&Service::others(&self.config.services)));
            return Some(format!("serve {here}: --data is for one process: let {others} run here too"));
        }
        let in_memory = |name, engine| engine == Engine::Memory && !self.wrong.contains(name);
        let keeps_state = self.config.services.iter().any(|service| *service != Service::Web);
        let sessions = in_memory("sessions", engines.sessions);
        let lacks = [
            (in_memory("store", engines.store) && keeps_state, "--store mongodb"),
            (in_memory("bus", engines.bus) && keeps_state, "--bus kafka (or mongodb)"),
            // The front door keeps no sessions, but the ticket feed is where they are.
            (sessions && (self.has_api() || self.runs(Service::Web)), "--sessions redis"),
        ];
        let lacks: Vec<_> = lacks.into_iter().filter_map(|(is_lacking, choice)| is_lacking.then_some(choice)).collect();
        let (here, others) = (self.here(), names(&Service::others(&self.config.services)));
        (!lacks.is_empty()).then(|| {
            format!(
                "serve {here}: in memory, services share data only within one process: choose {}, or let {others} \
                 run here too",
                lacks.join(" and ")
            )
        })
    }

    fn keys_of_others(&self) -> Vec<Option<String>> {
        let secret = |name: &str| {
            let is_idle = self.has(name) && !self.config.services.iter().copied().any(Service::signs);
            is_idle.then(|| {
                format!("{}: is a secret of accounts, admissions and notifications, which do not run here", flag(name))
            })
        };
        let lacks_keys = self.has_api() && !self.has("jwks") && !self.has("accounts_url");
        let here = self.here();
        vec![
            secret("signing_key"),
            secret("signing_keys"),
            lacks_keys.then(|| format!("serve {here}: needs --accounts-url or --jwks, to verify access tokens")),
        ]
    }

    /// The front door needs to know where every other part of the API is, and only once.
    fn addresses(&self) -> Vec<Option<String>> {
        let addresses = self.settings.remote.addresses().into_iter();
        let check = |(service, _): (Service, _)| {
            let name = service.name();
            match (self.runs(service), self.has(&format!("{name}_url"))) {
                (true, true) => Some(format!("--{name}-url: {name} runs here")),
                // Passes are new: the front door of a marketplace of the release before starts without them.
                // Notifications runs only where something sends mail.
                (false, false) if matches!(service, Service::Admissions | Service::Notifications) => None,
                (false, false) => Some(format!("serve web: needs --{name}-url, since {name} does not run here")),
                (true, false) | (false, true) => None,
            }
        };
        addresses.map(check).collect()
    }

    /// A shop that takes orders of people has to know that no money comes in.
    fn gateway(&self) -> Option<String> {
        let lacks = self.config.check_gateway().is_err() && !self.has("payments");
        lacks.then(|| {
            format!(
                "serve {}: on real engines, on a public address, behind --trusted-proxies or with --public-origin \
                 nothing takes money by itself: choose --payments sandbox if none is to be taken, and every page will \
                 say so, or --payments stripe",
                self.here()
            )
        })
    }

    /// Only the payments service calls Stripe.
    fn stripe(&self) -> Vec<Option<String>> {
        const CHOICE: &str = "--payments stripe, where payments runs";
        let is_chosen = self.config.payments == Some(Gateway::Stripe) && self.runs(Service::Payments);
        let mut found = self.uses(CHOICE, is_chosen, &["stripe_key", "stripe_webhook_secret", "stripe_url"]);
        if !is_chosen {
            return found;
        }
        let needs = ["stripe_webhook_secret", "public_origin"].into_iter().filter(|name| !self.has(name));
        found.extend(needs.map(|name| Some(format!("{CHOICE}: needs {}", flag(name)))));
        let build = "--payments stripe: this build has no Stripe: build with --features stripe".to_owned();
        let demo = "--demo true: demo orders are paid with test cards of --payments sandbox".to_owned();
        found.extend([(!cfg!(feature = "stripe")).then_some(build), self.config.demo.then_some(demo)]);
        found.extend([self.unsafe_return(), self.forgotten_money()]);
        found
    }

    fn unsafe_return(&self) -> Option<String> {
        let origin = self.config.http.public_origins.first()?;
        let is_unsafe = ActionUrl::parse(origin.as_str()).is_err();
        is_unsafe.then(|| {
            "--public-origin: the first one must be https, or http on loopback: Stripe sends buyers back to it"
                .to_owned()
        })
    }

    /// A restart must not lose payments of real money.
    fn forgotten_money(&self) -> Option<String> {
        let key = self.settings.stripe.stripe_key.as_ref()?;
        let is_live = ["sk_live_", "rk_live_"].iter().any(|kind| key.expose().starts_with(kind));
        let is_kept = self.has("data") || self.engines_are().store != Engine::Memory;
        (is_live && !is_kept && !self.wrong.contains("store")).then(|| {
            "--stripe-key: a live key needs --store mongodb or --data, since payments in memory are lost with the process"
                .to_owned()
        })
    }

    fn listeners(&self) -> Option<String> {
        let (public, admin) = (self.config.listen, self.config.admin_listen);
        let is_same_host = public.ip() == admin.ip() || public.ip().is_unspecified() || admin.ip().is_unspecified();
        let is_taken = public.port() != 0 && public.port() == admin.port() && is_same_host;
        is_taken.then(|| "--admin-listen: the public is served at this address: choose another port".to_owned())
    }

    fn engines(&self) -> Vec<Option<String>> {
        let EngineFlags { store, bus, timers, sessions, .. } = self.engines_are();
        let kafka = [
            "kafka_brokers",
            "topic_prefix",
            "topic_partitions",
            "topic_replication",
            "kafka_tls",
            "kafka_sasl",
            "kafka_user",
            "kafka_password",
        ];
        let redis = [*timers, *sessions].contains(&Engine::Redis);
        let uses = [
            self.uses("--store mongodb", *store == Engine::Mongodb, &["mongodb_uri", "database_prefix"]),
            self.uses("--bus kafka", *bus == Engine::Kafka, &kafka),
            vec![self.retention()],
            self.uses("--timers redis or --sessions redis", redis, &["redis_url", "redis_prefix"]),
        ];
        let chosen = [("store", *store), ("bus", *bus), ("timers", *timers), ("sessions", *sessions)];
        let built = chosen.into_iter().map(|(name, engine)| not_built(name, engine));
        built
            .chain(self.data())
            .chain(self.search_folder())
            .chain(uses.into_iter().flatten())
            .chain([self.kafka_user(), self.authorities(), self.traces()])
            .chain(self.tls())
            .collect()
    }

    /// One file keeps everything, or nothing.
    fn data(&self) -> [Option<String>; 2] {
        let EngineFlags { store, bus, timers, sessions, .. } = self.engines_are();
        let is_given = self.has("data");
        let is_alone = [store, bus, timers, sessions].iter().all(|engine| **engine == Engine::Memory);
        let is_moved = matches!(self.settings.command, Some(Command::Move { .. }));
        let beside = "--data: one file keeps everything: leave out --store, --bus, --timers and --sessions";
        let not_built = "--data: this build has no SQLite: build with --features sqlite";
        [(!is_alone && !is_moved, beside), (!cfg!(feature = "sqlite"), not_built)]
            .map(|(is_wrong, sentence)| (is_given && is_wrong).then(|| sentence.to_owned()))
    }

    /// An engine needs its address, the first of its settings; without the engine none of them has a use.
    /// An index outlives its process only beside what it is an index of.
    fn search_folder(&self) -> [Option<String>; 2] {
        let is_kept = self.has("data") || self.engines_are().store != Engine::Memory || self.wrong.contains("store");
        let forgotten =
            "--search-folder: tickets in memory are lost with the process: choose --store mongodb or --data";
        let not_built = "--search-folder: this build has no Tantivy: build with --features tantivy";
        [(!is_kept, forgotten), (!cfg!(feature = "tantivy"), not_built)]
            .map(|(is_wrong, sentence)| (self.has("search_folder") && is_wrong).then(|| sentence.to_owned()))
    }

    fn uses(&self, choice: &str, is_chosen: bool, settings: &[&str]) -> Vec<Option<String>> {
        if is_chosen {
            let address = settings.first().filter(|address| !self.has(address));
            return vec![address.map(|address| format!("{choice}: needs {}", flag(address)))];
        }
        let idle = settings.iter().filter(|setting| self.has(setting));
        idle.map(|setting| Some(format!("{}: has no use without {choice}", flag(setting)))).collect()
    }

    fn retention(&self) -> Option<String> {
        let is_idle = self.has("topic_retention") && self.engines_are().bus == Engine::Memory;
        is_idle.then(|| "--topic-retention: has no use without --bus kafka or --bus mongodb".to_owned())
    }

    fn kafka_user(&self) -> Option<String> {
        let given = ["kafka_sasl", "kafka_user", "kafka_password"].map(|name| self.has(name));
        let is_partial = given.contains(&true) && given.contains(&false);
        is_partial.then(|| "--kafka-sasl, --kafka-user, --kafka-password: set all three or none".to_owned())
    }

    fn traces(&self) -> Option<String> {
        let lacks = self.config.traces.is_some() && !cfg!(feature = "otlp");
        lacks.then(|| "--otlp-endpoint: this build exports no traces: build with --features otlp".to_owned())
    }

    /// Authorities have a use only where an engine is reached over TLS.
    fn authorities(&self) -> Option<String> {
        let engines = self.engines_are();
        let is = |address: &Option<Secret>, over_tls: fn(&str) -> bool| {
            address.as_ref().is_some_and(|address| over_tls(address.expose()))
        };
        let uses_tls =
            is(&engines.mongodb_uri, asks_for_tls) || is(&engines.redis_url, is_over_tls) || engines.kafka_tls;
        let is_unclear = ["mongodb_uri", "redis_url", "kafka_tls"].iter().any(|name| self.wrong.contains(*name));
        let is_idle = engines.tls_ca.is_some() && !uses_tls && !is_unclear;
        is_idle.then(|| "--tls-ca: has no use if no engine is reached over TLS".to_owned())
    }

    /// What a build without TLS cannot do is said before anything is connected to.
    fn tls(&self) -> [Option<String>; 3] {
        let engines = self.engines_are();
        let redis = engines.redis_url.as_ref().is_some_and(|url| is_over_tls(url.expose()));
        let asked =
            [("redis_url", redis), ("kafka_tls", engines.kafka_tls), ("kafka_sasl", engines.kafka_sasl.is_some())];
        asked.map(|(name, is_asked)| {
            let lacks = is_asked && !cfg!(feature = "tls");
            lacks.then(|| format!("{}: this build has no TLS: build with --features tls", flag(name)))
        })
    }

    fn has(&self, setting: &str) -> bool {
        self.given.contains(setting)
    }

    fn runs(&self, service: Service) -> bool {
        self.config.services.contains(&service)
    }

    fn has_api(&self) -> bool {
        self.config.services.iter().copied().any(Service::has_api)
    }

    fn here(&self) -> String {
        names(&self.config.services)
    }

    const fn engines_are(&self) -> &EngineFlags {
        &self.settings.engines
    }
}

/// The process that is asked knows where its index comes from.
fn replay_search(has_options: bool) -> Option<String> {
    has_options.then(|| {
        "replay search: takes neither --dry-run nor --from-databases: it is rebuilt from what tickets holds".to_owned()
    })
}

fn not_built(setting: &str, engine: Engine) -> Option<String> {
    let (engine_name, is_built) = match engine {
        Engine::Memory => return None,
        Engine::Mongodb => ("MongoDB", cfg!(feature = "mongodb")),
        Engine::Kafka => ("Kafka", cfg!(feature = "kafka")),
        Engine::Redis => ("Redis", cfg!(feature = "redis")),
    };
    let word = word(&engine);
    (!is_built).then(|| format!("--{setting} {word}: this build has no {engine_name}: build with --features {word}"))
}

fn flag(setting: &str) -> String {
    format!("--{}", setting.replace('_', "-"))
}

fn names(services: &[Service]) -> String {
    services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ")
}

fn is_over_tls(redis_url: &str) -> bool {
    redis_url.starts_with("rediss://")
}

/// Whether a connection string of `MongoDB` asks for TLS. One that is looked up in the DNS does so by itself.
fn asks_for_tls(uri: &str) -> bool {
    let uri = uri.to_ascii_lowercase();
    let options = uri.split_once('?').map_or("", |(_, options)| options);
    uri.starts_with("mongodb+srv://") || options.split('&').any(|option| matches!(option, "tls=true" | "ssl=true"))
}
