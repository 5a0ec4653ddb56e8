//! Public keys as they are published: a JSON Web Key Set (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use serde::{Deserialize, Serialize};

use ticketing_core::domain::time::Timestamp;

use crate::ConfigError;

use super::payload::seconds;

#[derive(Serialize, Deserialize)]
pub(super) struct KeySet {
    pub(super) keys: Vec<PublishedKey>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PublishedKey {
    #[serde(flatten)]
    jwk: Jwk,
    /// When it is over, in seconds since 1970, as `OpenID` Federation writes it; a reader that does not know it is safe
    /// because tokens end by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

impl PublishedKey {
    pub(super) fn new(jwk: Jwk, ends: Option<Timestamp>) -> Self {
        Self { jwk, exp: ends.map(|ends| ends.millis() / 1000) }
    }

    pub(super) fn ends(&self) -> Option<Timestamp> {
        self.exp.map(seconds)
    }

    /// Its name and the key itself, if it is an Ed25519 key that has a name.
    pub(super) fn named(&self) -> Option<Result<(String, DecodingKey), ConfigError>> {
        match (&self.jwk.common.key_id, &self.jwk.algorithm) {
            (Some(kid), AlgorithmParameters::OctetKeyPair(pair)) if pair.curve == EllipticCurve::Ed25519 => {
                Some(decoding_key(&pair.x).map(|key| (kid.clone(), key)))
            }
            _ => None,
        }
    }
}

fn decoding_key(x: &str) -> Result<DecodingKey, ConfigError> {
    let damaged = || ConfigError::new("a key of the JSON Web Key Set is damaged");
    let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| damaged())?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| damaged())?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| damaged())?;
    Ok(DecodingKey::from_ed_der(key.as_bytes()))
}
