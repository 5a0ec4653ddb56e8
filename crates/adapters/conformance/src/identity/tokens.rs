//! Rules of tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::{Claims, IdentityError, TokenVerifier};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};

use super::TokenFixture;

const LIFETIME: Duration = Duration::from_secs(300);

fn claims() -> Claims {
    Claims {
        account: AccountId::new(sample::uuid()),
        session: SessionId::new(sample::uuid()),
        confirmed: true,
        issued_at: NOW,
        expires_at: NOW.after(LIFETIME),
    }
}

fn refused(verifier: &dyn TokenVerifier, token: &str) -> bool {
    matches!(verifier.verify(token, NOW.after(Duration::from_secs(1))), Err(IdentityError::InvalidToken))
}

/// Members of a JSON object; `null` takes one away.
type Members<'a> = &'a [(&'a str, Value)];

/// A token that the signer signed, though its header and its claims say this besides.
fn strange(fixture: &dyn TokenFixture, header: Members<'_>, payload: Members<'_>) -> String {
    let token = fixture.signer().sign(claims());
    let mut parts = token.split('.');
    let mut part = |members| with(parts.next().expect("a token has three parts"), members);
    let message = [part(header), part(payload)].join(".");
    format!("{message}.{}", fixture.signature(&message))
}

fn with(part: &str, members: Members<'_>) -> String {
    let json = URL_SAFE_NO_PAD.decode(part).expect("a part of a token is base64");
    let mut object: Map<String, Value> = serde_json::from_slice(&json).expect("a part of a token is JSON");
    for (name, value) in members {
        object.insert((*name).to_owned(), value.clone());
    }
    object.retain(|_, value| !value.is_null());
    URL_SAFE_NO_PAD.encode(Value::Object(object).to_string())
}

/// A signed token says what was signed, to whole seconds.
pub async fn a_token_says_what_was_signed(fixture: &dyn TokenFixture) -> Outcome {
    let signer = fixture.signer();
    let verifier = fixture.verifier(&signer.jwks());
    for _ in 0..10 {
        let claims = claims();
        let read = verifier.verify(&signer.sign(claims), NOW.after(Duration::from_secs(1)));
        assert_eq!(read.expect("a token is valid while it lasts"), claims, "a token says what was signed");
    }

    let precise = Claims { expires_at: NOW.after(LIFETIME + Duration::from_millis(700)), ..claims() };
    let read = verifier.verify(&signer.sign(precise), NOW.after(Duration::from_secs(1)));
    let expires_at = read.expect("a token is valid while it lasts").expires_at;
    let apart = expires_at.since(precise.expires_at).max(precise.expires_at.since(expires_at));
    assert!(apart < Duration::from_secs(1), "an end at {} was read as {expires_at}", precise.expires_at);
    Outcome::Kept
}

/// Who has the public keys, and nothing else, verifies a token; the keys are public indeed.
pub async fn a_token_is_verified_with_public_keys_alone(fixture: &dyn TokenFixture) -> Outcome {
    let signer = fixture.signer();
    let jwks = signer.jwks();
    assert!(jwks.contains("\"keys\""), "not a JSON Web Key Set: {jwks}");
    assert!(!jwks.contains("\"d\""), "the key set gives the private key away");
    assert!(!jwks.contains("\"oct\""), "the key set gives a symmetric key away");

    let token = signer.sign(claims());
    assert!(!refused(&*fixture.verifier(&jwks), &token), "who has the public keys does not verify a token");
    let strange = fixture.verifier(&fixture.stranger().jwks());
    assert!(refused(&*strange, &token), "who has other keys verifies a token");
    assert!(refused(&*fixture.verifier("{\"keys\":[]}"), &token), "who has no keys verifies a token");
    Outcome::Kept
}

/// A token is valid until it expires, and not a moment longer.
pub async fn a_token_is_valid_until_it_expires(fixture: &dyn TokenFixture) -> Outcome {
    let signer = fixture.signer();
    let verifier = fixture.verifier(&signer.jwks());
    let claims = claims();
    let token = signer.sign(claims);
    for (what, now, valid) in [
        ("when it is issued", NOW, true),
        ("just before its end", claims.expires_at.before(Duration::from_secs(1)), true),
        ("at its end", claims.expires_at, false),
        ("after its end", claims.expires_at.after(Duration::from_secs(1)), false),
        ("long after its end", claims.expires_at.after(LIFETIME * 1000), false),
    ] {
        let read = verifier.verify(&token, now);
        assert_eq!(read.is_ok(), valid, "{what}, a token is valid or not: {read:?}");
    }
    Outcome::Kept
}

/// A token that was changed, or signed by another, is refused.
pub async fn a_forged_token_is_refused(fixture: &dyn TokenFixture) -> Outcome {
    let signer = fixture.signer();
    let verifier = fixture.verifier(&signer.jwks());
    let (token, other) = (signer.sign(claims()), signer.sign(claims()));
    assert!(refused(&*verifier, &fixture.stranger().sign(claims())), "a token that another signed was believed");

    for nonsense in ["", ".", "..", "tomato", "a.b.c"] {
        assert!(refused(&*verifier, nonsense), "{nonsense:?} was believed");
    }
    let bytes = token.as_bytes();
    for place in (0..bytes.len()).step_by(3) {
        let mut changed = bytes.to_vec();
        if let Some(byte) = changed.get_mut(place) {
            *byte = if *byte == b'A' { b'Q' } else { b'A' };
        }
        let changed = String::from_utf8(changed).expect("ASCII stays ASCII");
        assert!(refused(&*verifier, &changed), "a token that was changed at {place} was believed");
    }

    if let (Some((said, _)), Some((_, signature))) = (token.rsplit_once('.'), other.rsplit_once('.')) {
        assert!(refused(&*verifier, &format!("{said}.{signature}")), "a signature of another token was believed");
        assert!(refused(&*verifier, &format!("{said}.")), "a token without a signature was believed");
    }
    // The header {"alg":"none"}, which naive verifiers believe.
    let claimed = token.split('.').nth(1).unwrap_or_default();
    assert!(refused(&*verifier, &format!("eyJhbGciOiJub25lIn0.{claimed}.")), "an unsigned token was believed");
    Outcome::Kept
}

/// A token is not valid before the time that it names, even if it was verified later.
pub async fn a_token_is_not_valid_before_its_time(fixture: &dyn TokenFixture) -> Outcome {
    let verifier = fixture.verifier(&fixture.signer().jwks());
    let begins = NOW.after(Duration::from_secs(60));
    let seconds = begins.millis() / 1000;
    for begin in [json!(seconds), json!(f64::from(u32::try_from(seconds).expect("before 2106")) + 0.0)] {
        let token = strange(fixture, &[], &[("nbf", begin)]);
        for (now, valid) in [(NOW, false), (begins.before(Duration::from_secs(1)), false), (begins, true), (NOW, false)]
        {
            assert_eq!(verifier.verify(&token, now).is_ok(), valid, "at {now}, a token that begins at {begins}");
        }
    }
    let token = strange(fixture, &[], &[("nbf", json!("soon"))]);
    assert!(refused(&*verifier, &token), "a token whose beginning cannot be read was believed");
    Outcome::Kept
}

/// A token that the signer made for another audience, in another name or for another use is refused.
pub async fn a_token_for_something_else_is_refused(fixture: &dyn TokenFixture) -> Outcome {
    let verifier = fixture.verifier(&fixture.signer().jwks());
    assert!(!refused(&*verifier, &strange(fixture, &[], &[])), "the signature is the signer's");
    for claim in ["aud", "iss"] {
        for other in [json!("another"), json!(["another"]), json!([]), json!(""), json!(7), Value::Null] {
            let token = strange(fixture, &[], &[(claim, other.clone())]);
            assert!(refused(&*verifier, &token), "a token with {claim} {other} was believed");
        }
    }
    for other in [json!("JWT"), json!("secevent+jwt"), json!(""), Value::Null] {
        let token = strange(fixture, &[("typ", other.clone())], &[]);
        assert!(refused(&*verifier, &token), "a token of type {other} was believed");
    }
    Outcome::Kept
}

/// A token whose header demands to understand what the verifier does not is refused (RFC 7515, section 4.1.11).
pub async fn an_unknown_demand_is_refused(fixture: &dyn TokenFixture) -> Outcome {
    let verifier = fixture.verifier(&fixture.signer().jwks());
    let understood = strange(fixture, &[("example", json!(true))], &[]);
    assert!(!refused(&*verifier, &understood), "what is not demanded is passed by");
    for demands in [json!(["example"]), json!(["b64"]), json!(["exp", "example"]), json!([]), json!("example")] {
        let token = strange(fixture, &[("example", json!(true)), ("crit", demands.clone())], &[]);
        assert!(refused(&*verifier, &token), "a token that demands {demands} was believed");
    }
    Outcome::Kept
}
