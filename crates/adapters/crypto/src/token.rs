//! Access tokens: JSON Web Tokens signed with Ed25519.
//!
//! The time that decides is always the caller's, and there is no leeway.

mod cache;

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, OctetKeyPairParameters,
    OctetKeyPairType, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Claims, IdentityError, TokenSigner, TokenVerifier};

use crate::ConfigError;

use cache::TokenCache;

/// Who signs, as every token names it.
const ISSUER: &str = "ticketing";

/// For whom: every service of the marketplace, and nobody else who trusts the same keys.
const AUDIENCE: &str = "ticketing";

/// For what (RFC 9068, section 2.1), so that no other token of the same signer is taken for an access token.
const TYPE: &str = "at+jwt";

/// How many verified tokens are remembered, at about half a kilobyte each.
const REMEMBERED: usize = 16_384;

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: Value,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
    /// Not in tokens of ours, because clocks differ by a little; respected where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<f64>,
}

/// What a token says whose signature was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Verified {
    claims: Claims,
    not_before: Option<Timestamp>,
}

impl Verified {
    fn is_valid_at(&self, now: Timestamp) -> bool {
        now < self.claims.expires_at && self.not_before.is_none_or(|begins| begins <= now)
    }
}

impl From<Payload> for Verified {
    fn from(payload: Payload) -> Self {
        let not_before = payload.nbf.map(|seconds| Timestamp::from_millis((seconds * 1000.0).ceil() as i64));
        Self { claims: payload.into(), not_before }
    }
}

impl From<Claims> for Payload {
    fn from(claims: Claims) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.into(),
            sub: claims.account.uuid(),
            sid: claims.session.uuid(),
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
            issued_at: Timestamp::from_millis(payload.iat.saturating_mul(1000)),
            expires_at: Timestamp::from_millis(payload.exp.saturating_mul(1000)),
        }
    }
}

/// Signs access tokens, and publishes the public key that verifies them.
///
/// A token names its key by the key's RFC 7638 thumbprint.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::identity::TokenSigner;
/// use ticketing_crypto::Ed25519Signer;
///
/// let signer = Ed25519Signer::from_seed(&[7; 32]);
/// assert_eq!(signer.jwks(), Ed25519Signer::from_seed(&[7; 32]).jwks(), "one seed, one key");
/// assert_ne!(signer.jwks(), Ed25519Signer::generate().jwks());
/// ```
pub struct Ed25519Signer {
    key: EncodingKey,
    secret: SigningKey,
    header: Header,
    jwks: String,
}

impl Ed25519Signer {
    /// Draws a new key; tokens of an earlier one are worth nothing to it.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_seed(&rand::random())
    }

    /// Takes the 32 bytes that an Ed25519 private key is (RFC 8032, section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self::new(&SigningKey::from_bytes(seed))
    }

    /// Reads a key as a configuration holds it: PKCS#8 in PEM, or in base64 a PKCS#8 document or the bare seed.
    ///
    /// `openssl genpkey -algorithm ed25519` makes the first, `openssl rand -base64 32` the last.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the text is none of these.
    pub fn from_text(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let unreadable = |error| ConfigError::because("the signing key is not an Ed25519 key in PKCS#8", error);
        if text.starts_with("-----BEGIN") {
            return SigningKey::from_pkcs8_pem(text).map(|key| Self::new(&key)).map_err(unreadable);
        }
        let bytes = STANDARD
            .decode(text)
            .map_err(|error| ConfigError::because("the signing key is neither PEM nor base64", error))?;
        match <&[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(seed) => Ok(Self::from_seed(seed)),
            Err(_) => SigningKey::from_pkcs8_der(&bytes).map(|key| Self::new(&key)).map_err(unreadable),
        }
    }

    fn new(key: &SigningKey) -> Self {
        let jwk = public_key(&key.verifying_key());
        let typ = Some(TYPE.to_owned());
        let header = Header { kid: jwk.common.key_id.clone(), typ, ..Header::new(Algorithm::EdDSA) };
        let jwks = serde_json::to_string(&JwkSet { keys: vec![jwk] }).expect("a public key is text all through");
        let der = key.to_pkcs8_der().expect("an Ed25519 key fits PKCS#8");
        Self { key: EncodingKey::from_ed_der(der.as_bytes()), secret: key.clone(), header, jwks }
    }

    /// A secret that only holders of this key can know, another for each purpose.
    #[must_use]
    pub fn secret_for(&self, purpose: &str) -> [u8; 64] {
        // A signature is the same each time (RFC 8032). No token is this text, so nobody is ever shown it.
        self.secret.sign(format!("a secret for {purpose}").as_bytes()).to_bytes()
    }
}

