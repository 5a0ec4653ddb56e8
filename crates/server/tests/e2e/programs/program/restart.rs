//! Ends a process in order and starts it again.

use std::io::Write;
use std::process::ExitStatus;
use std::time::Duration;

use super::{Program, SERVED, served, spawn};

impl Program {
    /// Ends it in order and starts the program of some release where it was.
    pub(crate) async fn restart_by(&self, binary: &str) {
        self.stop().await;
        self.go_on_by(binary).await;
    }

    /// Ends it in order.
    pub(crate) async fn stop(&self) {
        let ended = self.end().await;
        assert!(ended.success(), "{ended}: {}", self.last_words());
    }

    /// Kills it.
    pub(crate) async fn kill(&self) {
        let told = self.lock().0.stdin.as_mut().map(|stdin| stdin.write_all(b"KILL\n"));
        assert!(told.is_some_and(|told| told.is_ok()), "it is there to be killed");
        assert!(!self.end().await.success());
    }

    /// Starts the program of some release where it was.
    pub(crate) async fn go_on_by(&self, binary: &str) {
        let (starts, address) = (self.starts(), self.address());
        let child = spawn(binary, (&self.services, &self.settings), &self.log, &address);
        self.lock().0 = child;
        assert_eq!(served(&self.log, starts + 1).await, address);
    }

    /// Stops it, and waits without holding up its requests.
    async fn end(&self) -> ExitStatus {
        self.lock().0.stdin.take();
        loop {
            if let Some(ended) = self.lock().0.try_wait().expect("an end") {
                return ended;
            }
            tokio::time::sleep(Duration::from_millis(5)).await; // between two looks
        }
    }

    fn starts(&self) -> usize {
        std::fs::read_to_string(&self.log).unwrap_or_default().matches(SERVED).count()
    }
}
