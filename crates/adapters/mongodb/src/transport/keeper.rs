//! Keeps a member in its group: gives signs of life, takes and gives back partitions, and writes how far it came.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::store::StoreError;
use tokio::time::sleep;

use super::member::{Member, Phase};
use super::partition::Partition;
use super::places::{Place, Statement};
use super::sequence::Sequence;
use super::share::{self, Plan};

/// A lease is renewed after this part of it.
const RENEWED_AFTER: u32 = 4;
/// How often it is written how far a member came.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// How soon a member looks at a group that changed.
const SETTLES_WITHIN: Duration = Duration::from_millis(50);
/// How long to wait after a failure.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
/// How often a member tries to leave. If it cannot, its lease ends by itself.
const LEAVE_TRIES: u32 = 3;
/// How often places are kept from being forgotten.
const TOUCH_EVERY: Duration = Duration::from_hours(1);

/// Runs until the member has left.
pub(super) async fn run(member: Arc<Member>) {
    let now = Instant::now();
    let mut keeper = Keeper { member, beat_at: now, save_at: now, touch_at: now + TOUCH_EVERY, failures: 0, heard: 0 };
    let mut regrouped = keeper.member.bus.regrouped.subscribe();
    while !keeper.member.has_left() {
        keeper.step().await;
        let pause = keeper.pause();
        tokio::select! {
            () = sleep(pause) => {}
            () = keeper.member.keeping.notified() => {}
            // The bus is there as long as its member.
            _ = regrouped.changed(), if keeper.failures == 0 => {
                let count = regrouped.borrow_and_update().get(&keeper.member.config.group).copied();
                keeper.hear(count.unwrap_or_default());
            }
        }
    }
    keeper.leave().await;
}

struct Keeper {
    member: Arc<Member>,
    beat_at: Instant,
    save_at: Instant,
    touch_at: Instant,
    failures: u32,
    /// How often it heard that its group changed.
    heard: u64,
}

impl Keeper {
    async fn step(&mut self) {
        if self.beat_at <= Instant::now() {
            let beaten = self.beat().await;
            self.note(beaten);
            self.touch().await;
        }
        if let Err(error) = self.give_back().await {
            self.note(Err(error));
        }
        if self.save_at <= Instant::now() && self.member.state().is_unsaved() {
            self.save_at = Instant::now() + SAVE_EVERY;
            let saved = self.save().await;
            if let Err(error) = &saved {
                // Tried again soon; what it costs is that events come again after a crash.
                tracing::debug!(cause = %error, "how far a group came could not be written");
            }
            if matches!(saved, Ok(false)) {
                // Somebody else holds a part of it: the next beat finds out which.
                self.beat_at = Instant::now();
            }
        }
    }

    /// Hears how often its group changed: it looks at it soon, once for changes that follow each other.
    fn hear(&mut self, count: u64) {
        if std::mem::replace(&mut self.heard, count) != count {
            self.beat_at = self.beat_at.min(Instant::now() + SETTLES_WITHIN);
        }
    }

    fn note(&mut self, beaten: Result<(), StoreError>) {
        match beaten {
            Ok(()) => {
                self.failures = 0;
                self.beat_at = Instant::now() + self.member.bus.config.member_lease / RENEWED_AFTER;
                self.member.advance(Phase::Joined);
            }
            Err(error) => {
                self.failures += 1;
                self.beat_at = Instant::now() + PAUSES.longest_after(self.failures);
                self.member.fail(error);
            }
        }
    }

