//! Tokens of passes: short enough for a printed square, and verified with the public key alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use uuid::Uuid;

use ticketing_core::domain::ids::{PassId, TicketId};
use ticketing_core::ports::pass_signer::{InvalidPassToken, PassClaims, PassSigner};

use crate::ConfigError;

use super::key::{Key, public};
use super::key_set::KeySet;
use super::signer::Ed25519Signer;

/// What the key of passes is for, where access tokens have `sig`.
const USE: &str = "pass";

/// With which a token begins; another layout gets another number.
const VERSION: &str = "1.";

/// Signed before the claims, so that no signature of another kind is one of a pass.
const DOMAIN: &[u8] = b"ticketing pass 1\0";

/// Pass, ticket and place.
const CLAIMS: usize = 16 + 16 + 4;

/// The key of passes. It comes from the root of the signing keys, and so stays when those follow each other.
#[derive(Clone)]
pub(super) struct PassKey(SigningKey);

impl PassKey {
    pub(super) fn of(root: &Key) -> Self {
        let secret = root.secret_for("passes");
        let (seed, _) = secret.split_first_chunk::<32>().expect("a secret has 64 bytes");
        Self(SigningKey::from_bytes(seed))
    }

    /// As it is published.
    pub(super) fn published(&self) -> Jwk {
        let mut jwk = public(&self.0.verifying_key());
        jwk.common.public_key_use = Some(PublicKeyUse::Other(USE.to_owned()));
        jwk
    }

    fn sign(&self, claims: PassClaims) -> String {
        let claims = to_bytes(claims);
        let signature = self.0.sign(&[DOMAIN, &claims].concat());
        VERSION.to_owned() + &URL_SAFE_NO_PAD.encode([&claims[..], &signature.to_bytes()].concat())
    }
}

/// Reads the tokens of passes with public keys alone, such as at a door without a network.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::ids::{PassId, TicketId};
/// use ticketing_core::ports::identity::TokenSigner;
/// use ticketing_core::ports::pass_signer::{PassClaims, PassSigner};
/// use ticketing_crypto::{Ed25519Signer, PassVerifier};
///
/// let signer = Ed25519Signer::generate();
/// let claims = PassClaims { pass: PassId::from_u128(1), ticket: TicketId::from_u128(2), place: 3 };
/// let token = signer.sign_pass(claims);
///
/// let door = PassVerifier::from_jwks(&signer.jwks())?;
/// assert_eq!(door.verify(&token), Ok(claims));
/// # Ok::<(), ticketing_crypto::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PassVerifier(Vec<VerifyingKey>);

impl PassVerifier {
    /// Trusts the keys of a JSON Web Key Set whose use is `pass`. Other keys are passed by.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the text is no key set, or a key is damaged.
    pub fn from_jwks(jwks: &str) -> Result<Self, ConfigError> {
        let KeySet { keys } =
            serde_json::from_str(jwks).map_err(|error| ConfigError::because("not a JSON Web Key Set", error))?;
        keys.iter().filter(|key| key.is_for(USE)).map(|key| key.verifying()).collect::<Result<_, _>>().map(Self)
    }

    /// What a token says.
    ///
    /// # Errors
    ///
    /// [`InvalidPassToken`]: none of these keys signed it, or it was changed.
    pub fn verify(&self, token: &str) -> Result<PassClaims, InvalidPassToken> {
        self.0.iter().find_map(|key| verify(key, token)).ok_or(InvalidPassToken)
    }
}

impl PassSigner for Ed25519Signer {
    fn sign_pass(&self, claims: PassClaims) -> String {
        self.passes.sign(claims)
    }

    fn verify_pass(&self, token: &str) -> Result<PassClaims, InvalidPassToken> {
        verify(&self.passes.0.verifying_key(), token).ok_or(InvalidPassToken)
    }
}

