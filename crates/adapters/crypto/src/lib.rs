//! Passwords by argon2id, and access tokens and passes signed with Ed25519.
//!
//! | port | adapter |
//! | --- | --- |
//! | `PasswordHasher` | [`Argon2Hasher`] |
//! | `TokenSigner`, `PassSigner`, `LinkSigner` | [`Ed25519Signer`] |
//! | `TokenVerifier` | [`JwtVerifier`] |
//!
//! Tokens are JSON Web Tokens (RFC 7519) with `EdDSA` (RFC 8037). The signer
//! publishes the public key; a verifier needs nothing else:
//!
//! ```
//! use ticketing_core::domain::ids::{AccountId, SessionId};
//! use ticketing_core::domain::time::Timestamp;
//! use ticketing_core::ports::identity::{Claims, TokenSigner, TokenVerifier};
//! use ticketing_crypto::{Ed25519Signer, JwtVerifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let signer = Ed25519Signer::generate();
//! let verifier = JwtVerifier::from_jwks(&signer.jwks())?;
//!
//! let account: AccountId = "01931b6e-8f00-7000-8000-000000000001".parse()?;
//! let session: SessionId = "01931b6e-8f00-7000-8000-000000000002".parse()?;
//! let issued_at = Timestamp::from_millis(1_700_000_000_000);
//! let expires_at = Timestamp::from_millis(1_700_000_300_000);
//! let token = signer.sign(Claims { account, session, confirmed: true, issued_at, expires_at });
//!
//! assert_eq!(verifier.verify(&token, issued_at)?.account, account);
//! assert!(verifier.verify(&token, expires_at).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # Why so
//!
//! - **Asymmetric keys**: a service that only verifies holds nothing that would let it sign.
//! - **Hashing beside the tasks of the runtime, a few at a time**: a password costs memory and tens of milliseconds on
//!   purpose, and a rush of sign-ins must not hold up the orders.
//!
//! The cryptography of `jsonwebtoken` is `RustCrypto`'s here. A program that
//! enables another provider of that crate besides must choose one itself, with
//! `jsonwebtoken::crypto::CryptoProvider::install_default`.

mod config;
mod error;
mod password;
mod token;

pub use config::Argon2Config;
pub use error::ConfigError;
pub use password::Argon2Hasher;
pub use token::{Ed25519Signer, JwtVerifier, KeyPhase, KeyState, PassVerifier};
