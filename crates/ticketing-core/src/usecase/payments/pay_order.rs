//! Takes money for an order, once.
//!
//! Where the buyer must act first, the attempt waits with its action, which is returned whenever the order is to be
//! paid again: there is one attempt, whatever the card, until it has ended.
//!
//! The intent is committed before the gateway is asked, its answer after. A
//! crash in between leaves an intent that is settled later by looking it up.

use std::time::Duration;

use tracing::Instrument;

use crate::domain::ids::{AccountId, OrderId, PaymentId};
use crate::domain::order::IdempotencyKey;
use crate::domain::payment::PAYABLE;
use crate::domain::payment::{CardDigest, Payment, PaymentRefusal, PaymentRequest, PaymentStatus};
use crate::domain::time::Timestamp;
use crate::messaging::spans;
use crate::ports::gateway::{Capture, CardToken};
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord};
use crate::ports::store::{UnitOfWork, Write};
use crate::usecase::error::Error;
use crate::usecase::replica_wait::ReplicaWait;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::{Payments, account_of};

/// Asks to pay an order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PayOrder {
    /// Who pays.
    pub buyer: AccountId,
    /// Which order.
    pub order: OrderId,
    /// From which card.
    pub card: CardToken,
    /// What the buyer calls this request, so that asking twice pays once; another card is another request.
    pub key: Option<IdempotencyKey>,
}

impl PayOrder {
    /// Pays with this card.
    #[must_use]
    pub const fn new(buyer: AccountId, order: OrderId, card: CardToken) -> Self {
        Self { buyer, order, card, key: None }
    }

    /// Under this key, so that asking twice is answered by the same payment. `None` is none.
    #[must_use]
    pub fn key(self, key: impl Into<Option<IdempotencyKey>>) -> Self {
        Self { key: key.into(), ..self }
    }
}

/// What came of wanting to begin.
enum Begun {
    /// A new attempt is committed: ask the gateway.
    Now(Payment),
    /// This very request began it before, or another one that awaits the buyer.
    Before(Payment),
}

/// The order may have been placed while its event is in flight: ask again after a while.
#[derive(Debug, thiserror::Error)]
#[error("payments has not heard of order {order} yet, if there is one")]
pub struct NotHeardOf {
    /// Which order.
    pub order: OrderId,
    /// When asking again is worth it: the longer its event has been in flight, the later.
    pub retry_after: Duration,
}

const SOONEST_RETRY: Duration = Duration::from_secs(1);
const LATEST_RETRY: Duration = Duration::from_secs(10);

