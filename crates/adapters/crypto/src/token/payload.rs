//! What a token says.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::Claims;

/// Who signs, as every token names it.
pub(super) const ISSUER: &str = "ticketing";

/// For whom: every service of the marketplace, and nobody else who trusts the same keys.
pub(super) const AUDIENCE: &str = "ticketing";

#[derive(Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) iss: String,
    pub(super) aud: Value,
    sub: Uuid,
    sid: Uuid,
    /// Whether the address is confirmed; left out of a token whose owner's is not, as before there was such a thing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    confirmed: bool,
    iat: i64,
    exp: i64,
    /// Not in tokens of ours, because clocks differ by a little; respected where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
}

/// What a token says whose signature was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) claims: Claims,
    pub(super) not_before: Option<Timestamp>,
    /// When the key that signed it is over.
    pub(super) key_ends: Option<Timestamp>,
}

impl Verified {
    pub(super) fn new(payload: Payload, key_ends: Option<Timestamp>) -> Self {
        let not_before = payload.nbf.map(|seconds| Timestamp::from_millis((seconds * 1000.0).ceil() as i64));
        Self { claims: payload.into(), not_before, key_ends }
    }

    pub(super) fn is_valid_at(&self, now: Timestamp) -> bool {
        now < self.claims.expires_at
            && self.not_before.is_none_or(|begins| begins <= now)
            && self.key_ends.is_none_or(|ends| now < ends)
    }
}

impl From<Claims> for Payload {
    fn from(claims: Claims) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.into(),
            sub: claims.account.uuid(),
            sid: claims.session.uuid(),
            confirmed: claims.confirmed,
            iat: claims.issued_at.millis() / 1000,
            exp: claims.expires_at.millis() / 1000,
            nbf: None,
        }
    }
}

impl From<Payload> for Claims {
    fn from(payload: Payload) -> Self {
        Self {
            account: AccountId::new(payload.sub),
            session: SessionId::new(payload.sid),
            confirmed: payload.confirmed,
            issued_at: seconds(payload.iat),
            expires_at: seconds(payload.exp),
        }
    }
}

/// A point in time as tokens and keys write it (RFC 7519, section 2).
pub(super) const fn seconds(since_1970: i64) -> Timestamp {
    Timestamp::from_millis(since_1970.saturating_mul(1000))
}
