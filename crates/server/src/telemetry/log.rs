//! The log: lines on their way to standard error.
//!
//! A line is handed to a separate thread and forgotten. If it cannot be
//! written, because nobody reads or the disk is full, it is dropped and
//! counted: a log must never hold up or end what it is about.

mod ids;

use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, registry};

use ticketing_core::ports::{BoxError, error_chain};

use super::repeats::Sparing;
use crate::config::{Config, LogConfig, LogFormat};

use ids::Correlated;

/// How many lines may wait to be written.
const WAITING: usize = 8 * 1024;
/// How long the end of the process waits for lines that are still to be written.
const FLUSH_WITHIN: Duration = Duration::from_secs(1);

static LOG: OnceLock<Lines> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Begins to log, and to export traces if they are wanted. A second call changes nothing.
pub fn init_log(config: &Config) {
    let (traces, failure) = match traces(config) {
        Ok(traces) => (traces, None),
        Err(error) => (None, Some(error)),
    };
    let layers: Vec<_> = [log(&config.log)].into_iter().chain(traces).collect();
    match registry().with(layers).try_init() {
        Ok(()) => tell_panics(),
        Err(error) => tracing::debug!(%error, "there is a log already"),
    }
    if let Some(error) = failure {
        tracing::error!(cause = error_chain(&*error), "traces are not exported");
    }
}

fn log(config: &LogConfig) -> BoxedLayer {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Spans are for traces: a line has the ids that matter by itself.
    let lines_alone = filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE);
    let shown = filter.and(lines_alone);
    let lines = LOG.get_or_init(|| Lines::to(io::stderr(), WAITING)).clone();
    // Colours are for people who look at a terminal.
    let ansi = io::stderr().is_terminal();
    let layer = fmt::layer().with_writer(lines).with_ansi(ansi).log_internal_errors(false);
    let format = config.format;
    match format {
        LogFormat::Text => {
            let layer = layer.map_event_format(|line| Correlated { line: line.with_ansi(ansi), format });
            Sparing::of(layer).with_filter(shown).boxed()
        }
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true);
            Sparing::of(layer.map_event_format(|line| Correlated { line, format })).with_filter(shown).boxed()
        }
    }
}

#[cfg(feature = "otlp")]
fn traces(config: &Config) -> Result<Option<BoxedLayer>, BoxError> {
    config.traces.as_ref().map(|traces| Ok(super::traces::layer(traces)?.boxed())).transpose()
}

#[cfg(not(feature = "otlp"))]
fn traces(_: &Config) -> Result<Option<BoxedLayer>, BoxError> {
    Ok(None)
}

/// Waits a moment until what was logged is written: before the process ends, however it does.
pub fn flush_log() {
    if let Some(lines) = LOG.get() {
        lines.flush(FLUSH_WITHIN);
    }
}

/// How many lines could not be written.
pub(super) fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// Logs panics like everything else: by default they are written to standard error, and would wait for its reader.
fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let trace = std::backtrace::Backtrace::capture();
        tracing::error!("{panic}\n{trace}");
    }));
}

/// Lines on their way. A clone hands to the same thread.
#[derive(Debug, Clone)]
struct Lines(SyncSender<Message>);

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

impl Lines {
    fn to(writer: impl Write + Send + 'static, waiting: usize) -> Self {
        let (sender, lines) = sync_channel(waiting);
        let begun = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&lines, writer));
        // Without its thread each line is lost, and counted.
        drop(begun);
        Self(sender)
    }

    fn flush(&self, within: Duration) {
        let until = Instant::now() + within;
        let (written, is_written) = sync_channel(1);
        let mut message = Message::Flush(written);
        while let Err(TrySendError::Full(unsent)) = self.0.try_send(message) {
            if Instant::now() >= until {
                return;
            }
            message = unsent;
            std::thread::sleep(Duration::from_millis(5));
        }
        // Written or not, the process ends.
        is_written.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap_or_default();
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Message::Line(line.to_vec())).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn write_all(lines: &Receiver<Message>, mut writer: impl Write) {
    while let Ok(message) = lines.recv() {
        match message {
            Message::Line(line) if writer.write_all(&line).is_err() => {
                LOST.fetch_add(1, Ordering::Relaxed);
            }
            Message::Line(_) => {}
            // The one that waited for it may have given up.
            Message::Flush(written) => drop(written.try_send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Neither takes a line nor refuses it until it is released.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0.recv().unwrap_or_default();
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_logged_is_written_in_order() {
        let kept = Kept::default();
        let mut lines = Lines::to(kept.clone(), 64);

        for line in ["one\n", "two\n"] {
            lines.write_all(line.as_bytes()).unwrap();
        }
        lines.flush(Duration::from_secs(60));

        assert_eq!(kept.0.lock().unwrap().as_slice(), b"one\ntwo\n");
    }

    #[test]
    fn a_line_that_cannot_be_written_is_counted_and_holds_nobody_up() {
        let (release, stuck) = sync_channel(1);
        let mut lines = Lines::to(Stuck(stuck), 4);
        let before = lost_lines();

        for _ in 0..100 {
            lines.write_all(b"a line\n").unwrap();
        }
        Lines::flush(&lines, Duration::ZERO);
        assert!(lost_lines() >= before + 95, "what does not fit is lost");

        drop(release);
        lines.flush(Duration::from_secs(60));
        assert!(lost_lines() >= before + 100, "and so is what could not be written");
    }
}
