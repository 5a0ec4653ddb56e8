//! Rules of the tokens of links.

use std::collections::HashSet;
use std::time::Duration;

use ticketing_core::domain::account::{Account, LinkClaims, LinkPurpose, PasswordHash};
use ticketing_core::ports::contacts::LinkToken;
use ticketing_core::ports::link_signer::InvalidLinkToken;

use crate::outcome::Outcome;
use crate::sample;

use super::LinkFixture;

const PURPOSES: [LinkPurpose; 2] = [LinkPurpose::ConfirmAddress, LinkPurpose::ResetPassword];

fn claims(purpose: LinkPurpose) -> LinkClaims {
    LinkClaims::new(&sample::account(), purpose, sample::NOW)
}

/// A token says what was signed, for each purpose, and no two links have one token.
pub async fn a_link_token_says_what_was_signed(fixture: &dyn LinkFixture) -> Outcome {
    let signer = fixture.signer();
    let account = sample::account();
    let changed = Account { password: PasswordHash::new("$argon2id$another".to_owned()), ..account.clone() };
    let mut tokens = HashSet::new();
    for (account, purpose) in [(&account, PURPOSES[0]), (&account, PURPOSES[1]), (&changed, PURPOSES[1])] {
        for now in [sample::NOW, sample::NOW.after(Duration::from_secs(1))] {
            let claims = LinkClaims::new(account, purpose, now);
            let token = signer.sign_link(claims);
            assert_eq!(fixture.signer().verify_link(&token), Ok(claims), "a token says what was signed");
            assert!(tokens.insert(token.expose().to_owned()), "two links have one token");
        }
    }
    Outcome::Kept
}

/// A token that was changed or signed by anybody else is refused.
pub async fn a_forged_link_is_refused(fixture: &dyn LinkFixture) -> Outcome {
    let signer = fixture.signer();
    let token = signer.sign_link(claims(LinkPurpose::ResetPassword)).expose().to_owned();
    let is_refused = |token: &str| signer.verify_link(&LinkToken::new(token)) == Err(InvalidLinkToken);
    for at in 0..token.len() {
        let forged: String = token.char_indices().map(|(n, c)| if n == at { other(c) } else { c }).collect();
        assert!(is_refused(&forged), "changed at {at}, a token is believed");
    }
    let strange = fixture.stranger().sign_link(claims(LinkPurpose::ResetPassword));
    for forged in ["", ".", "tomato", strange.expose(), token.get(1..).unwrap_or_default()] {
        assert!(is_refused(forged), "{forged:?} is believed");
    }
    Outcome::Kept
}

/// Another character; of those of base64, not the next one, which may stand for the same bits at the end.
fn other(c: char) -> char {
    if c == 'Q' { 'f' } else { 'Q' }
}

/// A token is at most 120 characters, each of which is safe in an address, and is never printed.
pub async fn a_link_token_fits_a_letter(fixture: &dyn LinkFixture) -> Outcome {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    for purpose in PURPOSES {
        let token = fixture.signer().sign_link(claims(purpose));
        let text = token.expose();
        assert!(text.len() <= 120 && text.chars().all(is_safe), "a token is {} long: {text}", text.len());
    }
    Outcome::Kept
}
