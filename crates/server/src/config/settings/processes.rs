//! What one process needs that others run beside it.

use std::collections::BTreeMap;

use super::Mistakes;
use super::flags::{ElsewhereFlags, Settings};
use crate::config::services::names;
use crate::config::{Config, Service, ServiceUrl};

impl Mistakes {
    pub(super) fn elsewhere(&mut self, flags: &ElsewhereFlags) -> BTreeMap<Service, ServiceUrl> {
        let given = addresses(flags).into_iter();
        let parsed = given.filter_map(|(service, text)| {
            let url = self.parsed(&url_flag(service), text, str::parse)?;
            Some((service, url))
        });
        parsed.collect()
    }

    /// Finds what contradicts itself in a process that serves.
    pub(super) fn check_processes(&mut self, config: &Config, settings: &Settings) {
        if Service::others(&config.services).is_empty() {
            self.check_durability(settings);
            self.check_keys_of_accounts(settings);
        } else {
            self.check_part(config, settings);
        }
        if config.services.contains(&Service::Web) {
            self.check_addresses(&config.services, &settings.elsewhere);
        }
        self.check_gateway(config, settings);
        self.check_listeners(config);
    }

    /// Whoever takes orders of people has to know that no money comes in.
    fn check_gateway(&mut self, config: &Config, settings: &Settings) {
        if config.check_gateway().is_err() && settings.payments.is_none() {
            let here = names(&config.services);
            self.0.push(format!(
                "serve {here}: on real engines, on a public address, behind --trusted-proxies or with --public-origin \
                 nothing takes money by itself: choose --payments sandbox if none is to be taken, and every page will \
                 say so"
            ));
        }
    }

    fn check_listeners(&mut self, config: &Config) {
        let (public, admin) = (config.listen, config.admin_listen);
        let is_same_host = public.ip() == admin.ip() || public.ip().is_unspecified() || admin.ip().is_unspecified();
        if public.port() != 0 && public.port() == admin.port() && is_same_host {
            self.0.push("--admin-listen: is where the public is answered: choose another port".to_owned());
        }
    }

    /// Finds what `topics` lacks.
    pub(super) fn check_topics(&mut self, settings: &Settings) {
        if settings.engines.bus.as_deref().is_none_or(|bus| bus.trim() != "kafka") {
            self.0.push("topics: only Kafka has topics: choose --bus kafka".to_owned());
        }
    }

    /// Finds what a look at the databases lacks.
    pub(super) fn check_databases(&mut self, config: &Config) {
        if config.engines.store.is_none() {
            self.0.push("in memory there is nothing to look at from outside: choose --store mongodb".to_owned());
        }
    }

    /// Finds what `replay` lacks.
    pub(super) fn check_replay(&mut self, service: Service, config: &Config) {
        match service {
            Service::Accounts | Service::Web => {
                self.0.push(format!("replay {}: it keeps nothing of other services", service.name()));
            }
            Service::Expiration if config.engines.timers.is_none() => {
                self.0.push(
                    "replay expiration: timers in memory go with their process: choose --timers redis".to_owned(),
                );
            }
            Service::Expiration => {}
            Service::Tickets | Service::Orders | Service::Payments => self.check_databases(config),
        }
        if config.engines.bus.is_none() {
            self.0.push("replay: only Kafka keeps what was published: choose --bus kafka".to_owned());
        }
    }

    fn check_part(&mut self, config: &Config, settings: &Settings) {
        if config.demo {
            self.0.push("--demo true: demo data needs every service".to_owned());
        }
        self.check_memory(config, settings);
        if config.services.contains(&Service::Accounts) {
            if settings.signing_key.is_none() {
                let mistake =
                    "serve accounts: needs --signing-key, since a key drawn at start is another in every process";
                self.0.push(mistake.to_owned());
            }
            self.check_keys_of_accounts(settings);
        } else {
            self.check_keys_of_others(&config.services, settings);
        }
    }

    /// A set of engines is as durable as its weakest.
    fn check_durability(&mut self, settings: &Settings) {
        let is = |choice: &Option<String>, engine| choice.as_deref().is_some_and(|choice| choice.trim() == engine);
        let (store, bus) = (is(&settings.engines.store, "mongodb"), is(&settings.engines.bus, "kafka"));
        if store && !bus {
            let mistake =
                "--store mongodb: needs --bus kafka, since events on their way in memory are lost with the process";
            self.0.push(mistake.to_owned());
        }
        if bus && !store {
            let mistake = "--bus kafka: needs --store mongodb, since what was followed is not told again, and state in memory is lost with the process";
            self.0.push(mistake.to_owned());
        }
    }

    fn check_memory(&mut self, config: &Config, settings: &Settings) {
        let engines = &settings.engines;
        let in_memory = |choice: &Option<String>| choice.as_deref().is_none_or(|choice| choice.trim() == "memory");
        let any = |needs: fn(Service) -> bool| config.services.iter().any(|service| needs(*service));
        let keeps_state = |service| service != Service::Web;
        let lacks = [
            (in_memory(&engines.store) && any(keeps_state), "--store mongodb"),
            // The front door hears of tickets through Redis, where sessions are there.
            (in_memory(&engines.bus) && (any(keeps_state) || in_memory(&engines.sessions)), "--bus kafka"),
            (in_memory(&engines.sessions) && any(Service::has_api), "--sessions redis"),
        ];
        let lacks: Vec<_> = lacks.into_iter().filter_map(|(is_lacking, choice)| is_lacking.then_some(choice)).collect();
        if lacks.is_empty() {
            return;
        }
        let (here, others) = (names(&config.services), names(&Service::others(&config.services)));
        self.0.push(format!(
            "serve {here}: in memory, services share what they know only within one process: choose {}, or let {others} run here too",
            lacks.join(" and ")
        ));
    }

    fn check_keys_of_accounts(&mut self, settings: &Settings) {
        if settings.elsewhere.jwks.is_some() {
            self.0.push("--jwks: accounts runs here and knows its own keys".to_owned());
        }
    }

    fn check_keys_of_others(&mut self, services: &[Service], settings: &Settings) {
        if settings.signing_key.is_some() {
            self.0.push("--signing-key: is a secret of accounts, which does not run here".to_owned());
        }
        let verifies = services.iter().copied().any(Service::has_api);
        if verifies && settings.elsewhere.jwks.is_none() && settings.elsewhere.accounts_url.is_none() {
            let here = names(services);
            self.0.push(format!("serve {here}: needs --accounts-url or --jwks, to verify access tokens"));
        }
    }

    /// The front door needs to know where every other part of the API is, and only once.
    fn check_addresses(&mut self, services: &[Service], flags: &ElsewhereFlags) {
        for (service, text) in addresses(flags) {
            let (name, flag) = (service.name(), url_flag(service));
            match (services.contains(&service), text) {
                (true, Some(_)) => self.0.push(format!("--{flag}: {name} runs here")),
                (false, None) => self.0.push(format!("serve web: needs --{flag}, since {name} does not run here")),
                (true, None) | (false, Some(_)) => {}
            }
        }
    }
}

fn addresses(flags: &ElsewhereFlags) -> [(Service, Option<&str>); 4] {
    [
        (Service::Accounts, flags.accounts_url.as_deref()),
        (Service::Tickets, flags.tickets_url.as_deref()),
        (Service::Orders, flags.orders_url.as_deref()),
        (Service::Payments, flags.payments_url.as_deref()),
    ]
}

fn url_flag(service: Service) -> String {
    format!("{}-url", service.name())
}
