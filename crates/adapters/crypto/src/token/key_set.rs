//! Public keys as they are published: a JSON Web Key Set (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
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

    /// Its name and the key itself, if it is an Ed25519 key for tokens that has a name.
    pub(super) fn named(&self) -> Option<Result<(String, DecodingKey), ConfigError>> {
        let is_for_tokens = matches!(self.jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        match (&self.jwk.common.key_id, &self.jwk.algorithm) {
            (Some(kid), AlgorithmParameters::OctetKeyPair(pair))
                if pair.curve == EllipticCurve::Ed25519 && is_for_tokens =>
            {
                Some(verifying_key(&pair.x).map(|key| (kid.clone(), DecodingKey::from_ed_der(key.as_bytes()))))
            }
            _ => None,
        }
    }

    /// Whether it is for a use that is ours.
    pub(super) fn is_for(&self, wanted: &str) -> bool {
        matches!(&self.jwk.common.public_key_use, Some(PublicKeyUse::Other(given)) if given == wanted)
    }

    /// The key itself, which must be an Ed25519 key.
    pub(super) fn verifying(&self) -> Result<VerifyingKey, ConfigError> {
        match &self.jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => verifying_key(&pair.x),
            _ => Err(ConfigError::new("a key of passes is no Ed25519 key")),
        }
    }
}

fn verifying_key(x: &str) -> Result<VerifyingKey, ConfigError> {
    let damaged = || ConfigError::new("a key of the JSON Web Key Set is damaged");
    let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| damaged())?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| damaged())?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| damaged())
}