impl Payments {
    /// Takes money for an order.
    ///
    /// The payment that is returned is captured, or awaits its buyer, or is pending where the gateway kept silent.
    /// Whatever has not ended is settled by itself. While a payment awaits its buyer, paying again returns that one.
    ///
    /// # Errors
    ///
    /// [`Error::CardDeclined`], [`Error::Payment`] if the order wants no money, [`Error::OrderNotFound`],
    /// [`Error::KeyReused`], or [`Error::Unavailable`], also if the order may be one that payments has yet to
    /// hear of; after that, asking again with the same key is safe.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves an intent that is settled by itself, or nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, PaymentStatus, SandboxGateway};
    /// use ticketing_core::ports::gateway::CardToken;
    /// use ticketing_core::usecase::payments::PayOrder;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// # market.settle().await?;
    /// let pay = |card: &str| market.payments().pay_order(PayOrder::new(buyer, order.id, CardToken::new(card)), market.origin());
    /// assert_eq!(pay(SandboxGateway::CHARGE_DECLINED).await.unwrap_err().code(), "card_declined");
    /// let payment = pay(SandboxGateway::VISA).await?;
    /// assert!(matches!(payment.status, PaymentStatus::Captured { .. }));
    /// assert_eq!(pay(SandboxGateway::VISA).await.unwrap_err().code(), "already_paid");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pay_order(&self, command: PayOrder, origin: Origin) -> Result<Payment, Error> {
        let span = spans::command("pay order", &origin);
        self.pay(command, &origin).instrument(span).await
    }

    async fn pay(&self, command: PayOrder, origin: &Origin) -> Result<Payment, Error> {
        let payment = match self.begin(&command).await? {
            Begun::Now(payment) => payment,
            Begun::Before(payment) => return first_answer(payment),
        };
        // A crash here, or while the gateway is asked, is settled by looking the payment up.
        let capture = Capture { payment: payment.id, order: payment.order, total: payment.total, card: command.card };
        match self.gateway.capture(&capture).await {
            Ok(outcome) => first_answer(self.conclude(payment.id, &outcome, origin).await?),
            Err(error) => {
                let cause = crate::ports::error_chain(&error);
                tracing::warn!(payment = %payment.id, cause, "payment {} has no answer yet", payment.id);
                Ok(payment)
            }
        }
    }

    async fn begin(&self, command: &PayOrder) -> Result<Begun, Error> {
        let is_young = command.order.is_younger_than(self.waits.young(), self.env.now());
        let mut wait = ReplicaWait::new(&self.env, &self.waits, command.buyer, is_young);
        loop {
            match retry_on_conflict(|| self.try_to_begin(command)).await? {
                Some(begun) => return Ok(begun),
                None if wait.may_have_arrived().await => {}
                None => return Err(unheard(command.order, self.env.now())),
            }
        }
    }

    /// Loads, decides and commits once; `None` if the order is not heard of yet, if ever.
    async fn try_to_begin(&self, command: &PayOrder) -> Result<Option<Begun>, Error> {
        let key = command.key.clone().map(|key| (command.buyer, key));
        let needs =
            PaymentNeeds { payables: vec![command.order], keys: key.into_iter().collect(), ..PaymentNeeds::default() };
        let records = self.store.load(&needs).await?;
        if let Some(payment) = began_before(records.payments.iter().map(|stored| &stored.record), command)? {
            return Ok(Some(Begun::Before(payment)));
        }
        let Some(account) = account_of(&records, command.order) else { return Ok(None) };
        if account.payable.record.buyer != command.buyer {
            return Err(Error::OrderNotFound);
        }
        let now = self.env.now();
        let id = PaymentId::new(self.env.uuid(now));
        let card = Some(CardDigest::of(id, command.card.expose()));
        let request = PaymentRequest { id, key: command.key.clone(), card };
        let live = account.live.as_ref().map(|stored| &stored.record);
        let (payable, payment) = match (account.payable.record.clone().attempt(live, request, now), live) {
            (Ok(decision), _) => decision,
            (Err(PaymentRefusal::InProgress { .. }), Some(open)) if open.action().is_some() => {
                return Ok(Some(Begun::Before(open.clone())));
            }
            (Err(refusal), _) => return Err(Error::Payment(refusal)),
        };
        let work: UnitOfWork<PaymentRecord> =
            UnitOfWork::default().with(account.payable.replace(payable)).with(Write::insert(payment.clone()));
        let span = spans::commit(&work);
        self.store.commit(work).instrument(span).await?;
        Ok(Some(Begun::Now(payment)))
    }
}

/// An order that was acknowledged is never called not found, however far payments lags behind.
pub(super) fn unheard(order: OrderId, now: Timestamp) -> Error {
    if !order.is_younger_than(PAYABLE, now) {
        return Error::OrderNotFound;
    }
    // Buyers who ask again every second, all of them, keep a service that lags from catching up.
    let retry_after = (order.age(now) / 2).clamp(SOONEST_RETRY, LATEST_RETRY);
    Error::unavailable(NotHeardOf { order, retry_after })
}

/// The attempt that this very request began before, if it did.
fn began_before<'a>(
    mut payments: impl Iterator<Item = &'a Payment>,
    command: &PayOrder,
) -> Result<Option<Payment>, Error> {
    let Some(key) = &command.key else { return Ok(None) };
    match payments.find(|payment| payment.buyer == command.buyer && payment.key.as_ref() == Some(key)) {
        Some(payment) if payment.order == command.order && payment.may_be_of(command.card.expose()) => {
            Ok(Some(payment.clone()))
        }
        Some(_) => Err(Error::KeyReused),
        None => Ok(None),
    }
}

fn first_answer(payment: Payment) -> Result<Payment, Error> {
    match payment.status {
        PaymentStatus::Failed { reason } => Err(Error::CardDeclined { reason }),
        PaymentStatus::Pending
        | PaymentStatus::AwaitingBuyer { .. }
        | PaymentStatus::Captured { .. }
        | PaymentStatus::RefundDue { .. }
        | PaymentStatus::Refunded { .. } => Ok(payment),
    }
}
