//! Of lines that say the same again and again, a few are enough.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// So many lines of one kind may be written in each [`WINDOW`].
const MOST: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);
/// So many kinds are distinguished; the text of a cause may be up to a client.
const KINDS: usize = 256;
/// What lines of one place have to share to be of one kind. Not ids: they differ in each.
const TELLING: [&str; 8] = ["code", "cause", "error", "step", "name", "consumer", "service", "topic"];

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// How many lines were left out.
pub(super) fn left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// Leaves out what was said often enough. What is asked for by `debug` or `trace` is not limited.
#[derive(Debug, Default)]
pub(super) struct Repeats(Mutex<HashMap<Kind, Said>>);

type Kind = (Identifier, u64);

#[derive(Debug, Clone, Copy)]
struct Said {
    since: Instant,
    written: u32,
    left_out: u64,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is written; so many like it were not, just before.
    Write {
        left_out: u64,
    },
    LeaveOut,
}

impl Repeats {
    fn judge(&self, kind: Kind, now: Instant) -> Verdict {
        let mut said = self.0.lock();
        let kind = room_for(&mut said, kind, now);
        let fresh = Said { since: now, written: 0, left_out: 0 };
        let of_kind = said.entry(kind).or_insert(fresh);
        let mut left_out = 0;
        if of_kind.is_over(now) {
            left_out = of_kind.left_out;
            *of_kind = fresh;
        }
        if of_kind.written == MOST {
            of_kind.left_out += 1;
            return Verdict::LeaveOut;
        }
        of_kind.written += 1;
        Verdict::Write { left_out }
    }
}

impl Said {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= WINDOW
    }
}

/// The kind itself, or the shared one of its place in the code if there is no room for it.
fn room_for(said: &mut HashMap<Kind, Said>, kind: Kind, now: Instant) -> Kind {
    if said.len() >= KINDS && !said.contains_key(&kind) {
        said.retain(|_, said| said.left_out > 0 || !said.is_over(now));
    }
    if said.len() >= KINDS && !said.contains_key(&kind) { (kind.0, 0) } else { kind }
}

impl<S> Filter<S> for Repeats {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let about = event.metadata();
        if *about.level() > Level::INFO || about.target() == module_path!() {
            return true;
        }
        let mut telling = Telling::default();
        event.record(&mut telling);
        match self.judge((about.callsite(), telling.0.finish()), Instant::now()) {
            Verdict::Write { left_out: 0 } => true,
            Verdict::Write { left_out } => {
                tracing::info!(left_out, "{left_out} lines like the next one were left out");
                true
            }
            Verdict::LeaveOut => {
                LEFT_OUT.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }
}

/// A digest of the fields that distinguish lines.
#[derive(Default)]
struct Telling(DefaultHasher);

impl Visit for Telling {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if TELLING.contains(&field.name()) {
            (field.name(), format!("{value:?}")).hash(&mut self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::callsite::Callsite;

    use super::*;

    /// A place in the code that logs.
    struct Place;

    impl Callsite for Place {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("nobody asks what a place is called")
        }
    }

    fn place() -> Identifier {
        static PLACE: Place = Place;
        Identifier(&PLACE)
    }

    #[test]
    fn a_few_of_a_kind_are_written_and_the_rest_is_counted() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        let verdicts: Vec<_> = (0..50).map(|_| repeats.judge((place(), 7), now)).collect();

        let written = verdicts.iter().filter(|verdict| **verdict != Verdict::LeaveOut).count();
        assert_eq!(written, 10);
        assert_eq!(repeats.judge((place(), 8), now), Verdict::Write { left_out: 0 }, "another kind is told");
        assert_eq!(repeats.judge((place(), 7), now + WINDOW), Verdict::Write { left_out: 40 });
        assert_eq!(repeats.judge((place(), 7), now + WINDOW), Verdict::Write { left_out: 0 });
    }

    #[test]
    fn kinds_that_are_made_up_do_not_get_around_it() {
        let (repeats, now) = (Repeats::default(), Instant::now());

        let written = (1..=100_000).filter(|kind| repeats.judge((place(), *kind), now) != Verdict::LeaveOut).count();

        assert!(written <= KINDS + MOST as usize, "{written}");
        assert!(repeats.0.lock().len() <= KINDS + 1);
        assert_eq!(repeats.judge((place(), 100_001), now + WINDOW), Verdict::Write { left_out: 0 });
    }
}
