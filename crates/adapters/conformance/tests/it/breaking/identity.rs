//! Passwords that are kept as they are, and tokens that anybody can write.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::identity::{LINKS, LinkFixture, PASSWORDS, PasswordFixture, TOKENS, TokenFixture};
use ticketing_conformance::report::{Family, Finding};
use ticketing_conformance::time::with_patience;
use ticketing_core::domain::account::{LinkBinding, LinkClaims, LinkPurpose, Password, PasswordAttempt, PasswordHash};
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::contacts::LinkToken;
use ticketing_core::ports::identity::{Claims, IdentityError, PasswordHasher, TokenSigner, TokenVerifier};
use ticketing_core::ports::link_signer::{InvalidLinkToken, LinkSigner};

/// Every rule of a family notices what is wrong.
async fn assert_all_notice<F: ?Sized + Sync>(family: &Family<F>, broken: &F, unaffected: &[&str]) {
    for rule in family.rules.iter().filter(|rule| !unaffected.contains(&rule.name)) {
        let finding = with_patience(Duration::from_secs(1), rule.check(broken)).await;
        assert!(matches!(finding, Finding::Broken(_)), "{} notices nothing: {finding}", rule.name);
    }
}

/// Keeps passwords as they are, takes any that begins alike, and likes them all.
#[derive(Debug, Clone)]
struct Plain;

#[async_trait]
impl PasswordHasher for Plain {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError> {
        Ok(PasswordHash::new(format!("$plain${}", password.expose())))
    }

    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError> {
        let typed = attempt.spellings().last().unwrap_or_default().to_owned();
        Ok(hash.is_some_and(|hash| typed.starts_with(hash.expose().trim_start_matches("$plain$"))))
    }

    async fn weakness(&self, _: &Password, _: &[String]) -> Result<Option<String>, IdentityError> {
        Ok(None)
    }
}

impl PasswordFixture for Plain {
    fn hasher(&self) -> Arc<dyn PasswordHasher> {
        Arc::new(self.clone())
    }
}

#[tokio::test]
async fn passwords_that_are_not_hashed() {
    assert_all_notice(&PASSWORDS, &Plain, &[]).await;
}

/// Writes claims down and believes whatever it reads.
#[derive(Debug, Clone)]
struct Unsigned;

impl TokenSigner for Unsigned {
    fn sign(&self, claims: Claims) -> String {
        format!(
            "{}.{}.{}.{}.{}",
            claims.account,
            claims.session,
            claims.confirmed,
            claims.issued_at.millis() / 1000,
            claims.expires_at.millis() / 1000
        )
    }

    fn jwks(&self) -> String {
        "{\"keys\":[]}".to_owned()
    }
}

impl TokenVerifier for Unsigned {
    fn verify(&self, token: &str, _: Timestamp) -> Result<Claims, IdentityError> {
        read(token).ok_or(IdentityError::InvalidToken)
    }
}

fn read(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let account: AccountId = parts.next()?.parse().ok()?;
    let session: SessionId = parts.next()?.parse().ok()?;
    let confirmed = parts.next()?.parse().ok()?;
    let mut time = || parts.next()?.parse().ok().map(|seconds: i64| Timestamp::from_millis(seconds * 1000));
    Some(Claims { account, session, confirmed, issued_at: time()?, expires_at: time()? })
}

impl TokenFixture for Unsigned {
    fn signer(&self) -> Arc<dyn TokenSigner> {
        Arc::new(self.clone())
    }

    fn stranger(&self) -> Arc<dyn TokenSigner> {
        Arc::new(self.clone())
    }

    fn signature(&self, _: &str) -> String {
        String::new()
    }

    fn verifier(&self, _: &str) -> Arc<dyn TokenVerifier> {
        Arc::new(self.clone())
    }
}

#[tokio::test]
async fn tokens_that_are_not_signed() {
    // What was written is read, that much is true.
    assert_all_notice(&TOKENS, &Unsigned, &["a_token_says_what_was_signed"]).await;
}

/// Writes down whose link it is, with a blank before it, and believes that it resets a password.
#[derive(Debug, Clone)]
struct Guessed;

impl LinkSigner for Guessed {
    fn sign_link(&self, claims: LinkClaims) -> LinkToken {
        LinkToken::new(&format!(" {}", claims.account))
    }

    fn verify_link(&self, token: &LinkToken) -> Result<LinkClaims, InvalidLinkToken> {
        let account = token.expose().trim().parse().unwrap_or(AccountId::from_u128(1));
        let binding = LinkBinding::from_bytes([0; 16]);
        Ok(LinkClaims { account, purpose: LinkPurpose::ResetPassword, expires_at: Timestamp::EPOCH, binding })
    }
}

impl LinkFixture for Guessed {
    fn signer(&self) -> Arc<dyn LinkSigner> {
        Arc::new(self.clone())
    }

    fn stranger(&self) -> Arc<dyn LinkSigner> {
        Arc::new(self.clone())
    }
}

#[tokio::test]
async fn links_that_anybody_can_write() {
    assert_all_notice(&LINKS, &Guessed, &[]).await;
}
