//! One process of the program.

#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod operate;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod restart;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use ticketing_conformance::sample::free_address;

use crate::market::unique;

/// Ends the program once its standard input is closed, which the system does when the tests end; or by a signal that it
/// is told there.
const WITH_US: &str = r#""$@" 2>>"$LOG" & program=$!; read -r signal; kill -${signal:-TERM} $program; wait $program"#;

/// How long a process may take to start.
const START: Duration = Duration::from_secs(60);

/// A process, where it answers, and what it says.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    #[cfg_attr(
        not(all(feature = "mongodb", feature = "kafka", feature = "redis")),
        expect(dead_code, reason = "only on engines is a process started again, or twice")
    )]
    services: Vec<&'static str>,
    #[cfg_attr(
        not(all(feature = "mongodb", feature = "kafka", feature = "redis")),
        expect(dead_code, reason = "only on engines is a process started again, or twice")
    )]
    settings: Vec<(&'static str, String)>,
    log: PathBuf,
    running: Mutex<(Child, String)>,
}

impl Program {
    /// The program as it is here.
    pub(crate) const CURRENT: &str = env!("CARGO_BIN_EXE_ticketing");

    /// Starts it on a free port.
    pub(crate) async fn start(
        name: &'static str,
        services: &[&'static str],
        settings: &[(&'static str, String)],
    ) -> Self {
        Self::start_by(Self::CURRENT, name, services, settings).await
    }

    /// Starts the program of some release.
    pub(crate) async fn start_by(
        binary: &str,
        name: &'static str,
        services: &[&'static str],
        settings: &[(&'static str, String)],
    ) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ticketing-{name}-{}.log", unique().simple()));
        let (services, settings) = (services.to_vec(), settings.to_vec());
        let child = spawn(binary, (&services, &settings), &log, &free_address().to_string());
        let address = served(&log, 1).await;
        Self { name, services, settings, log, running: Mutex::new((child, address)) }
    }

    /// Starts one more that is the same.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
    pub(crate) async fn another(&self) -> Self {
        Self::start(self.name, &self.services, &self.settings).await
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> String {
        self.lock().1.clone()
    }

    /// Where operators are answered.
    pub(crate) fn admin_address(&self) -> String {
        let log = self.log();
        let address = log.rsplit("operators are answered on http://").next().and_then(|rest| rest.split(ENDS).next());
        address.expect("an address").to_owned()
    }

    fn lock(&self) -> MutexGuard<'_, (Child, String)> {
        self.running.lock()
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let running = self.running.get_mut();
        drop(running.0.stdin.take());
        drop(running.0.wait());
        drop(std::fs::remove_file(&self.log));
    }
}

type Told<'a> = (&'a [&'static str], &'a [(&'static str, String)]);

fn spawn(binary: &str, (services, settings): Told<'_>, log: &PathBuf, address: &str) -> Child {
    Command::new("/bin/sh")
        .args(["-c", WITH_US, "sh", binary, "serve"])
        .args(services)
        .env_clear()
        .env("LOG", log)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TICKETING_LISTEN", address)
        // The port beside that one may be taken.
        .env("TICKETING_ADMIN_LISTEN", "127.0.0.1:0")
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

const SERVED: &str = "served on http://";
/// What ends an address in a line of the log, as text or as JSON.
const ENDS: [char; 3] = [' ', '\n', '"'];

/// Waits until the log tells the `nth` time where the program answers.
async fn served(log: &PathBuf, nth: usize) -> String {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        if let Some(rest) = text.split(SERVED).nth(nth).filter(|rest| rest.contains(ENDS)) {
            return rest.split(ENDS).next().expect("an address").to_owned();
        }
        assert!(!text.contains("cannot start") && !text.contains("could not be served"), "{text}");
        assert!(began.elapsed() < START, "it does not serve: {text}");
        tokio::time::sleep(Duration::from_millis(10)).await; // between two looks
    }
}