fn public_key(key: &VerifyingKey) -> Jwk {
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

impl TokenSigner for Ed25519Signer {
    fn sign(&self, claims: Claims) -> String {
        encode(&self.header, &Payload::from(claims), &self.key).expect("an Ed25519 key signs any claims")
    }

    fn jwks(&self) -> String {
        self.jwks.clone()
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}

/// Reads access tokens with public keys alone.
///
/// A token that was verified is remembered, so a signature is checked once and
/// the many requests of one visitor cost a look-up each.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::time::Timestamp;
/// use ticketing_core::ports::identity::{TokenSigner, TokenVerifier};
/// use ticketing_crypto::{Ed25519Signer, JwtVerifier};
///
/// let verifier = JwtVerifier::from_jwks(&Ed25519Signer::generate().jwks())?;
/// assert!(verifier.verify("eyJhbGciOiJub25lIn0.e30.", Timestamp::EPOCH).is_err(), "unsigned");
/// # Ok::<(), ticketing_crypto::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct JwtVerifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    verified: TokenCache,
}

impl JwtVerifier {
    /// Trusts the Ed25519 keys of a JSON Web Key Set that have a name. Other keys are passed by.
    ///
    /// Of an empty set it trusts nobody.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the text is no key set, a key is damaged, or there are keys and none is one to trust.
    pub fn from_jwks(jwks: &str) -> Result<Self, ConfigError> {
        let jwks: JwkSet =
            serde_json::from_str(jwks).map_err(|error| ConfigError::because("not a JSON Web Key Set", error))?;
        let keys = jwks.keys.iter().filter_map(named_key).collect::<Result<HashMap<_, _>, _>>()?;
        if keys.is_empty() && !jwks.keys.is_empty() {
            return Err(ConfigError::new("the JSON Web Key Set names no Ed25519 key"));
        }
        Ok(Self { keys, validation: validation(), verified: TokenCache::new(REMEMBERED) })
    }

    fn read(&self, token: &str) -> Option<Verified> {
        let header = decode_header(token).ok()?;
        // Nothing that a header may demand is understood here, and an empty list is none that may be.
        if header.crit.is_some() || !header.typ.is_some_and(|typ| is_access_token(&typ)) {
            return None;
        }
        let payload: Payload = decode(token, self.keys.get(&header.kid?)?, &self.validation).ok()?.claims;
        Some(payload.into())
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError> {
        let known = self.verified.get(token);
        let verified = known.or_else(|| self.read(token)).ok_or(IdentityError::InvalidToken)?;
        if !verified.is_valid_at(now) {
            return Err(IdentityError::InvalidToken);
        }
        if known.is_none() {
            self.verified.insert(token, verified);
        }
        Ok(verified.claims)
    }
}

/// A media type, in any case, with or without the prefix that may be left out.
fn is_access_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == TYPE
}

fn named_key(jwk: &Jwk) -> Option<Result<(String, DecodingKey), ConfigError>> {
    match (&jwk.common.key_id, &jwk.algorithm) {
        (Some(kid), AlgorithmParameters::OctetKeyPair(pair)) if pair.curve == EllipticCurve::Ed25519 => {
            Some(decoding_key(&pair.x).map(|key| (kid.clone(), key)))
        }
        _ => None,
    }
}

fn decoding_key(x: &str) -> Result<DecodingKey, ConfigError> {
    let damaged = || ConfigError::new("a key of the JSON Web Key Set is damaged");
    let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| damaged())?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| damaged())?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| damaged())?;
    Ok(DecodingKey::from_ed_der(key.as_bytes()))
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.leeway = 0;
    // The caller says what time it is; see `JwtVerifier::verify`.
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_700_000_300_000);

    /// The key of RFC 8037, appendix A.
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn claims() -> Claims {
        let account = AccountId::new(Uuid::from_u128(1));
        Claims { account, session: SessionId::new(Uuid::from_u128(2)), issued_at: NOW, expires_at: LATER }
    }

    fn verifier(signer: &Ed25519Signer) -> JwtVerifier {
        JwtVerifier::from_jwks(&signer.jwks()).unwrap()
    }

    fn is_refused(verifier: &JwtVerifier, token: &str) -> bool {
        matches!(verifier.verify(token, NOW), Err(IdentityError::InvalidToken))
    }

    #[test]
    fn a_key_is_published_under_its_thumbprint() {
        let signer = Ed25519Signer::from_text(SEED).unwrap();

        assert_eq!(
            serde_json::from_str::<Value>(&signer.jwks()).unwrap(),
            serde_json::json!({ "keys": [
                { "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "use": "sig", "alg": "EdDSA", "kid": THUMBPRINT }
            ] })
        );
        assert_eq!(decode_header(signer.sign(claims())).unwrap().kid.as_deref(), Some(THUMBPRINT));
    }

    #[test]
    fn a_key_is_read_in_each_of_its_forms() {
        let seed = STANDARD.decode(SEED).unwrap();
        let pkcs8 = [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &seed].concat();
        let der = STANDARD.encode(pkcs8);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");

        for text in [SEED, &der, &pem, &format!("  {SEED}\n")] {
            assert!(Ed25519Signer::from_text(text).unwrap().jwks().contains(PUBLIC), "{text}");
        }
        for text in ["", "AAAA", "not base64", "-----BEGIN PRIVATE KEY-----"] {
            assert!(Ed25519Signer::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_is_read_until_it_expires_by_the_callers_clock() {
        let signer = Ed25519Signer::generate();
        let verifier = verifier(&signer);
        let token = signer.sign(claims());

        // Twice, since the second time it is remembered.
        for _ in 0..2 {
            assert_eq!(verifier.verify(&token, NOW).unwrap(), claims());
            assert_eq!(verifier.verify(&token, Timestamp::from_millis(LATER.millis() - 1)).unwrap(), claims());
            assert!(verifier.verify(&token, LATER).is_err());
        }
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let verifier = verifier(&Ed25519Signer::generate());

        assert!(is_refused(&verifier, &Ed25519Signer::generate().sign(claims())));
    }

    #[test]
    fn a_token_is_refused_once_a_letter_changed() {
        let signer = Ed25519Signer::generate();
        let verifier = verifier(&signer);
        let token = signer.sign(claims());
        assert!(verifier.verify(&token, NOW).is_ok());

        for at in 0..token.len() {
            let changed = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut forged = token.clone();
            forged.replace_range(at..=at, changed);
            assert!(is_refused(&verifier, &forged), "at {at}");
        }
    }

    #[test]
    fn a_type_is_read_in_each_of_its_forms() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
            assert!(is_access_token(typ), "{typ}");
        }
        for typ in ["", "JWT", "application/", "application/application/at+jwt", "at+jwt "] {
            assert!(!is_access_token(typ), "{typ}");
        }
    }

    #[test]
    fn no_other_algorithm_or_issuer_is_believed() {
        let signer = Ed25519Signer::from_text(SEED).unwrap();
        let verifier = verifier(&signer);
        let typ = || Some(TYPE.to_owned());
        let named = |header: Header| Header { kid: Some(THUMBPRINT.to_owned()), typ: typ(), ..header };
        let payload = Payload::from(claims());
        let public = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(PUBLIC).unwrap());
        let hmac = encode(&named(Header::new(Algorithm::HS256)), &payload, &public).unwrap();
        let foreign = Payload { iss: "somebody".to_owned(), ..Payload::from(claims()) };
        let foreign = encode(&signer.header, &foreign, &signer.key).unwrap();
        let nameless = encode(&Header { typ: typ(), ..Header::new(Algorithm::EdDSA) }, &payload, &signer.key).unwrap();
        let (_, signed) = hmac.split_once('.').unwrap();
        let none = format!(
            "{}.{signed}",
            URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{THUMBPRINT}"}}"#))
        );

        for token in [hmac, foreign, nameless, none, String::new(), "..".to_owned(), "a.b.c".to_owned()] {
            assert!(is_refused(&verifier, &token), "{token}");
        }
    }

    #[test]
    fn a_key_set_without_a_usable_key_is_refused() {
        let short = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"short"}]}"#;
        let foreign = r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"foreign"}]}"#;

        for jwks in ["", "{}", short, foreign] {
            assert!(JwtVerifier::from_jwks(jwks).is_err(), "{jwks}");
        }
        let nobody = JwtVerifier::from_jwks(r#"{"keys":[]}"#).unwrap();
        assert!(is_refused(&nobody, &Ed25519Signer::generate().sign(claims())));
    }

    #[test]
    fn a_key_is_never_printed() {
        let signer = Ed25519Signer::from_text(SEED).unwrap();

        assert_eq!(format!("{signer:?}"), format!("Ed25519Signer {{ kid: Some({THUMBPRINT:?}), .. }}"));
    }
}
