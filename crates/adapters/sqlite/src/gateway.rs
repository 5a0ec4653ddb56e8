//! A sandbox whose answers outlive the process.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction};
use ticketing_core::domain::ids::{PaymentId, RefundId};
use ticketing_core::domain::money::Money;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::moving::{SandboxAttempt, SandboxRefund};
use ticketing_core::ports::error_chain;
use ticketing_core::ports::gateway::{
    Capture, GatewayError, GatewayNotice, Judgement, PaymentGateway, Refund, Sandbox, UnverifiedNotice,
};
use ticketing_core::ports::unreadable::Unreadable;
use uuid::Uuid;

use crate::attempt_keys::money;
use crate::document::{blob, signed};
use crate::error::Failure;
use crate::file::SqliteFile;

/// Makes a payment gateway of a sandbox, by keeping its answers in the file.
///
/// The first answer to an attempt is written down before it is given; from then on it is the answer, until a buyer who
/// must act has acted, which a signed notice says. What is written is all the "money" there is, so the sandbox is not
/// asked how an attempt ended that is not written: it never began. Of a bank that would be wrong, so none is taken.
#[derive(Clone)]
pub struct SqliteGateway {
    file: SqliteFile,
    sandbox: Arc<dyn Sandbox>,
}

impl SqliteGateway {
    /// The books of a sandbox.
    #[must_use]
    pub fn of(file: &SqliteFile, sandbox: Arc<dyn Sandbox>) -> Self {
        Self { file: file.clone(), sandbox }
    }

    async fn known(&self, payment: PaymentId) -> Result<Option<CaptureOutcome>, GatewayError> {
        let found = self.file.read(move |connection| Attempt::find(connection, payment)).await;
        found.map_err(unavailable)?.map(Attempt::outcome).transpose()
    }

    /// Writes down how an attempt ended, unless that is written; returns what stands.
    async fn note(&self, payment: PaymentId, attempt: Attempt) -> Result<CaptureOutcome, GatewayError> {
        let note = move |connection: &Connection| {
            attempt.note(connection, payment)?;
            Attempt::find(connection, payment)
        };
        let stands = self.file.write(note).await.map_err(unavailable)?;
        stands.ok_or_else(|| GatewayError::Unavailable(Vanished.into()))?.outcome()
    }

    /// Ends an attempt that awaits its buyer; any other stays as it is.
    async fn end(&self, payment: PaymentId, outcome: &CaptureOutcome) -> Result<(), GatewayError> {
        let (reference, reason) = match outcome {
            CaptureOutcome::Captured { reference } => (Some(Arc::clone(reference)), None),
            CaptureOutcome::Declined { reason } => (None, Some(Arc::clone(reason))),
            CaptureOutcome::ActionRequired(_) => return Ok(()),
        };
        let end = move |connection: &Connection| {
            let sql = "UPDATE attempts SET reference = ?2, reason = ?3
                 WHERE id = ?1 AND reference IS NULL AND reason IS NULL";
            let (reference, reason) = (reference.as_deref(), reason.as_deref());
            Ok(connection.prepare_cached(sql)?.execute((blob(payment.uuid()), reference, reason))?)
        };
        self.file.write(end).await.map(drop).map_err(unavailable)
    }
}

fn unavailable(failure: Failure) -> GatewayError {
    GatewayError::Unavailable(failure.into_source())
}

#[derive(Debug, thiserror::Error)]
#[error("an attempt to pay vanished from the books of the sandbox")]
struct Vanished;

#[derive(Debug, thiserror::Error)]
#[error("the sandbox keeps silent about this card")]
struct Silent;

#[derive(Debug, thiserror::Error)]
#[error("the books of a sandbox keep no confirmations by a script")]
struct NotKept;

#[derive(Debug, thiserror::Error)]
#[error("there is no such charge")]
struct NoSuchCharge;

#[async_trait]
impl PaymentGateway for SqliteGateway {
    async fn capture(&self, capture: &Capture) -> Result<CaptureOutcome, GatewayError> {
        if let Some(outcome) = self.known(capture.payment).await? {
            return Ok(outcome);
        }
        let Judgement { outcome, is_answered } = self.sandbox.judge(capture);
        let stands = self.note(capture.payment, Attempt::of(outcome, Some(capture.total))?).await?;
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
                self.note(payment, Attempt::of(outcome, None)?).await
            }
        }
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        self.end(payment, &CaptureOutcome::Declined { reason: "abandoned".into() }).await?;
        self.look_up(payment).await
    }

    async fn refund(&self, refund: &Refund) -> Result<(), GatewayError> {
        let refund = refund.clone();
        let refunded = self.file.write(move |connection| give_back(connection, &refund)).await;
        refunded.map_err(unavailable)?
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        let notice = self.sandbox.verify_notice(notice, now)?;
        // Who signs a notice plays the bank, where the buyer acts.
        self.end(notice.payment, &notice.outcome).await?;
        Ok(notice)
    }
}

