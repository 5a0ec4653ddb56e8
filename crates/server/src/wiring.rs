//! The composition root: the only file of this crate that names adapters.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::{TokenSigner, TokenVerifier};
use ticketing_crypto::{Argon2Config, Argon2Hasher, Ed25519Signer, JwtVerifier};
use ticketing_memory::MemoryEngines;

use crate::config::Config;
use crate::marketplace::{EdgePorts, Engines, assemble};
use crate::runtime::Assembly;

/// A whole marketplace on memory, as its settings want it. Nothing runs yet.
///
/// # Errors
///
/// See [`engines`].
pub fn marketplace(config: &Config) -> Result<Assembly, BoxError> {
    let engines = engines(&MemoryEngines::default(), Argon2Config::default(), config)?;
    Ok(assemble(engines, config))
}

/// Everything a marketplace plugs in, over engines in memory; passwords are hashed at `cost`.
///
/// # Errors
///
/// A cost that argon2 cannot work at.
pub fn engines(memory: &MemoryEngines, cost: Argon2Config, config: &Config) -> Result<Engines, BoxError> {
    let Keys { signer, verifier } = config.keys.clone().map_or_else(Keys::generate, Ok)?;
    let hasher = Argon2Hasher::new(cost)?;
    Ok(Engines {
        surroundings: memory.surroundings(config.core()),
        accounts: memory.account_ports(Arc::new(hasher), signer),
        tickets: memory.ticket_ports(),
        orders: memory.order_ports(),
        payments: memory.payment_ports(),
        expiration: memory.expiration_ports(),
        edge: EdgePorts {
            verifier,
            limiter: Arc::new(memory.limiter.clone()),
            gateway: Arc::new(memory.gateway.clone()),
            parking: Arc::new(memory.parking.clone()),
        },
    })
}

/// Signs and verifies access tokens. A clone holds the same key.
#[derive(Clone)]
pub struct Keys {
    /// For the accounts service alone.
    pub signer: Arc<dyn TokenSigner>,
    /// For every service.
    pub verifier: Arc<dyn TokenVerifier>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Reads a key as a setting holds it.
    ///
    /// # Errors
    ///
    /// A sentence that tells what is expected, and never the key.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let signer = Ed25519Signer::from_text(text).map_err(|error| error.to_string())?;
        Self::of(signer).map_err(|error| error.to_string())
    }

    /// Draws a new key.
    ///
    /// # Errors
    ///
    /// None that is known: a key verifies what it signs.
    pub fn generate() -> Result<Self, BoxError> {
        Self::of(Ed25519Signer::generate())
    }

    fn of(signer: Ed25519Signer) -> Result<Self, BoxError> {
        let verifier = JwtVerifier::from_jwks(&signer.jwks())?;
        Ok(Self { signer: Arc::new(signer), verifier: Arc::new(verifier) })
    }
}
