//! The state of an attempt, as Stripe reports it.

use std::sync::Arc;

use serde::Deserialize;
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction, Confirmation, InvalidAction};

use crate::error::Refusal;

/// An attempt as Stripe returns it.
#[derive(Deserialize)]
#[serde(tag = "object")]
pub(crate) enum Attempt {
    #[serde(rename = "payment_intent")]
    Intent(PaymentIntent),
    #[serde(rename = "checkout.session")]
    Session(CheckoutSession),
}

/// A charge of a payment method.
#[derive(Deserialize)]
pub(crate) struct PaymentIntent {
    pub(crate) id: Arc<str>,
    status: IntentStatus,
    client_secret: Option<String>,
    next_action: Option<NextAction>,
    last_payment_error: Option<Refusal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
}

#[derive(Deserialize)]
struct NextAction {
    redirect_to_url: Option<RedirectToUrl>,
}

#[derive(Deserialize)]
struct RedirectToUrl {
    url: Option<String>,
}

/// A page of Stripe where the buyer pays.
#[derive(Deserialize)]
pub(crate) struct CheckoutSession {
    pub(crate) id: Arc<str>,
    status: SessionStatus,
    payment_status: PaymentStatus,
    url: Option<String>,
    payment_intent: Option<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SessionStatus {
    Open,
    Complete,
    Expired,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum PaymentStatus {
    Paid,
    Unpaid,
    NoPaymentRequired,
}

/// The state of an attempt.
pub(crate) enum Stage {
    /// No money is taken unless it is confirmed (again). `failure` is why the last confirmation failed.
    Unconfirmed { failure: Option<Arc<str>> },
    /// It continues once the buyer has acted.
    AwaitsBuyer(BuyerAction),
    /// Its result is not known yet.
    Processing,
    /// The money was taken.
    Captured { reference: Arc<str> },
    /// No money will ever be taken.
    Over { reason: Arc<str> },
}

impl Attempt {
    pub(crate) fn id(&self) -> Arc<str> {
        match self {
            Self::Intent(intent) => Arc::clone(&intent.id),
            Self::Session(session) => Arc::clone(&session.id),
        }
    }

    pub(crate) fn stage(self) -> Result<Stage, InvalidAction> {
        match self {
            Self::Intent(intent) => intent.stage(),
            Self::Session(session) => session.stage(),
        }
    }
}

impl PaymentIntent {
    fn stage(self) -> Result<Stage, InvalidAction> {
        let failure = self.last_payment_error.map(|failure| failure.reason());
        Ok(match self.status {
            IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation => Stage::Unconfirmed { failure },
            IntentStatus::RequiresAction => {
                let url = self.next_action.and_then(|action| action.redirect_to_url?.url);
                Stage::AwaitsBuyer(action(url.as_deref(), self.client_secret.as_deref(), &self.id)?)
            }
            // `requires_capture` does not occur: intents are created with automatic capture.
            IntentStatus::Processing | IntentStatus::RequiresCapture => Stage::Processing,
            IntentStatus::Canceled => Stage::Over { reason: failure.unwrap_or_else(|| "canceled".into()) },
            IntentStatus::Succeeded => Stage::Captured { reference: self.id },
        })
    }
}

/// What the buyer must do: open an address, or act in Stripe's SDK with the client secret.
fn action(url: Option<&str>, client_secret: Option<&str>, id: &str) -> Result<BuyerAction, InvalidAction> {
    match url {
        Some(url) => ActionUrl::parse(url).map(BuyerAction::Redirect),
        None => Confirmation::parse(client_secret.unwrap_or_default(), id).map(BuyerAction::Confirm),
    }
}

impl CheckoutSession {
    fn stage(self) -> Result<Stage, InvalidAction> {
        Ok(match (self.status, self.payment_status, self.payment_intent) {
            (SessionStatus::Open, ..) => {
                Stage::AwaitsBuyer(BuyerAction::Redirect(ActionUrl::parse(&self.url.unwrap_or_default())?))
            }
            (SessionStatus::Complete, PaymentStatus::Paid, Some(reference)) => Stage::Captured { reference },
            (SessionStatus::Complete, ..) => Stage::Processing,
            (SessionStatus::Expired, ..) => Stage::Over { reason: "expired".into() },
        })
    }
}
