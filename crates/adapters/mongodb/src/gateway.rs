//! A sandbox whose answers outlive the process.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{DateTime, Uuid, doc};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction};
use ticketing_core::domain::ids::{PaymentId, RefundId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::moving::{SandboxAttempt, SandboxRefund};
use ticketing_core::ports::audit_reader::Charge;
use ticketing_core::ports::gateway::{
    Capture, GatewayError, GatewayNotice, Judgement, PaymentGateway, Refund, Sandbox, UnverifiedNotice,
};
use ticketing_core::ports::store::StoreError;

use crate::client::{Indexes, MongoClient, detached};
use crate::document::{MoneyDocument, Record, Wrong, signed, unsigned};
use crate::elections::Elections;
use crate::error::{MongoError, is_duplicate};

/// Makes a payment gateway of a sandbox, by keeping its answers.
///
/// The first answer to an attempt is written down, in the database `<prefix>_gateway`, before it is given;
/// from then on it is the answer, until a buyer who must act has acted, which a signed notice says. What is written is all the "money" there is, so the sandbox is not asked how an
/// attempt ended that is not written: it never began. Of a bank that would be wrong, so none is taken:
///
/// ```compile_fail,E0308
/// use std::sync::Arc;
/// use ticketing_core::ports::gateway::PaymentGateway;
/// use ticketing_mongodb::{MongoClient, MongoError, MongoGateway};
///
/// async fn open(client: &MongoClient, bank: Arc<dyn PaymentGateway>) -> Result<MongoGateway, MongoError> {
///     MongoGateway::open(client, bank).await
/// }
/// ```
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::ports::gateway::Sandbox;
/// use ticketing_mongodb::{MongoClient, MongoError, MongoGateway};
///
/// async fn open(client: &MongoClient, sandbox: Arc<dyn Sandbox>) -> Result<MongoGateway, MongoError> {
///     MongoGateway::open(client, sandbox).await
/// }
/// ```
#[derive(Clone)]
pub struct MongoGateway {
    sandbox: Arc<dyn Sandbox>,
    database: Database,
    attempts: Collection<Attempt>,
    elections: Elections,
}

impl std::fmt::Debug for MongoGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoGateway").field("attempts", &self.attempts.namespace()).finish_non_exhaustive()
    }
}

/// The result of an attempt. One of `reference` and `reason` has a final value; until then, `action` has one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    #[serde(rename = "_id")]
    payment: Uuid,
    /// The charge, where money was taken.
    reference: Option<Arc<str>>,
    /// Why no money was taken.
    reason: Option<Arc<str>>,
    /// Where the buyer must act.
    #[serde(default)]
    action: Option<String>,
    /// Of a charge, or one that awaits its buyer.
    total: Option<MoneyDocument>,
    /// Whether all of it went back.
    refunded: bool,
    /// What went back; earlier releases noted `refunded` alone.
    #[serde(default)]
    refunds: Vec<RefundDocument>,
    at: DateTime,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RefundDocument {
    id: Uuid,
    amount: i64,
}

impl MongoGateway {
    /// Opens the ledger of a sandbox.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the collection cannot be made.
    pub async fn open(client: &MongoClient, sandbox: Arc<dyn Sandbox>) -> Result<Self, MongoError> {
        let attempts = Indexes { collection: Attempt::COLLECTION, indexes: Vec::new() };
        let database = client.prepared("gateway", vec![attempts]).await?;
        let (attempts, elections) = (database.collection(Attempt::COLLECTION), client.elections.clone());
        Ok(Self { sandbox, database, attempts, elections })
    }

    /// How an attempt ended, if it was heard of.
    async fn known(&self, payment: PaymentId) -> Result<Option<CaptureOutcome>, GatewayError> {
        let (ledger, id) = (self.clone(), Uuid::from(payment.uuid()));
        let found = detached(async move { ledger.find(id).await }).await;
        found.map_err(unavailable)?.map(Attempt::outcome).transpose()
    }

    async fn find(&self, payment: Uuid) -> mongodb::error::Result<Option<Attempt>> {
        let find = || self.attempts.find_one(doc! { "_id": payment }).into_future();
        self.elections.read(&self.database, find).await
    }

