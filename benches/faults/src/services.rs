//! The processes of the marketplace: one for each service and a second one of orders, or one for all.

mod process;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;

use crate::Error;
use crate::backend::{Backend, MarketFile};
use crate::engines::Addresses;
use crate::name::{Name, Variables};
use crate::settings::Settings;

pub(crate) use process::Process;
use process::{Doors, Program};

/// All processes, which end with this value.
#[derive(Debug)]
pub(crate) struct Fleet {
    processes: Vec<Process>,
    binary: PathBuf,
    shared: Variables,
}

/// The beginning of the names of databases, topics and keys; the engines are ours alone.
pub(crate) const PREFIX: &str = "faults";

impl Fleet {
    /// Starts every process.
    pub(crate) fn start(settings: &Settings, backend: &Backend, postbox: u16, logs: &Path) -> Result<Self, Error> {
        match backend {
            Backend::Engines(cluster) => Self::start_each(settings, &cluster.engines.addresses, postbox, logs),
            Backend::File(file) => Self::start_one(settings, file, postbox, logs),
        }
    }

    /// One process for all services.
    fn start_one(settings: &Settings, file: &MarketFile, postbox: u16, logs: &Path) -> Result<Self, Error> {
        let name = Name::Marketplace;
        let [address, admin] = addresses().map_err(Error::Program)?;
        let mut shared = common(settings);
        shared.push(("TICKETING_DATA", file.directory.display().to_string()));
        let mut variables = [shared.clone(), mail(postbox), file.noted()].concat();
        variables.push(("TICKETING_DEMO", "false".to_owned()));
        variables.extend([("TICKETING_LISTEN", address.clone()), ("TICKETING_ADMIN_LISTEN", admin.clone())]);
        let binary = settings.binary().map_err(Error::Program)?;
        let program = Program { binary: binary.clone(), service: name.service(), variables };
        let log = logs.join(format!("{}.log", name.text()));
        let process = Process::start(name, program, Doors { address, admin }, log)?;
        Ok(Self { processes: vec![process], binary, shared })
    }

    /// A process for each service; where the engines are, the settings of one are the settings of all.
    fn start_each(settings: &Settings, engines: &Addresses, postbox: u16, logs: &Path) -> Result<Self, Error> {
        let binary = settings.binary().map_err(Error::Program)?;
        let shared = [on_engines(settings, engines), common(settings)].concat();
        let ports = free_ports(2 * Name::ALL.len()).map_err(Error::Program)?;
        let (ports, admin_ports) = ports.split_at(Name::ALL.len());
        let addresses: Vec<_> =
            Name::ALL.into_iter().zip(ports.iter().map(|port| format!("127.0.0.1:{port}"))).collect();
        let urls: Variables =
            addresses.iter().filter_map(|(name, address)| Some((name.url()?, format!("http://{address}")))).collect();
        let key = [("TICKETING_SIGNING_KEY", STANDARD.encode(rand::random::<[u8; 32]>()))];
        let mut fleet = Self { processes: Vec::new(), binary, shared };
        for ((name, address), admin_port) in addresses.into_iter().zip(admin_ports) {
            let mut variables = fleet.shared.clone();
            let admin = format!("127.0.0.1:{admin_port}");
            variables.extend([("TICKETING_LISTEN", address.clone()), ("TICKETING_ADMIN_LISTEN", admin.clone())]);
            match name {
                Name::Accounts => variables.extend(key.clone()),
                Name::Web => variables.extend(urls.clone()),
                Name::Tickets | Name::Orders | Name::SecondOrders | Name::Payments => {
                    variables.extend(urls.first().cloned());
                }
                Name::Admissions => {
                    variables.extend(urls.first().cloned());
                    variables.extend(key.clone());
                }
                Name::Notifications => {
                    variables.extend(urls.first().cloned());
                    variables.extend(key.clone());
                    variables.extend(mail(postbox));
                }
                Name::Expiration | Name::Marketplace => {}
            }
            let log = logs.join(format!("{}.log", name.text()));
            let program = Program { binary: fleet.binary.clone(), service: name.service(), variables };
            fleet.processes.push(Process::start(name, program, Doors { address, admin }, log)?);
        }
        Ok(fleet)
    }

    /// One of them.
    pub(crate) fn process(&mut self, name: Name) -> Option<&mut Process> {
        self.processes.iter_mut().find(|process| process.name == name)
    }

