//! Reads tokens, with public keys alone.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Claims, IdentityError, TokenVerifier};

use crate::ConfigError;

use super::TYPE;
use super::cache::TokenCache;
use super::key_set::{KeySet, PublishedKey};
use super::payload::{AUDIENCE, ISSUER, Payload, Verified};

/// How many verified tokens are remembered, at about half a kilobyte each.
const REMEMBERED: usize = 16_384;

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
    keys: HashMap<String, TrustedKey>,
    validation: Validation,
    verified: TokenCache,
}

#[derive(Debug)]
struct TrustedKey {
    key: DecodingKey,
    ends: Option<Timestamp>,
}

impl JwtVerifier {
    /// Trusts the Ed25519 keys of a JSON Web Key Set that have a name, each until its `exp`. Other keys are passed by.
    ///
    /// Of an empty set it trusts nobody.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the text is no key set, a key is damaged, or there are keys and none is one to trust.
    pub fn from_jwks(jwks: &str) -> Result<Self, ConfigError> {
        let KeySet { keys: published } =
            serde_json::from_str(jwks).map_err(|error| ConfigError::because("not a JSON Web Key Set", error))?;
        let keys = published.iter().filter_map(trusted).collect::<Result<HashMap<_, _>, _>>()?;
        if keys.is_empty() && !published.is_empty() {
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
        let trusted = self.keys.get(&header.kid?)?;
        let payload: Payload = decode(token, &trusted.key, &self.validation).ok()?.claims;
        Some(Verified::new(payload, trusted.ends))
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

fn trusted(key: &PublishedKey) -> Option<Result<(String, TrustedKey), ConfigError>> {
    let ends = key.ends();
    key.named().map(|named| named.map(|(name, key)| (name, TrustedKey { key, ends })))
}

/// A media type, in any case, with or without the prefix that may be left out.
fn is_access_token(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == TYPE
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
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use ed25519_dalek::SigningKey;
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use ticketing_core::domain::ids::{AccountId, SessionId};
    use ticketing_core::ports::identity::TokenSigner as _;
    use uuid::Uuid;

    use crate::Ed25519Signer;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_700_000_300_000);

    /// The key of RFC 8037, appendix A.
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn claims() -> Claims {
        let account = AccountId::new(Uuid::from_u128(1));
        let session = SessionId::new(Uuid::from_u128(2));
        Claims { account, session, confirmed: true, issued_at: NOW, expires_at: LATER }
    }

    fn verifier(signer: &Ed25519Signer) -> JwtVerifier {
        JwtVerifier::from_jwks(&signer.jwks()).unwrap()
    }

    fn is_refused(verifier: &JwtVerifier, token: &str) -> bool {
        matches!(verifier.verify(token, NOW), Err(IdentityError::InvalidToken))
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
        let mut foreign = Payload::from(claims());
        foreign.iss = "somebody".to_owned();
        let seed: [u8; 32] = STANDARD.decode(SEED).unwrap().try_into().unwrap();
        let key = SigningKey::from_bytes(&seed).to_pkcs8_der().unwrap();
        let key = EncodingKey::from_ed_der(key.as_bytes());
        let foreign = encode(&named(Header::new(Algorithm::EdDSA)), &foreign, &key).unwrap();
        let nameless = encode(&Header { typ: typ(), ..Header::new(Algorithm::EdDSA) }, &payload, &key).unwrap();
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
}