    /// Writes down how an attempt ended, unless another wrote first; returns what stands.
    async fn note(&self, attempt: Attempt) -> Result<CaptureOutcome, GatewayError> {
        let ledger = self.clone();
        let noted = detached(async move {
            match ledger.attempts.insert_one(&attempt).await {
                Ok(_) => Ok(Some(attempt)),
                Err(error) if is_duplicate(&error) => ledger.find(attempt.payment).await,
                Err(error) => Err(error),
            }
        });
        let stands = noted.await.map_err(unavailable)?;
        stands.ok_or_else(|| GatewayError::Unavailable(Vanished.into()))?.outcome()
    }

    /// Notes a refund after which so much is left of the charge; `false` if the charge has other refunds than it had.
    async fn note_refund(&self, charge: &Attempt, refund: &Refund, left: i64) -> Result<bool, GatewayError> {
        let place = format!("refunds.{}", charge.refunds.len());
        let unchanged = doc! { "_id": charge.payment, place: { "$exists": false } };
        let entry = doc! { "id": Uuid::from(refund.id.uuid()), "amount": signed(refund.amount.amount) };
        let note = doc! { "$push": { "refunds": entry }, "$set": { "refunded": left == 0 } };
        let attempts = self.attempts.clone();
        let noted = detached(async move { attempts.update_one(unchanged, note).await }).await.map_err(unavailable)?;
        Ok(noted.matched_count > 0)
    }

    /// Ends an attempt that awaits its buyer; any other stays as it is.
    async fn end(&self, payment: PaymentId, outcome: &CaptureOutcome) -> Result<(), GatewayError> {
        let (field, text) = match outcome {
            CaptureOutcome::Captured { reference } => ("reference", reference),
            CaptureOutcome::Declined { reason } => ("reason", reason),
            CaptureOutcome::ActionRequired(_) => return Ok(()),
        };
        let open = doc! { "_id": Uuid::from(payment.uuid()), "reference": null, "reason": null };
        let (attempts, end) = (self.attempts.clone(), doc! { "$set": { field: &**text } });
        detached(async move { attempts.update_one(open, end).await }).await.map_err(unavailable)?;
        Ok(())
    }
}

fn unavailable(error: StoreError) -> GatewayError {
    GatewayError::Unavailable(error.into())
}

#[derive(Debug, thiserror::Error)]
#[error("an attempt to pay vanished from the ledger of the gateway")]
struct Vanished;

#[derive(Debug, thiserror::Error)]
#[error("the sandbox keeps silent about this card")]
struct Silent;

#[derive(Debug, thiserror::Error)]
#[error("the ledger of a sandbox keeps no confirmations by a script")]
struct NotKept;

#[derive(Debug, thiserror::Error)]
#[error("there is no such charge")]
struct NoSuchCharge;

#[async_trait]
impl PaymentGateway for MongoGateway {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        if let Some(outcome) = self.known(capture.payment).await? {
            return Ok(outcome);
        }
        let Judgement { outcome, is_answered } = self.sandbox.judge(capture);
        let stands = self.note(Attempt::of(capture.payment, outcome, Some(capture.total))?).await?;
        if is_answered {
            return Ok(stands);
        }
        self.sandbox.keep_silent().await;
        Err(GatewayError::Unavailable(Silent.into()))
    }

    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        match self.known(payment).await? {
            Some(outcome) => Ok(outcome),
            None => {
                // What is not written never began, and never will.
                let outcome = CaptureOutcome::Declined { reason: "never_arrived".into() };
                self.note(Attempt::of(payment, outcome, None)?).await
            }
        }
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        self.end(payment, &CaptureOutcome::Declined { reason: "abandoned".into() }).await?;
        self.look_up(payment).await
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        let id = Uuid::from(refund.payment.uuid());
        loop {
            let ledger = self.clone();
            let found = detached(async move { ledger.find(id).await }).await.map_err(unavailable)?;
            let charge = found.ok_or_else(|| GatewayError::Unavailable(NoSuchCharge.into()))?;
            match charge.left_after(refund)? {
                None => return Ok(()),
                Some(left) if self.note_refund(&charge, refund, left).await? => return Ok(()),
                // Another refund was faster: decide again.
                Some(_) => {}
            }
        }
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        let notice = self.sandbox.verify_notice(notice, now)?;
        // Who signs a notice plays the bank, where the buyer acts.
        self.end(notice.payment, &notice.outcome).await?;
        Ok(notice)
    }
}

