//! The gateway: what the marketplace asks is a request to the bank, and the bank's notices are believed by their signature.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::{Method, Request, StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use serde_json::{Value, json};
use sha2::Sha256;
use ticketing::core::domain::buyer_action::{ActionUrl, BuyerAction};
use ticketing::core::domain::payment::CaptureOutcome;
use ticketing::core::ports::BoxError;
use ticketing::core::ports::gateway::{Capture, GatewayError, GatewayNotice, Refund, UnverifiedNotice};
use ticketing::{PaymentGateway, PaymentId, Timestamp};
use tokio::time::timeout;

/// Takes money at the bank of this address, whose notices are signed with the secret.
#[derive(Debug, Clone)]
pub(crate) struct BankGateway {
    pub(crate) address: String,
    pub(crate) secret: &'static [u8],
    pub(crate) http: Client<HttpConnector, Full<Bytes>>,
}

impl BankGateway {
    async fn call(&self, method: Method, path: String, body: Value) -> Result<(StatusCode, Value), BoxError> {
        let request = Request::builder().method(method).uri(format!("{}/payments/{path}", self.address));
        let request = request.header("content-type", "application/json").body(Full::from(body.to_string()))?;
        let response = timeout(Duration::from_secs(10), self.http.request(request)).await??;
        let (status, body) = (response.status(), response.into_body().collect().await?.to_bytes());
        Ok((status, serde_json::from_slice(&body)?))
    }

    async fn ask(&self, method: Method, path: String, body: Value) -> Result<CaptureOutcome, GatewayError> {
        let said = self.call(method, path, body).await.and_then(|(_, said)| outcome(&said));
        said.map_err(GatewayError::Unavailable)
    }

    fn believe(&self, notice: &UnverifiedNotice, now: Timestamp) -> Option<GatewayNotice> {
        let (sent_at, signature) = (notice.header("bank-time")?, notice.header("bank-signature")?);
        let mac = Hmac::<Sha256>::new_from_slice(self.secret).ok()?.chain_update(sent_at).chain_update(&notice.body);
        mac.verify_slice(&BASE64_STANDARD.decode(signature).ok()?).ok()?;
        let sent_at = Timestamp::from_millis(std::str::from_utf8(sent_at).ok()?.parse().ok()?);
        let body: Value = serde_json::from_slice(&notice.body).ok()?;
        let notice = GatewayNotice { payment: body["payment"].as_str()?.parse().ok()?, outcome: outcome(&body).ok()? };
        // One that was signed longer ago, or further ahead, may be a replay.
        (now.since(sent_at).max(sent_at.since(now)) <= Duration::from_mins(5)).then_some(notice)
    }
}

/// What the bank says of a payment. Whatever is not understood may be a charge: the payment is looked up later.
fn outcome(said: &Value) -> Result<CaptureOutcome, BoxError> {
    let text = |field: &str| said[field].as_str().ok_or_else(|| format!("the bank says no {field}"));
    match text("status")? {
        "captured" => Ok(CaptureOutcome::Captured { reference: text("reference")?.into() }),
        "declined" => Ok(CaptureOutcome::Declined { reason: text("reason")?.into() }),
        "action" => Ok(CaptureOutcome::ActionRequired(BuyerAction::Redirect(ActionUrl::parse(text("url")?)?))),
        other => Err(format!("the bank says that a payment is {other}").into()),
    }
}

#[async_trait]
impl PaymentGateway for BankGateway {
    async fn capture(&self, Capture { payment, total, card, .. }: &Capture) -> Result<CaptureOutcome, GatewayError> {
        let body = json!({ "amount": total.amount, "currency": total.currency.code(), "card": card.expose() });
        self.ask(Method::PUT, payment.to_string(), body).await
    }

    async fn look_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        match self.call(Method::GET, payment.to_string(), Value::Null).await.map_err(GatewayError::Unavailable)? {
            // What never arrived is closed before anybody hears so, or it could be charged later.
            (StatusCode::NOT_FOUND, _) => self.give_up(payment).await,
            (_, said) => outcome(&said).map_err(GatewayError::Unavailable),
        }
    }

    async fn give_up(&self, payment: PaymentId) -> Result<CaptureOutcome, GatewayError> {
        self.ask(Method::POST, format!("{payment}/close"), Value::Null).await
    }

    async fn refund(&self, Refund { id, payment, amount, .. }: &Refund) -> Result<(), GatewayError> {
        let refund = self.call(Method::PUT, format!("{payment}/refunds/{id}"), json!({ "amount": amount.amount }));
        match refund.await.map_err(GatewayError::Unavailable)?.0 {
            StatusCode::OK => Ok(()),
            StatusCode::CONFLICT => Err(GatewayError::ExceedsCharge),
            status => Err(GatewayError::Unavailable(format!("the bank answers {status}").into())),
        }
    }

    async fn verify_notice(&self, notice: &UnverifiedNotice, now: Timestamp) -> Result<GatewayNotice, GatewayError> {
        self.believe(notice, now).ok_or(GatewayError::Forged)
    }
}
