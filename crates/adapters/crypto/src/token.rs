//! Access tokens: JSON Web Tokens signed with Ed25519; and the tokens of passes and of links.
//!
//! The time that decides is always the caller's, and there is no leeway.

mod cache;
mod key;
mod key_file;
mod key_set;
mod link;
mod pass;
mod payload;
mod signer;
mod verifier;

pub use pass::PassVerifier;
pub use signer::{Ed25519Signer, KeyPhase, KeyState};
pub use verifier::JwtVerifier;

/// For what (RFC 9068, section 2.1), so that no other token of the same signer is taken for an access token.
const TYPE: &str = "at+jwt";