impl Attempt {
    fn of(payment: PaymentId, outcome: CaptureOutcome, total: Option<Money>) -> Result<Self, GatewayError> {
        let (reference, reason, action) = match outcome {
            CaptureOutcome::Captured { reference } => (Some(reference), None, None),
            CaptureOutcome::Declined { reason } => (None, Some(reason), None),
            CaptureOutcome::ActionRequired(BuyerAction::Redirect(url)) => (None, None, Some(url.expose().to_owned())),
            CaptureOutcome::ActionRequired(BuyerAction::Confirm(_)) => {
                return Err(GatewayError::Unavailable(NotKept.into()));
            }
        };
        let total = total.filter(|_| reason.is_none()).map(MoneyDocument::from);
        let (payment, at) = (payment.uuid().into(), DateTime::now());
        Ok(Self { payment, reference, reason, action, total, refunded: false, refunds: Vec::new(), at })
    }

    /// What is left of the charge after a refund; `None` if that refund was made before.
    fn left_after(&self, refund: &Refund) -> Result<Option<i64>, GatewayError> {
        let amount = MoneyDocument::from(refund.amount);
        let is_it = |total: &&MoneyDocument| {
            self.reference.as_ref() == Some(&refund.reference) && total.currency == amount.currency
        };
        let total = self.total.as_ref().filter(is_it).ok_or_else(|| GatewayError::Unavailable(NoSuchCharge.into()))?;
        let id = Uuid::from(refund.id.uuid());
        // Earlier releases refunded all of a charge, under the id of its payment.
        let by_earlier = self.refunded && self.refunds.is_empty();
        if self.refunds.iter().any(|refund| refund.id == id) || (by_earlier && id == self.payment) {
            return Ok(None);
        }
        let gone = if by_earlier { total.amount } else { self.refunds.iter().map(|refund| refund.amount).sum() };
        let left = total.amount - gone - amount.amount;
        if left < 0 { Err(GatewayError::ExceedsCharge) } else { Ok(Some(left)) }
    }

    fn outcome(self) -> Result<CaptureOutcome, GatewayError> {
        Ok(match (self.reference, self.reason, self.action) {
            (Some(reference), ..) => CaptureOutcome::Captured { reference },
            (None, None, Some(url)) => {
                let url = ActionUrl::parse(&url).map_err(|error| GatewayError::Unavailable(error.into()))?;
                CaptureOutcome::ActionRequired(BuyerAction::Redirect(url))
            }
            (None, reason, _) => CaptureOutcome::Declined { reason: reason.unwrap_or_else(|| "unknown".into()) },
        })
    }
}

/// An attempt of the sandbox with its refunds, to be moved.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct BooksDocument(Attempt);

impl BooksDocument {
    pub(crate) fn of(moved: SandboxAttempt) -> Result<Attempt, GatewayError> {
        let SandboxAttempt { payment, outcome, total, refunds } = moved;
        let refund =
            |refund: &SandboxRefund| RefundDocument { id: refund.id.uuid().into(), amount: signed(refund.amount) };
        let gone: u64 = refunds.iter().map(|refund| refund.amount).sum();
        Ok(Attempt {
            total: total.map(MoneyDocument::from),
            refunded: total.is_some_and(|total| gone > 0 && total.amount == gone),
            refunds: refunds.iter().map(refund).collect(),
            ..Attempt::of(payment, outcome, None)?
        })
    }
}

impl Record for BooksDocument {
    type Domain = SandboxAttempt;
    const COLLECTION: &'static str = Attempt::COLLECTION;

    fn into_domain(self) -> Result<SandboxAttempt, Wrong> {
        let Self(attempt) = self;
        let refund = |refund: &RefundDocument| {
            let id = RefundId::new(refund.id.into());
            Ok(SandboxRefund { id, amount: unsigned(refund.amount)? })
        };
        Ok(SandboxAttempt {
            payment: PaymentId::new(attempt.payment.into()),
            total: attempt.total.clone().map(Money::try_from).transpose()?,
            refunds: attempt.refunds.iter().map(refund).collect::<Result<_, Wrong>>()?,
            outcome: attempt.outcome().map_err(|_| "no result of an attempt")?,
        })
    }
}

/// The money that was taken by an attempt that has a reference.
impl Record for Attempt {
    type Domain = Charge;
    const COLLECTION: &'static str = "attempts";

    fn into_domain(self) -> Result<Charge, Wrong> {
        let total = self.total.ok_or("a charge without an amount")?.try_into()?;
        Ok(Charge { payment: PaymentId::new(self.payment.into()), total, refunded: self.refunded })
    }
}