    /// All of them.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Process> {
        self.processes.iter_mut()
    }

    /// Where one of them answers, or the one that has all services.
    pub(crate) fn url(&self, name: Name) -> String {
        let is_it = |process: &&Process| process.name == name || process.name == Name::Marketplace;
        let found = self.processes.iter().find(is_it);
        found.map(|process| format!("http://{}", process.address)).unwrap_or_default()
    }

    /// A command of the same program with the same settings of engines.
    pub(crate) fn command(&self, word: &str) -> tokio::process::Command {
        let mut command = process::bare(&self.binary, &self.shared);
        command.arg(word).envs([MAIL]);
        command
    }
}

/// People are written to.
const MAIL: (&str, &str) = ("TICKETING_MAIL", "smtp");

fn mail(postbox: u16) -> Variables {
    vec![
        (MAIL.0, MAIL.1.to_owned()),
        ("TICKETING_SMTP_URL", format!("smtp://127.0.0.1:{postbox}?tls=none")),
        ("TICKETING_MAIL_FROM", "tickets@faults.example".to_owned()),
        ("TICKETING_PUBLIC_ORIGIN", "https://faults.example".to_owned()),
    ]
}

fn on_engines(settings: &Settings, engines: &Addresses) -> Variables {
    vec![
        ("TICKETING_STORE", "mongodb".to_owned()),
        ("TICKETING_MONGODB_URI", engines.mongodb.clone()),
        ("TICKETING_DATABASE_PREFIX", PREFIX.to_owned()),
        ("TICKETING_BUS", "kafka".to_owned()),
        ("TICKETING_KAFKA_BROKERS", engines.kafka.clone()),
        ("TICKETING_TOPIC_PREFIX", PREFIX.to_owned()),
        ("TICKETING_TOPIC_PARTITIONS", "6".to_owned()),
        ("TICKETING_TOPIC_REPLICATION", settings.kafka_members.to_string()),
        ("TICKETING_TIMERS", "redis".to_owned()),
        ("TICKETING_SESSIONS", "redis".to_owned()),
        ("TICKETING_REDIS_URL", engines.redis.clone()),
        ("TICKETING_REDIS_PREFIX", PREFIX.to_owned()),
    ]
}

fn common(settings: &Settings) -> Variables {
    let off = || "off".to_owned();
    vec![
        ("TICKETING_PAYMENTS", "sandbox".to_owned()),
        ("TICKETING_HOLD", format!("{}s", settings.hold)),
        ("TICKETING_TRUSTED_PROXIES", "127.0.0.0/8".to_owned()),
        ("TICKETING_LIMIT_SIGN_IN_ADDRESS", off()),
        ("TICKETING_LIMIT_SIGN_UP_ADDRESS", off()),
        ("TICKETING_LIMIT_SIGN_IN_ACCOUNT_ADDRESS", off()),
        ("TICKETING_LIMIT_SIGN_IN_ACCOUNT", off()),
        ("TICKETING_LIMIT_SIGN_IN_KNOWN", off()),
        ("TICKETING_LIMIT_WRITES", off()),
        ("TICKETING_LIMIT_READS", off()),
        ("TICKETING_LIMIT_PAYMENTS_ADDRESS", off()),
        ("TICKETING_LIMIT_PAYMENTS_ACCOUNT", off()),
        // Every visitor of the harness comes from one address.
        ("TICKETING_LIVE_LISTENERS_ADDRESS", "1000".to_owned()),
        ("TICKETING_PASSWORDS_ADDRESS", "1000".to_owned()),
        ("TICKETING_LIMIT_HELD_OF_TICKET", off()),
        ("TICKETING_LIMIT_HELD_PLACES", off()),
        ("TICKETING_LIMIT_OPEN_ORDERS", off()),
        ("TICKETING_LIMIT_UNPAID_ORDERS", off()),
    ]
}

/// Where one process answers, everybody and operators.
fn addresses() -> std::io::Result<[String; 2]> {
    let ports = free_ports(2)?;
    Ok([0, 1].map(|nth| format!("127.0.0.1:{}", ports.get(nth).copied().unwrap_or_default())))
}

/// Ports that nobody listens on, below those from which a system connects: a process finds its own again.
fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    let mut held = Vec::new();
    let mut tries = 0;
    while held.len() < count {
        match TcpListener::bind(("127.0.0.1", rand::rng().random_range(15_000..32_000))) {
            Ok(listener) => held.push(listener),
            Err(error) if tries > 1_000 => return Err(error),
            Err(_) => tries += 1,
        }
    }
    held.iter().map(|listener| listener.local_addr().map(|address| address.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ports_differ_and_lie_where_no_connection_begins() {
        let ports = free_ports(20).unwrap();

        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 20);
        assert!(ports.iter().all(|port| (15_000..32_000).contains(port)), "{ports:?}");
    }
}
