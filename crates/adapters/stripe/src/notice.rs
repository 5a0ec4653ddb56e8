//! Notices: their signature and their content.
//!
//! The header is `t=<unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`. It has several `v1` while the secret of the
//! endpoint is being rolled, and may have other schemes, which are ignored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::gateway::UnverifiedNotice;

use crate::attempts::PAYMENT;
use crate::error::StripeError;

const SIGNATURE: &str = "stripe-signature";

/// A notice that was signed longer ago, or further ahead, may be a replay.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The signing secrets of the webhook endpoint.
#[derive(Clone)]
pub(crate) struct NoticeSecrets(Arc<[String]>);

/// The content of a genuine notice.
pub(crate) enum News {
    /// The money was taken; no later notice changes that.
    Captured { payment: PaymentId, reference: Arc<str> },
    /// The payment changed. Notices arrive in any order, so its current state must be read.
    Changed { payment: PaymentId },
    /// Not about a payment of this marketplace.
    Unrelated,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Subject,
}

#[derive(Deserialize)]
struct Subject {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    id: Arc<str>,
    metadata: serde_json::Map<String, serde_json::Value>,
}

impl NoticeSecrets {
    pub(crate) fn new(secrets: &[String]) -> Result<Self, StripeError> {
        let are_secrets = !secrets.is_empty() && secrets.iter().all(|secret| secret.starts_with("whsec_"));
        if are_secrets { Ok(Self(secrets.into())) } else { Err(StripeError::WebhookSecret) }
    }

    /// Whether the notice was signed with one of the secrets within five minutes of `now`.
    pub(crate) fn prove(&self, notice: &UnverifiedNotice, now: Timestamp) -> bool {
        let header = notice.header(SIGNATURE).and_then(|header| std::str::from_utf8(header).ok());
        let Some((seconds, proofs)) = header.and_then(parse) else { return false };
        let signed_at = Timestamp::from_millis(seconds.saturating_mul(1000));
        let is_fresh = now.since(signed_at) <= TOLERANCE && signed_at.since(now) <= TOLERANCE;
        is_fresh && self.0.iter().any(|secret| is_signed(secret, seconds, &notice.body, &proofs))
    }
}

fn is_signed(secret: &str, seconds: i64, body: &[u8], proofs: &[Vec<u8>]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    // In constant time, so that nobody can guess a signature byte by byte.
    proofs.iter().any(|proof| mac.clone().verify_slice(proof).is_ok())
}

