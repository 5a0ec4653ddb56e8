//! Rules of [`PasswordHasher`], [`TokenSigner`], [`TokenVerifier`], [`PassSigner`] and [`LinkSigner`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod links;
mod passes;
mod passwords;
mod tokens;

use std::sync::Arc;

use ticketing_core::ports::identity::{PasswordHasher, TokenSigner, TokenVerifier};
use ticketing_core::ports::link_signer::LinkSigner;
use ticketing_core::ports::pass_signer::PassSigner;

use crate::report::Family;

pub use links::{a_forged_link_is_refused, a_link_token_fits_a_letter, a_link_token_says_what_was_signed};
pub use passes::{
    a_forged_pass_is_refused, a_pass_has_one_token, a_pass_token_is_short, a_pass_token_says_what_was_signed,
};
pub use passwords::{
    a_password_proves_itself_alone, a_password_proves_itself_however_it_is_typed, a_weak_password_is_told_so,
    no_password_is_long_judged, two_hashes_of_one_password_differ,
};
pub use tokens::{
    a_forged_token_is_refused, a_token_for_something_else_is_refused, a_token_is_not_valid_before_its_time,
    a_token_is_valid_until_it_expires, a_token_is_verified_with_public_keys_alone, a_token_says_what_was_signed,
    an_unknown_demand_is_refused,
};

/// The rules of passwords.
pub const PASSWORDS: Family<dyn PasswordFixture> = crate::passwords!(@ [family]);

/// The rules of tokens.
pub const TOKENS: Family<dyn TokenFixture> = crate::tokens!(@ [family]);

/// The rules of passes.
pub const PASSES: Family<dyn PassFixture> = crate::passes!(@ [family]);

/// The rules of links.
pub const LINKS: Family<dyn LinkFixture> = crate::links!(@ [family]);

/// A password hasher; at its cheapest setting, so that tests are quick.
pub trait PasswordFixture: Send + Sync {
    /// The hasher.
    fn hasher(&self) -> Arc<dyn PasswordHasher>;
}

/// Two signers that do not know each other's keys, and verifiers.
pub trait TokenFixture: Send + Sync {
    /// A signer; always with the same keys.
    fn signer(&self) -> Arc<dyn TokenSigner>;

    /// A signer with other keys, otherwise set up alike; always the same keys.
    fn stranger(&self) -> Arc<dyn TokenSigner>;

    /// The signature of these bytes with the key of [`TokenFixture::signer`], in base64 for URLs (RFC 7515).
    ///
    /// So rules see tokens that the signer signs and would never make.
    fn signature(&self, message: &str) -> String;

    /// A verifier that knows these public keys and nothing else.
    fn verifier(&self, jwks: &str) -> Arc<dyn TokenVerifier>;
}

/// Two signers of passes that do not know each other's keys.
pub trait PassFixture: Send + Sync {
    /// A signer; always with the same key.
    fn signer(&self) -> Arc<dyn PassSigner>;

    /// A signer with another key, otherwise set up alike.
    fn stranger(&self) -> Arc<dyn PassSigner>;
}

/// Two signers of links that do not know each other's keys.
pub trait LinkFixture: Send + Sync {
    /// A signer; always with the same key.
    fn signer(&self) -> Arc<dyn LinkSigner>;

    /// A signer with another key, otherwise set up alike.
    fn stranger(&self) -> Arc<dyn LinkSigner>;
}
