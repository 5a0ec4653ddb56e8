//! Notices of the double: an event around an object, and the signature beside it.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The body of a notice.
pub(crate) fn event(id: &str, kind: &str, object: &Value) -> String {
    let event = json!({
        "id": id, "object": "event", "api_version": "2026-08-26.dahlia", "livemode": false, "pending_webhooks": 1,
        "type": kind, "data": {"object": object},
    });
    event.to_string()
}

/// The value of `Stripe-Signature` for a body, at a time in seconds.
pub(crate) fn sign(secret: &str, body: &[u8], seconds: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let mut header = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        write!(header, "{byte:02x}").expect("a string grows");
    }
    header
}
