//! All connections together, at their own pace or at a fixed rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use parking_lot::Mutex;

use crate::arrivals::Arrivals;
use crate::cpu;
use crate::scenario::{Course, Turn};
use crate::session::Session;
use crate::settings::{Settings, Target};
use crate::setup::Shop;
use crate::tally::{Figures, Tally};
use crate::tell;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How long was measured.
    pub measured: Duration,
    /// What was counted.
    pub figures: Vec<Figures>,
    /// What must not have happened, and did.
    pub complaints: Vec<String>,
    /// Requests that were due and never sent, for want of a free connection.
    pub unsent: u64,
    /// Of the processor, by this program, while measuring.
    pub cpu_here: Option<Duration>,
    /// The same, by the processes of the server.
    pub cpu_server: Option<Duration>,
}

/// When each turn begins, and when there are no more.
#[derive(Debug)]
struct Pace {
    measure_from: Instant,
    until: Option<Instant>,
    left: Option<AtomicU64>,
    stopped: AtomicBool,
    /// Whether the server was too slow for what was due.
    abandoned: AtomicBool,
    /// In an open loop: when turns are due.
    due: Option<async_channel::Receiver<Instant>>,
}

impl Pace {
    fn new(settings: &Settings, start: Instant) -> Self {
        let measure_from = start + settings.warm_up();
        let until = settings.measured().map(|span| measure_from + span);
        Self {
            measure_from,
            until,
            left: settings.requests.map(AtomicU64::new),
            stopped: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            due: settings.rate.map(|rate| announce(Arrivals::new(rate, settings.seed), start, until)),
        }
    }

    /// When the next turn is due, which may be a while ago; `None` if there is none.
    async fn next(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let due = match &self.due {
            Some(due) => due.recv().await.ok()?,
            None => Instant::now(),
        };
        (due < self.measure_from || self.take_one()).then_some(due)
    }

    fn is_over(&self) -> bool {
        // What was due in time is sent in an open loop, even if its turn comes late.
        let late = self.due.is_none() && self.until.is_some_and(|until| Instant::now() >= until);
        late || self.stopped.load(Ordering::Relaxed)
    }

    fn take_one(&self) -> bool {
        let Some(left) = &self.left else { return true };
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(due) = &self.due {
            due.close();
        }
    }

    fn unsent(&self) -> u64 {
        // A run that ended for another reason leaves later turns unsent on purpose.
        let abandoned = self.abandoned.load(Ordering::Relaxed);
        self.due.as_ref().filter(|_| abandoned).map_or(0, |due| due.len() as u64)
    }
}

fn announce(arrivals: Arrivals, start: Instant, until: Option<Instant>) -> async_channel::Receiver<Instant> {
    let (announce, due) = async_channel::unbounded();
    std::thread::spawn(move || arrivals.announce(start, until, &announce));
    due
}

/// Runs a scenario to its end.
pub async fn run(settings: &Arc<Settings>, shop: &Arc<Shop>) -> Outcome {
    let start = Instant::now();
    let pace = Arc::new(Pace::new(settings, start));
    let course = Course::new(settings);
    let tally = Arc::new(Mutex::new(Tally::new(pace.measure_from)));
    let aside = [
        tokio::spawn(report_progress(Arc::clone(&tally))),
        tokio::spawn(stop_when_asked(Arc::clone(&pace))),
        tokio::spawn(stop_when_hopeless(Arc::clone(&pace), settings.timeout)),
        tokio::spawn(keep_signed_in(Arc::clone(shop), settings.door().cloned(), settings.timeout)),
    ];
    let before = tokio::spawn(processor_at(Arc::clone(settings), pace.measure_from));

    let sessions = (0..settings.connections as usize).filter_map(|n| Session::new(settings, shop, &tally, n));
    let connections = sessions.map(|session| tokio::spawn(take_turns(session, course.clone(), Arc::clone(&pace))));
    let ended = join_all(connections.collect::<Vec<_>>()).await;

    let measured = pace.measure_from.elapsed();
    let after = processor(settings);
    let before = if before.is_finished() { before.await.unwrap_or_default() } else { [None; 2] };
    let [cpu_here, cpu_server] = used(before, after);
    for task in aside {
        task.abort();
    }
    let tally = tally.lock().clone();
    let mut complaints = course.complaints();
    if ended.iter().any(Result::is_err) {
        complaints.push("a connection of this program ended early".to_owned());
    }
    let figures = tally.into_figures();
    Outcome { measured, figures, complaints, unsent: pace.unsent(), cpu_here, cpu_server }
}

async fn take_turns(mut session: Session, course: Course, pace: Arc<Pace>) {
    while let Some(due) = pace.next().await {
        if course.turn(&mut session, due).await == Turn::Over {
            // Where nothing is left for one, nothing is left for anybody.
            return pace.stop();
        }
        // An answer may be there at once, and others wait for this thread.
        tokio::task::coop::consume_budget().await;
    }
}

async fn report_progress(tally: Arc<Mutex<Tally>>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let (mut last, mut seconds) = (0, 0);
    second.tick().await;
    loop {
        second.tick().await;
        seconds += 1;
        let (answers, failures) = tally.lock().progress();
        tell(format_args!("{seconds:>4} s  {:>8}/s  {answers:>10} answers  {failures} failures", answers - last));
        last = answers;
    }
}

async fn stop_when_asked(pace: Arc<Pace>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        tell(format_args!("stopping: what was measured so far is told"));
        pace.stop();
    }
}

/// A server that is too slow for the rate is not waited for without end.
async fn stop_when_hopeless(pace: Arc<Pace>, patience: Duration) {
    if let Some(until) = pace.until {
        tokio::time::sleep_until((until + patience).into()).await;
        pace.abandoned.store(true, Ordering::Relaxed);
        pace.stop();
    }
}

async fn keep_signed_in(shop: Arc<Shop>, door: Option<Target>, timeout: Duration) {
    let Some(door) = door else { return };
    loop {
        tokio::time::sleep(shop.renew_every()).await;
        shop.renew(&door, timeout).await;
    }
}

type Processor = [Option<Duration>; 2];

async fn processor_at(settings: Arc<Settings>, at: Instant) -> Processor {
    tokio::time::sleep_until(at.into()).await;
    processor(&settings)
}

fn processor(settings: &Settings) -> Processor {
    let server = settings.server_pid.iter().map(|pid| cpu::used_by(&pid.to_string()));
    [cpu::used_by("self"), server.collect::<Option<Vec<_>>>().map(|all| all.into_iter().sum())]
}

fn used(before: Processor, after: Processor) -> Processor {
    let [here, server] = before;
    let [here_after, server_after] = after;
    let between = |(before, after): (Duration, Duration)| after.saturating_sub(before);
    [here.zip(here_after).map(between), server.zip(server_after).map(between)]
}
