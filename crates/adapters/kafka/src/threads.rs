//! The threads that use clients of librdkafka, and their end.

use std::io;
use std::thread::Builder;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// Counts a thread until it has let go of all that it works with.
struct Running;

impl Running {
    fn begin() -> Self {
        *RUNNING.lock() += 1;
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *RUNNING.lock() -= 1;
        ENDED.notify_all();
    }
}

/// Runs something that has a client on a thread of its own.
pub(crate) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let running = Running::begin();
    let counted = move || {
        let _running = running;
        work();
    };
    Builder::new().name(name).spawn(counted).map(drop)
}

/// Waits until no thread of this crate has a client of librdkafka, for a time at most; returns whether it is so.
///
/// What was dropped closes in its own time, on threads. A process waits for them before it ends: OpenSSL, by which
/// librdkafka speaks TLS, is taken down then, and who closes a connection meanwhile ends the process by a signal.
///
/// Blocks the thread.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// // After everything of Kafka was dropped, as the last thing of `main`.
/// assert!(ticketing_kafka::wait_until_closed(Duration::from_secs(5)));
/// ```
#[must_use]
pub fn wait_until_closed(within: Duration) -> bool {
    let mut running = RUNNING.lock();
    ENDED.wait_while_for(&mut running, |running| *running > 0, within);
    *running == 0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn it_waits_until_a_thread_has_let_go_of_its_client() {
        let client = Arc::new(());
        let held = Arc::clone(&client);
        let (end, ended) = channel::<()>();
        let work = move || {
            let _client = held;
            assert!(ended.recv().is_err(), "nothing is sent");
        };
        spawn("kafka-test".to_owned(), work).expect("a thread");
        assert!(!wait_until_closed(Duration::ZERO));

        drop(end);

        assert!(wait_until_closed(Duration::from_secs(60)));
        assert_eq!(Arc::strong_count(&client), 1);
    }
}