fn verify(key: &VerifyingKey, token: &str) -> Option<PassClaims> {
    // Anybody may show a long text at a door.
    let encoded = token.strip_prefix(VERSION).filter(|encoded| encoded.len() <= 2 * (CLAIMS + Signature::BYTE_SIZE))?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let (claims, signature) = bytes.split_first_chunk::<CLAIMS>()?;
    let signature = Signature::from_slice(signature).ok()?;
    key.verify_strict(&[DOMAIN, claims].concat(), &signature).ok()?;
    from_bytes(claims)
}

fn to_bytes(PassClaims { pass, ticket, place }: PassClaims) -> [u8; CLAIMS] {
    let mut bytes = [0; CLAIMS];
    let parts = [&pass.uuid().as_bytes()[..], ticket.uuid().as_bytes(), &place.to_be_bytes()].concat();
    bytes.copy_from_slice(&parts);
    bytes
}

fn from_bytes(bytes: &[u8; CLAIMS]) -> Option<PassClaims> {
    let (pass, rest) = bytes.split_first_chunk::<16>()?;
    let (ticket, place) = rest.split_first_chunk::<16>()?;
    Some(PassClaims {
        pass: PassId::new(Uuid::from_bytes(*pass)),
        ticket: TicketId::new(Uuid::from_bytes(*ticket)),
        place: u32::from_be_bytes(*place.first_chunk::<4>()?),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ticketing_core::domain::time::Timestamp;
    use ticketing_core::ports::identity::TokenSigner as _;

    use super::*;
    use crate::JwtVerifier;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    fn claims() -> PassClaims {
        PassClaims { pass: PassId::from_u128(1), ticket: TicketId::from_u128(2), place: 3 }
    }

    #[test]
    fn a_pass_outlasts_a_rotation() {
        let before = Ed25519Signer::from_seed(&[7; 32]);
        let after = before.rotated(NOW, Duration::from_secs(60)).unwrap();
        let after = Ed25519Signer::from_file(&after.to_file(), Duration::ZERO).unwrap();

        assert_eq!(after.verify_pass(&before.sign_pass(claims())), Ok(claims()));
        assert_eq!(after.sign_pass(claims()), before.sign_pass(claims()));
    }

    #[test]
    fn a_door_knows_passes_by_the_published_keys_alone() {
        let [signer, stranger] = [7, 8].map(|seed| Ed25519Signer::from_seed(&[seed; 32]));
        let door = PassVerifier::from_jwks(&signer.jwks()).unwrap();

        assert_eq!(door.verify(&signer.sign_pass(claims())), Ok(claims()));
        assert_eq!(door.verify(&stranger.sign_pass(claims())), Err(InvalidPassToken));
        assert!(PassVerifier::from_jwks("{}").is_err());
    }

    #[test]
    fn the_key_of_passes_is_none_of_access_tokens() {
        let signer = Ed25519Signer::from_seed(&[7; 32]);
        let KeySet { keys } = serde_json::from_str(&signer.jwks()).unwrap();
        let of_passes: Vec<_> = keys.into_iter().filter(|key| key.is_for(USE)).collect();
        let alone = serde_json::to_string(&KeySet { keys: of_passes }).unwrap();

        assert!(JwtVerifier::from_jwks(&alone).is_err(), "no key of it is trusted");
    }

    #[test]
    fn a_token_is_laid_out_as_the_documentation_says() {
        let signer = Ed25519Signer::from_seed(&[7; 32]);
        let token = signer.sign_pass(claims());
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix("1.").unwrap()).unwrap();

        assert_eq!((token.len(), bytes.len()), (136, 100));
        assert_eq!((bytes[15], bytes[31], &bytes[32..36]), (1, 2, &[0, 0, 0, 3][..]));
    }

    #[test]
    fn whatever_is_shown_at_a_door_is_refused_if_it_is_no_token() {
        let signer = Ed25519Signer::from_seed(&[7; 32]);
        let token = signer.sign_pass(claims());
        let longer = format!("{token}AAAA");
        let other_version = token.replacen("1.", "2.", 1);

        for shown in ["", "1.", "1.AAAA", "🎫", &longer, &other_version, &token[..token.len() - 2]] {
            assert_eq!(signer.verify_pass(shown), Err(InvalidPassToken), "{shown}");
        }
    }
}