/// The time of a header, and its signatures.
fn parse(header: &str) -> Option<(i64, Vec<Vec<u8>>)> {
    let fields = || header.split(',').filter_map(|field| field.split_once('='));
    let mut times = fields().filter(|(name, _)| *name == "t").map(|(_, seconds)| seconds);
    // With two times, it would be unclear which one was signed.
    let seconds = times.next().filter(|_| times.next().is_none())?.parse().ok()?;
    Some((seconds, fields().filter(|(name, _)| *name == "v1").filter_map(|(_, proof)| unhex(proof)).collect()))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// Reads a genuine notice. An endpoint may receive any event of the account, so what cannot be read is unrelated.
pub(crate) fn read(body: &[u8]) -> News {
    let Ok(Event { kind, data: Subject { object } }) = serde_json::from_slice(body) else { return News::Unrelated };
    let payment = object.metadata.get(PAYMENT).and_then(|payment| payment.as_str()?.parse().ok());
    match (payment, kind.as_str()) {
        (Some(payment), "payment_intent.succeeded") => News::Captured { payment, reference: object.id },
        (
            Some(payment),
            "payment_intent.payment_failed"
            | "payment_intent.canceled"
            | "checkout.session.completed"
            | "checkout.session.expired",
        ) => News::Changed { payment },
        _ => News::Unrelated,
    }
}

impl fmt::Debug for NoticeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeSecrets(…)")
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// The test vector of Stripe's own libraries.
    const BODY: &str = r#"{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "ii_123",
      "object": "invoiceitem",
      "amount": 1000,
      "currency": "usd",
      "customer": "cus_123",
      "date": 1533204620,
      "description": "Test Invoice Item",
      "discountable": false,
      "invoice": "in_123",
      "livemode": false,
      "metadata": {},
      "period": {
        "start": 1533204620,
        "end": 1533204620
      },
      "plan": null,
      "proration": false,
      "quantity": null,
      "subscription": null
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "invoiceitem.created"
}
"#;
    const SIGNED_AT: Timestamp = Timestamp::from_millis(1_533_204_620_000);
    const V1: &str = "v1=f0bdba6d4eacbd8ad8a3bbadd7248e633ec1477f7899c124c51b39405fa36613";
    const V0: &str = "v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef";

    fn is_proved(secrets: &[&str], header: &str, body: &str, now: Timestamp) -> bool {
        let secrets = NoticeSecrets(secrets.iter().map(|secret| (*secret).to_owned()).collect());
        let headers = vec![(SIGNATURE.to_owned(), Bytes::copy_from_slice(header.as_bytes()))];
        secrets.prove(&UnverifiedNotice { headers, body: Bytes::copy_from_slice(body.as_bytes()) }, now)
    }

    #[test]
    fn a_notice_that_stripes_own_libraries_accept_is_accepted() {
        let later = |seconds| SIGNED_AT.after(Duration::from_secs(seconds));
        let header = format!("t=1533204620,{V1},{V0}");

        assert!(is_proved(&["webhook_secret"], &header, BODY, later(100)));
        assert!(is_proved(&["webhook_secret"], &header, BODY, later(300)));
        assert!(!is_proved(&["webhook_secret"], &header, BODY, later(301)));
        assert!(!is_proved(&["webhook_secret"], &header, BODY, SIGNED_AT.before(Duration::from_secs(301))));
        assert!(!is_proved(&["another_secret"], &header, BODY, SIGNED_AT));
        assert!(!is_proved(&["webhook_secret"], &header, &BODY.replace("1000", "9000"), SIGNED_AT));
    }

    #[test]
    fn a_secret_is_replaced_without_losing_a_notice() {
        let header = format!("t=1533204620,v1={},{V1}", "00".repeat(32));

        assert!(is_proved(&["webhook_secret"], &header, BODY, SIGNED_AT), "Stripe signs with both");
        assert!(is_proved(&["whsec_new", "webhook_secret"], &header, BODY, SIGNED_AT), "both are known here");
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let (odd, other_scheme) = (format!("t=1533204620,{V1}0"), V1.replace("v1", "v0"));
        for header in [
            "",
            "t=,v1=",
            "t=1533204620",
            "t=1533204620,v1=",
            "t=1533204620,v1=xyz",
            "t=1533204620,v1=é",
            V1,
            &odd,
            &format!("t=1533204620,{other_scheme}"),
            &format!("t=1533204620,t=1533204620,{V1}"),
            &format!("t=1533204621,{V1}"),
        ] {
            assert!(!is_proved(&["webhook_secret"], header, BODY, SIGNED_AT), "{header:?}");
        }
    }

    #[test]
    fn what_is_not_about_a_payment_is_unrelated() {
        for body in [BODY, "{}", "tomato", r#"{"type":"balance.available","data":{"object":{"object":"balance"}}}"#] {
            assert!(matches!(read(body.as_bytes()), News::Unrelated), "{body}");
        }
        let of = |metadata: &str| {
            let object = format!(r#"{{"id":"pi_1","metadata":{metadata}}}"#);
            format!(r#"{{"type":"payment_intent.succeeded","data":{{"object":{object}}}}}"#)
        };
        assert!(matches!(read(of(r#"{"ticketing_payment":"7"}"#).as_bytes()), News::Unrelated));
        let ours = of(r#"{"ticketing_payment":"0198d2f0-0000-7000-8000-000000000001"}"#);
        assert!(matches!(read(ours.as_bytes()), News::Captured { .. }));
        let prepared = ours.replace("succeeded", "created");
        assert!(matches!(read(prepared.as_bytes()), News::Unrelated), "a look-up now would close it");
    }
}
