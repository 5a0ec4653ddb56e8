//! Why no connection is made, though a broker answers.
//!
//! A call that waits for a connection hears of a timeout alone. The reason is
//! in the lines that librdkafka logs meanwhile, and nowhere else. They reach a
//! context when its client is polled.

use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError as ClientError;

use crate::error::KafkaError;

/// How long to listen to what a client has said before.
pub(crate) const HEAR: Duration = Duration::from_millis(50);

/// The last handshake of a client that failed.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Option<Failed>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Failed {
    why: Why,
    /// In the words of librdkafka.
    line: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The broker does not prove who it is.
    Untrusted,
    /// The broker does not believe who we are.
    Denied,
    /// One side speaks TLS, or wants a user, and the other does not.
    Differs,
}

impl Handshakes {
    /// Reads a line of the log.
    pub(crate) fn note(&self, line: &str) {
        if let Some(why) = why(line) {
            let failed = Failed { why, line: words(line).to_owned() };
            *self.0.lock() = Some(failed);
        }
    }

    /// Why nobody answered a call that failed.
    pub(crate) fn explain(&self, brokers: &str, error: ClientError) -> KafkaError {
        let Some(Failed { why, line }) = self.0.lock().clone() else {
            return KafkaError::unreachable(brokers, error);
        };
        let (brokers, source) = (brokers.to_owned(), line.into());
        match why {
            Why::Untrusted => KafkaError::Untrusted { brokers, source },
            Why::Denied => KafkaError::Denied { brokers, source },
            Why::Differs => KafkaError::Differs { brokers, source },
        }
    }
}

/// Why nobody answered a call of a consumer that reads nothing yet.
pub(crate) fn explain<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    handshakes: &Handshakes,
    brokers: &str,
    error: ClientError,
) -> KafkaError {
    // No longer, because a client that is refused goes on trying and saying so.
    let _heard = (0..100).take_while(|_| consumer.poll(HEAR).is_some()).count();
    handshakes.explain(brokers, error)
}

fn why(line: &str) -> Option<Why> {
    let says = |signs: &[&str]| signs.iter().any(|sign| line.contains(sign));
    if says(&["PLAINTEXT broker listener", "wrong version number", "SASL state"]) {
        Some(Why::Differs)
    } else if says(&["certificate verify failed", "verify broker certificate", "not provide a certificate"]) {
        Some(Why::Untrusted)
    } else if says(&["uthentication fail", "uthentication error", "SASL mechanism", "SASL handshake"]) {
        Some(Why::Denied)
    } else {
        None
    }
}

/// A line without the threads and addresses before its words, and without the time behind them.
fn words(line: &str) -> &str {
    let words = line.rsplit_once("/bootstrap: ").map_or(line, |(_, words)| words);
    words.split_once(" (after ").map_or(words, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_that_failed_is_told_apart_from_silence() {
        let untrusted = "[thrd:ssl://127.0.0.1:9093/bootstrap]: ssl://127.0.0.1:9093/bootstrap: SSL handshake failed: \
                         certificate verify failed (after 15ms in state SSL_HANDSHAKE)";
        assert_eq!(why(untrusted), Some(Why::Untrusted));
        assert_eq!(words(untrusted), "SSL handshake failed: certificate verify failed");

        let silent = "127.0.0.1:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed: Connection refused";
        assert_eq!(why(silent), None);
    }
}
