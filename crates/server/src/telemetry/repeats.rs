//! Of lines that say the same again and again, a few are enough.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

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

/// A layer that is not told what was said often enough. What is asked for by `debug` or `trace` is not limited.
///
/// Not a filter: what a filter refuses by the event itself leaves a mark on the thread that later lines trip over (in a
/// build with debug assertions they panic), and it must not log.
#[derive(Debug)]
pub(super) struct Sparing<L> {
    layer: L,
    repeats: Repeats,
}

impl<L> Sparing<L> {
    pub(super) fn of(layer: L) -> Self {
        Self { layer, repeats: Repeats::default() }
    }
}

impl<S: Subscriber, L: Layer<S>> Layer<S> for Sparing<L> {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if self.repeats.are_spared(event) {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        } else {
            self.layer.on_event(event, context);
        }
    }
}

/// What was said lately, and how often.
#[derive(Debug, Default)]
struct Repeats(Mutex<HashMap<Kind, Said>>);

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
    /// Whether a line is left out. One before which others were says so first.
    fn are_spared(&self, event: &Event<'_>) -> bool {
        let about = event.metadata();
        if *about.level() > Level::INFO || about.target() == module_path!() {
            return false;
        }
        let mut telling = Telling::default();
        event.record(&mut telling);
        match self.judge((about.callsite(), telling.0.finish()), Instant::now()) {
            Verdict::Write { left_out: 0 } => false,
            Verdict::Write { left_out } => {
                tracing::info!(left_out, "{left_out} lines like the next one were left out");
                false
            }
            Verdict::LeaveOut => true,
        }
    }

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

/// A digest of the fields that tell lines apart.
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
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use tracing::Metadata;
    use tracing::callsite::Callsite;
    use tracing::subscriber::Interest;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Counts what it is told.
    struct Told(Arc<AtomicU32>);

    impl<S: Subscriber> Layer<S> for Told {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

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
    fn lines_that_are_left_out_harm_no_later_ones() {
        let told = Arc::new(AtomicU32::new(0));
        let layer = Sparing::of(Told(Arc::clone(&told))).with_filter(LevelFilter::INFO);

        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for _ in 0..50 {
                tracing::warn!("again");
            }
            tracing::warn!("something else");
        });

        assert_eq!(told.load(Ordering::Relaxed), 11);
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
