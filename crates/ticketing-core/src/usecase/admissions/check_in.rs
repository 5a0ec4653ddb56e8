//! Lets a person in at the door of a ticket.

use tracing::Instrument;

use crate::domain::admission::{Check, CheckChange, Checked};
use crate::domain::door_links::DoorAccess;
use crate::domain::ids::{PassId, TicketId};
use crate::domain::order::IdempotencyKey;
use crate::domain::pass::{CodedPass, PassCode};
use crate::domain::time::Timestamp;
use crate::messaging::spans;
use crate::ports::pass_store::PassRecord;
use crate::ports::store::UnitOfWork;
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::{Admissions, door_needs, opened};

/// Lets in a person who shows a pass.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckIn {
    /// The ticket whose door it is.
    pub ticket: TicketId,
    /// By what somebody stands at the door.
    pub by: DoorAccess,
    /// What was shown.
    pub shown: ShownPass,
    /// The check-in's own key: the same check-in again is welcome again.
    pub key: Option<IdempotencyKey>,
    /// When a door that was offline let the person in.
    pub let_in_at: Option<Timestamp>,
}

/// What a person shows at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShownPass {
    /// The code for people.
    Code(PassCode),
    /// The token for machines.
    Token(String),
}

impl ShownPass {
    /// Takes six symbols for a code, and anything else for a token.
    #[must_use]
    pub fn read(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Token(text.trim().to_owned()), Self::Code)
    }
}

impl CheckIn {
    /// At the door of `ticket`, `by` was shown this.
    #[must_use]
    pub fn new(by: impl Into<DoorAccess>, ticket: TicketId, shown: ShownPass) -> Self {
        Self { ticket, by: by.into(), shown, key: None, let_in_at: None }
    }

    /// Under a key, so that a check-in whose answer was lost may be repeated.
    #[must_use]
    pub fn key(self, key: Option<IdempotencyKey>) -> Self {
        Self { key, ..self }
    }

    /// By a door that was offline, and has let the person in already at this time by its clock.
    #[must_use]
    pub fn let_in_at(self, at: Option<Timestamp>) -> Self {
        Self { let_in_at: at, ..self }
    }
}

/// How the pass is found.
enum Named {
    Pass(PassId),
    Code(PassCode),
}

impl Admissions {
    /// Lets one person in and returns the used pass.
    ///
    /// Of two doors that see one pass at the same time, one lets in, and the other hears when that was; if it was offline
    /// and has let somebody in too, that is noted. A time to come is taken for now.
    ///
    /// # Errors
    ///
    /// - [`Error::TicketNotFound`]: there is no such ticket, or its event is still on its way.
    /// - [`Error::PassNotFound`]: the code or token belongs to no pass of this ticket.
    /// - [`Error::Pass`]: it was used before, is void or for another ticket, or `by` may not stand there.
    /// - A failure of the store: the pass may have been used.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_core::usecase::admissions::{CheckIn, ShownPass};
    /// use ticketing_crypto::Ed25519Signer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).places(2).await?;
    /// # market.pay(buyer, order.id, "tok_visa").await?;
    /// # market.settle().await?;
    /// let engines = market.engines();
    /// let context = engines.service_context(Settings::default());
    /// let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
    /// loops.settle().await?;
    /// let pass = admissions.passes_of(order.id, buyer).await?.remove(0);
    ///
    /// let shown = CheckIn::new(seller, opera.id, ShownPass::Token(pass.token));
    /// assert_eq!(admissions.check_in(shown, market.origin()).await?.code, pass.coded.code);
    ///
    /// let again = CheckIn::new(seller, opera.id, ShownPass::Code(pass.coded.code));
    /// assert_eq!(admissions.check_in(again, market.origin()).await.unwrap_err().code(), "pass_already_used");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check_in(&self, command: CheckIn, origin: Origin) -> Result<CodedPass, Error> {
        let span = spans::command("check in", &origin);
        async {
            let named = self.named(&command)?;
            retry_on_conflict(|| self.try_to_check_in(&command, &named, &origin)).await
        }
        .instrument(span)
        .await
    }

    /// Which pass was shown, as far as that can be told without the store.
    fn named(&self, command: &CheckIn) -> Result<Named, Error> {
        match &command.shown {
            ShownPass::Code(code) => Ok(Named::Code(*code)),
            ShownPass::Token(token) => {
                let claims = self.signer.verify_pass(token).map_err(|_| Error::PassNotFound)?;
                Ok(Named::Pass(claims.pass))
            }
        }
    }

    /// Loads, decides and commits once.
    async fn try_to_check_in(&self, command: &CheckIn, named: &Named, origin: &Origin) -> Result<CodedPass, Error> {
        let mut needs = door_needs(command.ticket, &command.by);
        match named {
            Named::Pass(pass) => needs.passes.push(*pass),
            Named::Code(code) => needs.codes.push((command.ticket, *code)),
        }
        let mut records = self.store.load(&needs).await?;
        // Order matters: a stranger learns nothing of passes.
        let door = opened(&mut records, &command.by)?;
        let stored = records.admissions.pop().ok_or(Error::PassNotFound)?;
        let is_meant = |coded: &&CodedPass| match named {
            Named::Pass(pass) => coded.pass.id == *pass,
            Named::Code(code) => coded.code == *code,
        };
        let meant = stored.record.passes.iter().find(is_meant).ok_or(Error::PassNotFound)?.pass.id;
        let now = self.env.now();
        let at = command.let_in_at.map_or(now, |at| at.min(now));
        let check = Check { at, key: command.key.clone(), was_offline: command.let_in_at.is_some() };
        let Checked { answer, change } = stored.record.check(meant, &door, &check);
        if let Some(CheckChange { admission, event }) = change {
            let mut work: UnitOfWork<PassRecord> = UnitOfWork::default().with(stored.replace(admission));
            work.events.extend(event.map(|event| self.env.seal(&event, now, origin)));
            let span = spans::commit(&work);
            self.store.commit(work).instrument(span).await?;
        }
        answer.map_err(Error::Pass)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::AccountId;
    use crate::ports::clock::{ClockAndIds, MockClock, MockIds};
    use crate::ports::pass_signer::MockPassSigner;
    use crate::ports::pass_store::MockPassStore;
    use crate::ports::store::StoreError;

    #[test]
    fn six_symbols_are_a_code_and_anything_else_is_a_token() {
        let code = "K7M-4QX".parse().unwrap();

        assert_eq!(ShownPass::read(" k7m 4qx "), ShownPass::Code(code));
        assert_eq!(ShownPass::read(" 1.abc "), ShownPass::Token("1.abc".to_owned()));
    }

    #[tokio::test]
    async fn a_store_that_is_away_lets_nobody_in() {
        let mut store = MockPassStore::new();
        store.expect_load().returning(|_| Err(StoreError::Unavailable("away".into())));
        let (signer, clock, ids) = (MockPassSigner::new(), Arc::new(MockClock::new()), Arc::new(MockIds::new()));
        let env = ClockAndIds { clock, ids };
        let admissions = Admissions { store: Arc::new(store), signer: Arc::new(signer), env };
        let shown = ShownPass::Code("K7M-4QX".parse().unwrap());
        let command = CheckIn::new(AccountId::from_u128(1), TicketId::from_u128(2), shown);

        let refused = admissions.check_in(command, Origin::new(Uuid::nil())).await;

        assert!(matches!(refused, Err(Error::Unavailable(_))));
    }
}
