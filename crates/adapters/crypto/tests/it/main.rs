//! The promises of the identity ports, kept by this adapter.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey};
use ticketing_conformance::identity::{LinkFixture, PassFixture, PasswordFixture, TokenFixture};
use ticketing_core::ports::identity::{PasswordHasher, TokenSigner, TokenVerifier};
use ticketing_core::ports::link_signer::LinkSigner;
use ticketing_core::ports::pass_signer::PassSigner;
use ticketing_crypto::{Argon2Config, Argon2Hasher, Ed25519Signer, JwtVerifier};

struct Passwords;

impl PasswordFixture for Passwords {
    fn hasher(&self) -> Arc<dyn PasswordHasher> {
        Arc::new(Argon2Hasher::new(Argon2Config::weak()).expect("a cost that can be"))
    }
}

struct Tokens;

impl TokenFixture for Tokens {
    fn signer(&self) -> Arc<dyn TokenSigner> {
        Arc::new(Ed25519Signer::from_seed(&[1; 32]))
    }

    fn stranger(&self) -> Arc<dyn TokenSigner> {
        Arc::new(Ed25519Signer::from_seed(&[2; 32]))
    }

    fn signature(&self, message: &str) -> String {
        let der = SigningKey::from_bytes(&[1; 32]).to_pkcs8_der().expect("a key fits PKCS#8");
        let key = EncodingKey::from_ed_der(der.as_bytes());
        jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).expect("a key signs anything")
    }

    fn verifier(&self, jwks: &str) -> Arc<dyn TokenVerifier> {
        Arc::new(JwtVerifier::from_jwks(jwks).expect("a signer publishes a key set"))
    }
}

struct Passes;

impl PassFixture for Passes {
    fn signer(&self) -> Arc<dyn PassSigner> {
        Arc::new(Ed25519Signer::from_seed(&[1; 32]))
    }

    fn stranger(&self) -> Arc<dyn PassSigner> {
        Arc::new(Ed25519Signer::from_seed(&[2; 32]))
    }
}

struct Links;

impl LinkFixture for Links {
    fn signer(&self) -> Arc<dyn LinkSigner> {
        Arc::new(Ed25519Signer::from_seed(&[1; 32]))
    }

    fn stranger(&self) -> Arc<dyn LinkSigner> {
        Arc::new(Ed25519Signer::from_seed(&[2; 32]))
    }
}

ticketing_conformance::passwords!(Passwords);
ticketing_conformance::tokens!(Tokens);
ticketing_conformance::passes!(Passes);
ticketing_conformance::links!(Links);
