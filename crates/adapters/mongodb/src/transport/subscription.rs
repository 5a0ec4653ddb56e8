//! A subscription: a member, and the loops behind it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::ports::transport::{Delivery, Subscription, SubscriptionConfig, TransportError};
use tokio::time::{Instant, sleep, timeout_at};

use super::member::{Member, Phase};
use super::{Bus, keeper, reader, unavailable};

/// How long a member waits at its end until the database knows of it.
const LEAVE_WITHIN: Duration = Duration::from_secs(10);

/// A subscription to a broker in `MongoDB`. Dropped, it leaves its group, in its own time.
#[derive(Debug)]
pub(super) struct MongoSubscription(Arc<Member>);

impl MongoSubscription {
    /// A new member, whose loops run from now on.
    pub(super) fn join(bus: &Arc<Bus>, config: SubscriptionConfig) -> Self {
        let member = Arc::new(Member::new(bus, config));
        bus.members.lock().push(Arc::downgrade(&member));
        tokio::spawn(keeper::run(Arc::clone(&member)));
        tokio::spawn(reader::run(Arc::clone(&member)));
        Self(member)
    }

    /// Waits until it is a member.
    pub(super) async fn has_joined(&self) -> Result<(), TransportError> {
        let Self(member) = self;
        while member.phase() < Phase::Joined {
            if let Some(failure) = member.take_failure() {
                return Err(unavailable(failure));
            }
            member.changed.notified().await;
        }
        Ok(())
    }

    /// Waits until nothing is on loan; returns how much is if that takes too long.
    async fn settled(&self, end: Instant) -> usize {
        let Self(member) = self;
        while member.out() > 0 {
            if timeout_at(end, member.changed.notified()).await.is_err() {
                break;
            }
        }
        member.out()
    }
}

#[async_trait]
impl Subscription for MongoSubscription {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        let Self(member) = self;
        loop {
            if member.phase() >= Phase::Stopped {
                return Ok(Vec::new());
            }
            if let Some(failure) = member.take_failure() {
                return Err(unavailable(failure));
            }
            let (batch, due) = member.lend(max.max(1));
            if !batch.is_empty() {
                return Ok(batch);
            }
            match due {
                None => member.changed.notified().await,
                Some(due) => tokio::select! {
                    () = member.changed.notified() => {}
                    () = sleep(due) => {}
                },
            }
        }
    }

    async fn stop(&mut self) {
        self.0.advance(Phase::Stopped);
    }

    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        self.0.advance(Phase::Stopped);
        let abandoned = self.settled(Instant::now() + deadline).await;
        let Self(member) = &*self;
        member.take_failure();
        member.advance(Phase::Leaving);
        let end = Instant::now() + LEAVE_WITHIN;
        while member.phase() < Phase::Left {
            if timeout_at(end, member.changed.notified()).await.is_err() {
                return Err(TransportError::Unavailable("nobody heard yet that the member left".into()));
            }
        }
        match member.take_failure() {
            Some(failure) => Err(unavailable(failure)),
            None => Ok(abandoned),
        }
    }
}

impl Drop for MongoSubscription {
    fn drop(&mut self) {
        self.0.advance(Phase::Leaving);
    }
}
