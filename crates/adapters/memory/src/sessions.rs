//! Keeps sessions.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::identity::{IdentityError, Session, SessionStore, TokenDigest};

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;

/// Keeps sessions in memory. A clone is a handle to the same sessions.
#[derive(Debug, Clone)]
pub struct MemorySessions {
    clock: Arc<dyn Clock>,
    sessions: Arc<Lock<Sessions>>,
    faults: FaultPlan,
}

#[derive(Default)]
struct Sessions {
    by_id: HashMap<SessionId, Session>,
    by_account: HashMap<AccountId, BTreeSet<SessionId>>,
    by_end: BTreeSet<(Timestamp, SessionId)>,
}

impl MemorySessions {
    /// No sessions yet; the clock says which have expired.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, sessions: Arc::default(), faults: FaultPlan::none() }
    }

    /// A handle to the same sessions that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { faults, ..self.clone() }
    }

    /// Does something with the sessions that are alive.
    async fn run<T>(&self, operation: Operation, effect: impl FnOnce(&mut Sessions) -> T) -> Result<T, IdentityError> {
        let run = || {
            let mut sessions = self.sessions.lock();
            sessions.forget_expired(self.clock.now());
            Ok(effect(&mut sessions))
        };
        self.faults.run(operation, run).await
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn create(&self, session: Session) -> Result<(), IdentityError> {
        self.run(Operation::Commit, |sessions| sessions.create(session)).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, IdentityError> {
        self.run(Operation::Read, |sessions| sessions.by_id.get(&id).cloned()).await
    }

    async fn refresh(&self, used: TokenDigest, next: Session) -> Result<bool, IdentityError> {
        self.run(Operation::Commit, |sessions| sessions.refresh(used, next)).await
    }

    async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, IdentityError> {
        self.run(Operation::Commit, |sessions| sessions.revoke(account, id)).await
    }

    async fn revoke_all(&self, account: AccountId, keep: Option<SessionId>) -> Result<(), IdentityError> {
        self.run(Operation::Commit, |sessions| sessions.revoke_all(account, keep)).await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError> {
        self.run(Operation::Read, |sessions| sessions.of(account)).await
    }
}

impl Sessions {
    fn forget_expired(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.by_end.first().copied().filter(|(end, _)| *end <= now) {
            self.forget(id);
        }
    }

    fn create(&mut self, session: Session) {
        let account = session.account;
        self.keep(session);
        let mut own = self.of(account);
        for oldest in own.drain(Session::MAX_PER_ACCOUNT.min(own.len())..) {
            self.forget(oldest.id);
        }
    }

    fn keep(&mut self, session: Session) {
        self.forget(session.id);
        self.by_account.entry(session.account).or_default().insert(session.id);
        self.by_end.insert((session.expires_at, session.id));
        self.by_id.insert(session.id, session);
    }

    fn forget(&mut self, id: SessionId) {
        let Some(session) = self.by_id.remove(&id) else { return };
        self.by_end.remove(&(session.expires_at, id));
        if let Some(own) = self.by_account.get_mut(&session.account) {
            own.remove(&id);
            if own.is_empty() {
                self.by_account.remove(&session.account);
            }
        }
    }

    fn refresh(&mut self, used: TokenDigest, next: Session) -> bool {
        let is_current = self.by_id.get(&next.id).is_some_and(|session| session.current == used);
        if is_current {
            self.keep(next);
        }
        is_current
    }

    fn revoke(&mut self, account: AccountId, id: SessionId) -> bool {
        let is_own = self.by_id.get(&id).is_some_and(|session| session.account == account);
        if is_own {
            self.forget(id);
        }
        is_own
    }

    fn revoke_all(&mut self, account: AccountId, keep: Option<SessionId>) {
        for id in self.by_account.get(&account).cloned().unwrap_or_default() {
            if keep != Some(id) {
                self.forget(id);
            }
        }
    }

    fn of(&self, account: AccountId) -> Vec<Session> {
        let own = self.by_account.get(&account).into_iter().flatten();
        let mut own: Vec<_> = own.filter_map(|id| self.by_id.get(id)).cloned().collect();
        own.sort_by_key(|session| Reverse((session.created_at, session.id)));
        own
    }
}
