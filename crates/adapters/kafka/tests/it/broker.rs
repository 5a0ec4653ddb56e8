//! A broker of a test's own, which it may kill, and whose log it may cut.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_kafka::KafkaConfig;
use tokio::sync::{Mutex, MutexGuard};

/// Brokers are heavy: there is one at a time.
static TURN: Mutex<()> = Mutex::const_new(());

pub(crate) struct Broker {
    folder: PathBuf,
    pub(crate) addresses: String,
    _turn: MutexGuard<'static, ()>,
}

impl Broker {
    /// Starts one, once no other test has one.
    pub(crate) async fn start() -> Self {
        let turn = TURN.lock().await;
        let folder = std::env::temp_dir().join(format!("ticketing-kafka-{}", sample::uuid().simple()));
        // Already here, so that what was started ends too should it not work.
        let mut broker = Self { folder, addresses: String::new(), _turn: turn };
        let exports = broker.tell(&["up"]);
        let exports = exports.lines().find_map(|line| line.strip_prefix("export KAFKA_BROKERS='"));
        let address = exports.and_then(|rest| rest.strip_suffix('\''));
        address.expect("the script exports an address").clone_into(&mut broker.addresses);
        broker
    }

    /// Ends it without a warning, as a power loss does.
    pub(crate) fn kill(&self) {
        self.tell(&["kill", "kafka1"]);
    }

    /// Starts it on the data and the port that it had, and waits until it works.
    pub(crate) fn start_again(&self) {
        self.tell(&["start", "kafka1"]);
    }

    /// Takes all but the first batches of the log of orders away, as if they had never reached the disk.
    pub(crate) fn cut(&self, config: &KafkaConfig, batches: usize) {
        let settings = std::fs::read_to_string(self.folder.join("settings")).expect("the script keeps settings");
        let data = settings.lines().find_map(|line| line.strip_prefix("DATA=")).expect("one is where the data lies");
        let log = Path::new(data.trim_matches('"')).join("kafka1").join(format!("{}-0", config.topic(Topic::Orders)));
        let log = log.join("00000000000000000000.log");
        let end = end_of(&log, batches);
        let file = OpenOptions::new().write(true).open(&log).expect("the log is there");
        file.set_len(end).expect("the log is cut");
    }

    fn tell(&self, words: &[&str]) -> String {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../deploy/engines.sh"));
        for name in ["MONGODB_URI", "KAFKA_BROKERS", "REDIS_URL", "KAFKA_PORT", "KAFKA_MEMBERS"] {
            command.env_remove(name);
        }
        command.args(words).env("ENGINES", "kafka").env("ENGINES_DIR", &self.folder).stdin(Stdio::null());
        let output = command.output().expect("the script runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.tell(&["down"]);
    }
}

/// How many bytes the first batches of a segment take: each begins with its offset and the length of the rest.
fn end_of(log: &Path, batches: usize) -> u64 {
    let mut bytes = Vec::new();
    File::open(log).and_then(|mut file| file.read_to_end(&mut bytes)).expect("the log is read");
    let mut end = 0;
    for _ in 0..batches {
        let length = bytes.get(end + 8..end + 12).and_then(|length| length.try_into().ok()).expect("there is a batch");
        end += 12 + u32::from_be_bytes(length) as usize;
    }
    end as u64
}
