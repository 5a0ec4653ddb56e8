//! Rules of the tokens of passes.

use std::collections::HashSet;

use ticketing_core::domain::ids::{PassId, TicketId};
use ticketing_core::ports::pass_signer::{InvalidPassToken, PassClaims};

use crate::outcome::Outcome;
use crate::sample;

use super::PassFixture;

fn claims(place: u32) -> PassClaims {
    PassClaims { pass: PassId::new(sample::uuid()), ticket: TicketId::new(sample::uuid()), place }
}

/// A token says what was signed, for the first place and for the last that can be.
pub async fn a_pass_token_says_what_was_signed(fixture: &dyn PassFixture) -> Outcome {
    let signer = fixture.signer();
    let mut tokens = HashSet::new();
    for place in [1, 2, 1000, u32::MAX] {
        let claims = claims(place);
        let token = signer.sign_pass(claims);
        assert_eq!(signer.verify_pass(&token), Ok(claims), "a token says what was signed");
        assert!(tokens.insert(token), "two passes have one token");
    }
    Outcome::Kept
}

/// A token that was changed or signed by anybody else is refused.
pub async fn a_forged_pass_is_refused(fixture: &dyn PassFixture) -> Outcome {
    let signer = fixture.signer();
    let token = signer.sign_pass(claims(1));
    for at in 0..token.len() {
        let forged: String = token.char_indices().map(|(n, c)| if n == at { other(c) } else { c }).collect();
        assert_eq!(signer.verify_pass(&forged), Err(InvalidPassToken), "changed at {at}, a token is believed");
    }
    let strange = fixture.stranger().sign_pass(claims(1));
    for forged in ["", ".", "tomato", &strange, token.get(1..).unwrap_or_default()] {
        assert_eq!(signer.verify_pass(forged), Err(InvalidPassToken), "{forged:?} is believed");
    }
    Outcome::Kept
}

/// Another character; of those of base64, not the next one, which may stand for the same bits at the end.
fn other(c: char) -> char {
    if c == 'Q' { 'f' } else { 'Q' }
}

/// A pass has one token, however often and by whichever holder of the key it is signed.
pub async fn a_pass_has_one_token(fixture: &dyn PassFixture) -> Outcome {
    let claims = claims(7);
    let token = fixture.signer().sign_pass(claims);
    for _ in 0..10 {
        assert_eq!(fixture.signer().sign_pass(claims), token, "a pass has another token each time");
    }
    Outcome::Kept
}

/// A token is at most 200 characters, each of which is safe in an address.
pub async fn a_pass_token_is_short(fixture: &dyn PassFixture) -> Outcome {
    let token = fixture.signer().sign_pass(claims(1000));
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    assert!(token.len() <= 200 && token.chars().all(is_safe), "a token is {} long: {token}", token.len());
    Outcome::Kept
}
