//! Notices: their JSON, and the signature `t=<unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use ticketing_core::domain::buyer_action::{ActionUrl, BuyerAction};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::gateway::GatewayNotice;
use uuid::Uuid;

/// A notice that was signed longer ago, or further ahead, may be a replay.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

#[derive(Serialize, Deserialize)]
struct Body {
    payment: Uuid,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
enum Outcome {
    Captured {
        reference: Arc<str>,
    },
    Declined {
        reason: Arc<str>,
    },
    /// With the only action that the sandbox asks for.
    ActionRequired {
        url: Option<String>,
    },
}

pub(super) fn write(notice: &GatewayNotice) -> Vec<u8> {
    let outcome = match notice.outcome.clone() {
        CaptureOutcome::Captured { reference } => Outcome::Captured { reference },
        CaptureOutcome::Declined { reason } => Outcome::Declined { reason },
        CaptureOutcome::ActionRequired(BuyerAction::Redirect(url)) => {
            Outcome::ActionRequired { url: Some(url.expose().to_owned()) }
        }
        CaptureOutcome::ActionRequired(BuyerAction::Confirm(_)) => Outcome::ActionRequired { url: None },
    };
    let body = Body { payment: notice.payment.uuid(), outcome };
    serde_json::to_vec(&body).expect("a notice has no map with keys that are not text")
}

pub(super) fn read(body: &[u8]) -> Option<GatewayNotice> {
    let Body { payment, outcome } = serde_json::from_slice(body).ok()?;
    let outcome = match outcome {
        Outcome::Captured { reference } => CaptureOutcome::Captured { reference },
        Outcome::Declined { reason } => CaptureOutcome::Declined { reason },
        Outcome::ActionRequired { url } => {
            CaptureOutcome::ActionRequired(BuyerAction::Redirect(ActionUrl::parse(&url?).ok()?))
        }
    };
    Some(GatewayNotice { payment: PaymentId::new(payment), outcome })
}

pub(super) fn sign(secret: &[u8], body: &[u8], now: Timestamp) -> String {
    let seconds = now.millis() / 1000;
    let mut signature = format!("t={seconds},v1=");
    for byte in mac(secret, seconds, body).finalize().into_bytes() {
        write!(signature, "{byte:02x}").expect("writing to a string does not fail");
    }
    signature
}

pub(super) fn is_signed(secret: &[u8], body: &[u8], signature: &str, now: Timestamp) -> bool {
    let Some((seconds, proof)) = parse(signature) else { return false };
    let signed_at = Timestamp::from_millis(seconds.saturating_mul(1000));
    let is_fresh = now.since(signed_at) <= TOLERANCE && signed_at.since(now) <= TOLERANCE;
    // The comparison takes the same time however much of the proof is right.
    is_fresh && mac(secret, seconds, body).verify_slice(&proof).is_ok()
}

fn mac(secret: &[u8], seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    mac
}

fn parse(signature: &str) -> Option<(i64, Vec<u8>)> {
    let (seconds, proof) = signature.strip_prefix("t=")?.split_once(",v1=")?;
    Some((seconds.parse().ok()?, unhex(proof)?))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    Some(digits?.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        // printf '1767225600.{}' | openssl dgst -sha256 -hmac secret
        let signature = sign(b"secret", b"{}", NOW);

        assert_eq!(signature, "t=1767225600,v1=fa7eaa06bf97d7815f3f456e97cde70c9e50cb005f01660c8d10b10c21964887");
    }

    #[test]
    fn a_signature_is_believed_for_five_minutes() {
        let signature = sign(b"secret", b"{}", NOW);

        assert!(is_signed(b"secret", b"{}", &signature, NOW.after(TOLERANCE)));
        assert!(!is_signed(b"secret", b"{}", &signature, NOW.after(TOLERANCE + Duration::from_secs(1))));
        assert!(!is_signed(b"secret", b"{}", &signature, NOW.before(TOLERANCE + Duration::from_secs(1))));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        for text in ["", "t=,v1=", "t=1767225600", "t=1767225600,v1=", "t=1767225600,v1=xyz", "v1=00,t=1767225600"] {
            assert!(!is_signed(b"secret", b"{}", text, NOW), "{text:?}");
        }
    }
}