    fn pause(&self) -> Duration {
        let next = if self.member.state().is_unsaved() { self.beat_at.min(self.save_at) } else { self.beat_at };
        next.saturating_duration_since(Instant::now())
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let Member { bus, id, config, .. } = &*self.member;
        let (asked_at, lease) = (Instant::now(), bus.config.member_lease);
        bus.renew(*id, config, lease).await?;
        let view = bus.view(&config.group, &config.topics).await?;
        let plan = {
            let mut state = self.member.state();
            state.keep_what_is_held(*id, &view);
            let has_lapsed = state.good_until.replace(asked_at + lease).is_some_and(|until| until < asked_at);
            let mut plan = share::plan(*id, &config.topics, &state.held(), &view);
            if has_lapsed {
                // The leases of all others may have ended with this one, as in an election: they have a moment, too.
                plan.take.clear();
            }
            for (partition, sequence) in &mut state.sequences {
                sequence.goes_back = plan.give_back.contains(partition);
            }
            plan
        };
        let forsaken =
            plan.forsaken.iter().map(|place| Statement::release(*id, place.epoch, place.partition, place.next));
        bus.write(&config.group, forsaken.collect()).await?;
        self.take(plan).await?;
        self.member.changed.notify_one();
        Ok(())
    }

    /// Places of a quiet topic are written by nothing else.
    async fn touch(&mut self) {
        if self.touch_at > Instant::now() {
            return;
        }
        self.touch_at = Instant::now() + TOUCH_EVERY;
        if let Err(error) = self.member.bus.touch(self.member.id, &self.member.config).await {
            tracing::debug!(cause = %error, "places could not be marked as in use: that is tried again in an hour");
        }
    }

    async fn take(&self, plan: Plan) -> Result<(), StoreError> {
        if plan.take.is_empty() {
            return Ok(());
        }
        let Member { bus, id, config, .. } = &*self.member;
        let asked: BTreeSet<(Partition, i64)> =
            plan.take.iter().map(|place| (place.partition, place.epoch + 1)).collect();
        // Those that somebody else took meanwhile are not ours.
        bus.write(&config.group, plan.take.iter().map(|place| Statement::take(*id, place)).collect()).await?;
        let view = bus.view(&config.group, &config.topics).await?;
        let is_ours = |place: &&Place| place.holder == Some(*id) && asked.contains(&(place.partition, place.epoch));
        let ours: Vec<Place> = view.places.values().filter(is_ours).copied().collect();
        let starts = bus.starts(&config.group, &ours).await?;
        let mut state = self.member.state();
        for (place, next) in ours.iter().zip(starts) {
            state.sequences.insert(place.partition, Sequence::new(place, next));
        }
        drop(state);
        self.member.reading.notify_one();
        Ok(())
    }

    /// Gives back what goes back and has nothing on loan.
    async fn give_back(&self) -> Result<(), StoreError> {
        let Member { bus, id, config, .. } = &*self.member;
        // Order matters: nothing is lent or settled any more of what is given back.
        let statements = self.member.state().let_go(*id, false);
        bus.write(&config.group, statements).await.map(drop)
    }

    async fn save(&self) -> Result<bool, StoreError> {
        let Member { bus, id, config, .. } = &*self.member;
        let unsaved = self.member.state().unsaved(*id);
        let mut places = Vec::with_capacity(unsaved.len());
        let mut statements = Vec::with_capacity(unsaved.len());
        for (partition, epoch, next, statement) in unsaved {
            places.push((partition, epoch, next));
            statements.push(statement);
        }
        let written = bus.write(&config.group, statements).await;
        self.member.state().note_saved(&places, written.is_ok());
        written
    }

    /// Gives back everything.
    async fn leave(self) {
        let Member { bus, id, config, .. } = &*self.member;
        let releases = self.member.state().let_go(*id, true);
        let mut failure = None;
        for tries in 1..=LEAVE_TRIES {
            let left = async {
                bus.write(&config.group, releases.clone()).await?;
                bus.forget(*id).await
            };
            match left.await {
                Ok(()) => failure = None,
                Err(error) => {
                    failure = Some(error);
                    sleep(PAUSES.longest_after(tries)).await;
                }
            }
            if failure.is_none() {
                break;
            }
        }
        if let Some(failure) = failure {
            self.member.fail(failure);
        }
        self.member.advance(Phase::Left);
    }
}