/// The result of an attempt, as it is written.
struct Attempt {
    reference: Option<Arc<str>>,
    reason: Option<Arc<str>>,
    /// Where the buyer must act.
    action: Option<String>,
    /// Of a charge, or one that awaits its buyer.
    amount: Option<i64>,
    currency: Option<String>,
}

impl Attempt {
    fn of(outcome: CaptureOutcome, total: Option<Money>) -> Result<Self, GatewayError> {
        let (reference, reason, action) = match outcome {
            CaptureOutcome::Captured { reference } => (Some(reference), None, None),
            CaptureOutcome::Declined { reason } => (None, Some(reason), None),
            CaptureOutcome::ActionRequired(BuyerAction::Redirect(url)) => (None, None, Some(url.expose().to_owned())),
            CaptureOutcome::ActionRequired(BuyerAction::Confirm(_)) => {
                return Err(GatewayError::Unavailable(NotKept.into()));
            }
        };
        let total = total.filter(|_| reason.is_none());
        let (amount, currency) = (total.map(|total| signed(total.amount)), total.map(|total| total.currency));
        Ok(Self { reference, reason, action, amount, currency: currency.map(|currency| currency.code().to_owned()) })
    }

    fn find(connection: &Connection, payment: PaymentId) -> Result<Option<Self>, Failure> {
        let sql = "SELECT reference, reason, action, amount, currency FROM attempts WHERE id = ?1";
        let found = connection.prepare_cached(sql)?.query_row([blob(payment.uuid())], |row| {
            Ok(Self {
                reference: row.get(0)?,
                reason: row.get(1)?,
                action: row.get(2)?,
                amount: row.get(3)?,
                currency: row.get(4)?,
            })
        });
        Ok(found.optional()?)
    }

    fn note(&self, connection: &Connection, payment: PaymentId) -> Result<(), Failure> {
        let sql = "INSERT INTO attempts (id, reference, reason, action, amount, currency) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING";
        let Self { reference, reason, action, amount, currency } = self;
        let params = (blob(payment.uuid()), reference, reason, action, amount, currency);
        connection.prepare_cached(sql)?.execute(params)?;
        Ok(())
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

/// An attempt with its refunds, to be moved.
pub(crate) fn kept(connection: &Connection, payment: PaymentId) -> Result<Option<SandboxAttempt>, Failure> {
    let Some(attempt) = Attempt::find(connection, payment)? else { return Ok(None) };
    let total = attempt.amount.zip(attempt.currency.as_deref());
    let total = total.map(|(amount, code)| money("attempts", payment, amount, code)).transpose()?;
    let wrong =
        |error: GatewayError| Unreadable { collection: "attempts", id: payment.to_string(), what: error_chain(&error) };
    let outcome = attempt.outcome().map_err(wrong)?;
    Ok(Some(SandboxAttempt { payment, outcome, total, refunds: refunds(connection, payment)? }))
}

fn refunds(connection: &Connection, payment: PaymentId) -> Result<Vec<SandboxRefund>, Failure> {
    let mut select = connection.prepare_cached("SELECT id, amount FROM refunds WHERE attempt = ?1 ORDER BY id")?;
    let found = select.query_map([blob(payment.uuid())], |row| {
        let id = RefundId::new(Uuid::from_bytes(row.get(0)?));
        Ok(SandboxRefund { id, amount: row.get::<_, i64>(1)?.unsigned_abs() })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Notes a refund once; what the books say against it is not a failure of the file.
fn give_back(connection: &Connection, refund: &Refund) -> Result<Result<(), GatewayError>, Failure> {
    let attempt = Attempt::find(connection, refund.payment)?.filter(|attempt| {
        attempt.reference.as_ref() == Some(&refund.reference)
            && attempt.currency.as_deref() == Some(refund.amount.currency.code())
    });
    let Some(total) = attempt.and_then(|attempt| attempt.amount) else {
        return Ok(Err(GatewayError::Unavailable(NoSuchCharge.into())));
    };
    let (payment, id, amount) = (blob(refund.payment.uuid()), blob(refund.id.uuid()), signed(refund.amount.amount));
    let sql = "SELECT 1 FROM refunds WHERE attempt = ?1 AND id = ?2";
    if connection.prepare_cached(sql)?.exists((&payment, &id))? {
        return Ok(Ok(()));
    }
    let sql = "SELECT coalesce(sum(amount), 0) FROM refunds WHERE attempt = ?1";
    let gone: i64 = connection.prepare_cached(sql)?.query_row([&payment], |row| row.get(0))?;
    if gone.saturating_add(amount) > total {
        return Ok(Err(GatewayError::ExceedsCharge));
    }
    let sql = "INSERT INTO refunds (attempt, id, amount) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute((payment, id, amount))?;
    Ok(Ok(()))
}

impl fmt::Debug for SqliteGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteGateway").field("file", &self.file).finish_non_exhaustive()
    }
}
