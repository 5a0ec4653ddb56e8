//! A Redis of a test's own, which it may stop.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{ErrorKind, ServerErrorKind};
use ticketing_conformance::sample::free_address;
use uuid::Builder;

use crate::world::ask;

/// A `redis-server` that writes everything to disk before it answers.
pub(crate) struct Engine {
    port: u16,
    directory: PathBuf,
    process: Option<Child>,
}

impl Engine {
    /// Starts a new one with these settings besides, and waits until it answers.
    pub(crate) fn start(settings: &[&str]) -> Self {
        let directory = std::env::temp_dir()
            .join(format!("ticketing-redis-{}", Builder::from_random_bytes(rand::random()).into_uuid()));
        std::fs::create_dir(&directory).expect("a directory for its data");
        let mut engine = Self { port: free_address().port(), directory, process: None };
        engine.start_again(settings);
        engine
    }

    /// Starts a Redis Cluster of a single node, which has every slot, and refuses what touches two of them at once.
    pub(crate) fn start_cluster() -> Self {
        let engine = Self::start(&["--cluster-enabled", "yes", "--cluster-port", &free_address().port().to_string()]);
        ask::<()>(&engine.url(), &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).expect("it takes all slots");
        let patience = Instant::now() + Duration::from_secs(30);
        let state = || ask::<String>(&engine.url(), &["CLUSTER", "INFO"]).expect("it is a cluster");
        while !state().contains("cluster_state:ok") {
            assert!(Instant::now() < patience, "the cluster does not work: {}", state());
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
        engine
    }

    /// Starts it on the data and the port that it had, and waits until it has loaded them.
    pub(crate) fn start_again(&mut self, settings: &[&str]) {
        self.launch(settings);
        let patience = Instant::now() + Duration::from_secs(30);
        while !self.answers() {
            let ended = self.process.as_mut().is_none_or(|process| !matches!(process.try_wait(), Ok(None)));
            assert!(!ended, "redis-server ended: {}", std::fs::read_to_string(self.log()).unwrap_or_default());
            assert!(Instant::now() < patience, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
    }

    /// Starts it on the data and the port that it had.
    pub(crate) fn launch(&mut self, settings: &[&str]) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--dir"]).arg(&self.directory).args(settings);
        let log = File::create(self.log()).expect("a file for its log");
        let spawned = command.stdin(Stdio::null()).stdout(log).spawn();
        self.process = Some(spawned.expect("put redis-server on the PATH: this test needs its own Redis, to stop it"));
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it is killed");
            process.wait().expect("it ends");
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("it runs");
        let kill = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status();
        assert!(kill.expect("kill is there").success(), "it takes a signal");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn url_with_password(&self, password: &str) -> String {
        format!("redis://:{password}@127.0.0.1:{}/", self.port)
    }

    /// Whether it says anything, if only that it wants a password.
    fn answers(&self) -> bool {
        match ask::<()>(&self.url(), &["PING"]) {
            Ok(()) => true,
            Err(error) => !error.is_io_error() && error.kind() != ErrorKind::Server(ServerErrorKind::BusyLoading),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.kill();
        std::fs::remove_dir_all(&self.directory).ok();
    }
}
