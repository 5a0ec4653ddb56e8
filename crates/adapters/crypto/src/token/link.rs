//! Tokens of the links of letters, which their signer alone can read.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use ticketing_core::domain::account::{LinkBinding, LinkClaims, LinkPurpose};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::contacts::LinkToken;
use ticketing_core::ports::link_signer::{InvalidLinkToken, LinkSigner};

use super::key::Key;
use super::payload::seconds;
use super::signer::Ed25519Signer;

/// With which a token begins; another layout gets another number.
const VERSION: &str = "1.";

/// Purpose, account, end and what it is bound to.
const CLAIMS: usize = 1 + 16 + 8 + 16;

const MAC: usize = 32;

/// The key of links. It comes from the root of the signing keys, and so stays when those follow each other.
#[derive(Clone)]
pub(super) struct LinkKey(Hmac<Sha256>);

impl LinkKey {
    pub(super) fn of(root: &Key) -> Self {
        Self(Hmac::new_from_slice(&root.secret_for("links of letters")).expect("HMAC takes keys of any length"))
    }

    fn mac(&self, claims: &[u8; CLAIMS]) -> Hmac<Sha256> {
        self.0.clone().chain_update(claims)
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkSigner for Ed25519Signer {
    fn sign_link(&self, claims: LinkClaims) -> LinkToken {
        let claims = to_bytes(&claims);
        let mac = self.links.mac(&claims).finalize().into_bytes();
        LinkToken::new(&(VERSION.to_owned() + &URL_SAFE_NO_PAD.encode([&claims[..], &mac[..]].concat())))
    }

    fn verify_link(&self, token: &LinkToken) -> Result<LinkClaims, InvalidLinkToken> {
        verify(&self.links, token.expose()).ok_or(InvalidLinkToken)
    }
}

fn verify(key: &LinkKey, token: &str) -> Option<LinkClaims> {
    // Anybody may send a long text.
    let encoded = token.strip_prefix(VERSION).filter(|encoded| encoded.len() <= 2 * (CLAIMS + MAC))?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let (claims, mac) = bytes.split_first_chunk::<CLAIMS>()?;
    // In constant time, and of the whole MAC: a shorter one is none.
    key.mac(claims).verify_slice(mac).ok()?;
    from_bytes(claims)
}

fn to_bytes(LinkClaims { account, purpose, expires_at, binding }: &LinkClaims) -> [u8; CLAIMS] {
    let purpose = match purpose {
        LinkPurpose::ConfirmAddress => 1,
        LinkPurpose::ResetPassword => 2,
    };
    let ends = expires_at.millis() / 1000;
    let mut bytes = [0; CLAIMS];
    let parts = [&[purpose][..], account.uuid().as_bytes(), &ends.to_be_bytes(), binding.bytes()].concat();
    bytes.copy_from_slice(&parts);
    bytes
}

fn from_bytes(bytes: &[u8; CLAIMS]) -> Option<LinkClaims> {
    let ([purpose], rest) = bytes.split_first_chunk::<1>()?;
    let (account, rest) = rest.split_first_chunk::<16>()?;
    let (ends, binding) = rest.split_first_chunk::<8>()?;
    let purpose = match purpose {
        1 => LinkPurpose::ConfirmAddress,
        2 => LinkPurpose::ResetPassword,
        _ => return None,
    };
    Some(LinkClaims {
        account: AccountId::new(Uuid::from_bytes(*account)),
        purpose,
        expires_at: seconds(i64::from_be_bytes(*ends)),
        binding: LinkBinding::from_bytes(*binding.first_chunk::<16>()?),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ticketing_core::domain::time::Timestamp;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn claims() -> LinkClaims {
        LinkClaims {
            account: AccountId::from_u128(1),
            purpose: LinkPurpose::ResetPassword,
            expires_at: NOW,
            binding: LinkBinding::from_bytes([7; 16]),
        }
    }

    #[test]
    fn a_link_outlasts_a_rotation_and_no_leak() {
        let before = Ed25519Signer::from_seed(&[7; 32]);
        let after = before.rotated(NOW, Duration::from_secs(60)).unwrap();
        let after = Ed25519Signer::from_file(&after.to_file(), Duration::ZERO).unwrap();

        assert_eq!(after.verify_link(&before.sign_link(claims())), Ok(claims()));
        assert_eq!(Ed25519Signer::generate().verify_link(&before.sign_link(claims())), Err(InvalidLinkToken));
    }

    #[test]
    fn a_token_is_laid_out_as_the_documentation_says() {
        let token = Ed25519Signer::from_seed(&[7; 32]).sign_link(claims());
        let bytes = URL_SAFE_NO_PAD.decode(token.expose().strip_prefix("1.").unwrap()).unwrap();

        assert_eq!((token.expose().len(), bytes.len()), (100, 73));
        assert_eq!((bytes[0], bytes[16], &bytes[17..25]), (2, 1, &1_700_000_000_i64.to_be_bytes()[..]));
    }

    #[test]
    fn whatever_else_is_sent_is_refused() {
        let signer = Ed25519Signer::from_seed(&[7; 32]);
        let token = signer.sign_link(claims());
        let token = token.expose();
        let longer = format!("{token}AAAA");
        let other_version = token.replacen("1.", "2.", 1);
        let without_mac = format!("1.{}", URL_SAFE_NO_PAD.encode(to_bytes(&claims())));

        for sent in ["", "1.", "1.AAAA", "🎫", &longer, &other_version, &without_mac, &token[..token.len() - 2]] {
            assert_eq!(signer.verify_link(&LinkToken::new(sent)), Err(InvalidLinkToken), "{sent}");
        }
    }
}
