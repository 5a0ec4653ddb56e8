//! One Ed25519 key, known by its RFC 7638 thumbprint.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, OctetKeyPairParameters, OctetKeyPairType,
    PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use crate::ConfigError;

use super::TYPE;
use super::payload::Payload;

/// A private key, ready to sign.
#[derive(Clone)]
pub(super) struct Key {
    secret: SigningKey,
    encoding: EncodingKey,
    header: Header,
    public: Jwk,
}

impl Key {
    pub(super) fn from_seed(seed: &[u8; 32]) -> Self {
        Self::new(SigningKey::from_bytes(seed))
    }

    /// Reads PKCS#8 in PEM, or in base64 a PKCS#8 document or the bare seed.
    pub(super) fn from_text(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let unreadable = |error| ConfigError::because("the signing key is not an Ed25519 key in PKCS#8", error);
        if text.starts_with("-----BEGIN") {
            return SigningKey::from_pkcs8_pem(text).map(Self::new).map_err(unreadable);
        }
        let bytes = STANDARD
            .decode(text)
            .map_err(|error| ConfigError::because("the signing key is neither PEM nor base64", error))?;
        match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => Ok(Self::from_seed(seed)),
            Err(_) => SigningKey::from_pkcs8_der(&bytes).map(Self::new).map_err(unreadable),
        }
    }

    fn new(secret: SigningKey) -> Self {
        let public = public(&secret.verifying_key());
        let (kid, typ) = (public.common.key_id.clone(), Some(TYPE.to_owned()));
        let der = secret.to_pkcs8_der().expect("an Ed25519 key fits PKCS#8");
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        Self { secret, encoding, header: Header { kid, typ, ..Header::new(Algorithm::EdDSA) }, public }
    }

    pub(super) fn name(&self) -> &str {
        self.public.common.key_id.as_deref().unwrap_or_default()
    }

    pub(super) const fn public(&self) -> &Jwk {
        &self.public
    }

    pub(super) fn seed(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    pub(super) fn sign(&self, payload: &Payload) -> String {
        encode(&self.header, payload, &self.encoding).expect("an Ed25519 key signs any claims")
    }

    /// A secret that only holders of this key can know, another for each purpose.
    pub(super) fn secret_for(&self, purpose: &str) -> [u8; 64] {
        // A signature is the same each time (RFC 8032). No token is this text, so nobody is ever shown it.
        self.secret.sign(format!("a secret for {purpose}").as_bytes()).to_bytes()
    }
}

pub(super) fn public(key: &VerifyingKey) -> Jwk {
    let mut jwk = Jwk {
        common: CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(KeyAlgorithm::EdDSA),
            ..CommonParameters::default()
        },
        algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            key_type: OctetKeyPairType::OctetKeyPair,
            curve: EllipticCurve::Ed25519,
            x: URL_SAFE_NO_PAD.encode(key.as_bytes()),
        }),
    };
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).expect("an Ed25519 key has a thumbprint"));
    jwk
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037, appendix A.
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    #[test]
    fn a_key_is_known_by_its_thumbprint() {
        let key = Key::from_text(SEED).unwrap();

        assert_eq!(
            serde_json::to_value(key.public()).unwrap(),
            serde_json::json!(
                { "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "use": "sig", "alg": "EdDSA", "kid": THUMBPRINT }
            )
        );
        assert_eq!((key.name(), key.header.kid.as_deref()), (THUMBPRINT, Some(THUMBPRINT)));
    }

    #[test]
    fn a_key_is_read_in_each_of_its_forms() {
        let seed = STANDARD.decode(SEED).unwrap();
        let pkcs8 = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &seed].concat();
        let der = STANDARD.encode(pkcs8);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");

        for text in [SEED, &der, &pem, &format!("  {SEED}\n")] {
            assert!(Key::from_text(text).is_ok_and(|key| key.name() == THUMBPRINT), "{text}");
        }
        for text in ["", "AAAA", "not base64", "-----BEGIN PRIVATE KEY-----"] {
            assert!(Key::from_text(text).is_err(), "{text}");
        }
    }
}
