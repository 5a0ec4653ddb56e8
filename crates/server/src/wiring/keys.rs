//! The keys of access tokens: drawn, set, or asked of the accounts service.

mod fetched;

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::Loops;
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::messaging::driver::Pace;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::{TokenSigner, TokenVerifier};
use ticketing_crypto::{Ed25519Signer, JwtVerifier};

use crate::config::{Config, Service};
use crate::remote::Upstream;
use crate::state::DeviceKey;

use fetched::{FetchKeys, FetchedKeys};

/// Signs and verifies access tokens.
pub(super) struct Keys {
    /// For the accounts service alone.
    signer: Arc<dyn TokenSigner>,
    /// For every service.
    verifier: Arc<dyn TokenVerifier>,
    /// For the accounts service alone.
    devices: DeviceKey,
}

impl Keys {
    /// Reads a key as a setting holds it.
    ///
    /// A mistake says what is expected, and never quotes the key.
    fn from_text(text: &str) -> Result<Self, BoxError> {
        Self::of(Ed25519Signer::from_text(text)?)
    }

    /// Draws a new key.
    fn generate() -> Result<Self, BoxError> {
        Self::of(Ed25519Signer::generate())
    }

    fn of(signer: Ed25519Signer) -> Result<Self, BoxError> {
        let verifier = JwtVerifier::from_jwks(&signer.jwks())?;
        let devices = device_key(&signer);
        Ok(Self { signer: Arc::new(signer), verifier: Arc::new(verifier), devices })
    }
}

/// What is wrong with the keys among the settings, a sentence each, which never quotes a key.
#[must_use]
pub fn check_keys(config: &Config) -> Vec<String> {
    let key = config.signing_key.as_ref().map(|key| Keys::from_text(key.expose()).err());
    let jwks = config.jwks.as_deref().map(|jwks| JwtVerifier::from_jwks(jwks).err());
    let key = key.flatten().map(|mistake| format!("--signing-key: {mistake}"));
    key.into_iter().chain(jwks.flatten().map(|mistake| format!("--jwks: {mistake}"))).collect()
}

/// How the services of a process know who somebody is.
pub(super) struct Identity {
    /// There if accounts runs here.
    pub(super) signer: Option<Arc<dyn TokenSigner>>,
    pub(super) verifier: Arc<dyn TokenVerifier>,
    /// Signs nothing that anybody believes where accounts does not run.
    pub(super) devices: DeviceKey,
    /// Asks for the keys.
    pub(super) loops: Loops,
}

impl Identity {
    pub(super) fn of(config: &Config) -> Result<Self, BoxError> {
        if config.services.contains(&Service::Accounts) {
            let keys = config.signing_key.as_ref().map(|key| Keys::from_text(key.expose()));
            let Keys { signer, verifier, devices } = keys.unwrap_or_else(Keys::generate)?;
            return Ok(Self { signer: Some(signer), verifier, devices, loops: Loops::default() });
        }
        let verifies = config.services.iter().copied().any(Service::has_api);
        match (&config.jwks, config.remote.get(&Service::Accounts)) {
            (Some(jwks), _) => Ok(Self::verifying(Arc::new(JwtVerifier::from_jwks(jwks)?), Loops::default())),
            (None, Some(accounts)) if verifies => Ok(Self::asking(&Upstream::new(accounts, config.http.restart_wait))),
            (None, _) => Ok(Self::verifying(nobodys_keys()?, Loops::default())),
        }
    }

    fn asking(accounts: &Upstream) -> Self {
        /// Keys that accounts no longer publishes are believed so long.
        const EVERY: Duration = Duration::from_secs(5 * 60);
        /// A process that starts before accounts should not notice its start much later.
        const LONGEST: Duration = Duration::from_secs(1);
        let keys = Arc::new(FetchedKeys::default());
        let fetch = FetchKeys::new(accounts.clone(), Arc::clone(&keys));
        let mut loops = Loops::default();
        let backoff = Backoff { longest: LONGEST, ..Backoff::default() };
        loops.take_in(Box::new(fetch), Pace { period: EVERY, backoff });
        Self::verifying(keys, loops)
    }

    fn verifying(verifier: Arc<dyn TokenVerifier>, loops: Loops) -> Self {
        Self { signer: None, verifier, devices: device_key(&Ed25519Signer::generate()), loops }
    }
}

fn device_key(signer: &Ed25519Signer) -> DeviceKey {
    DeviceKey::new(&signer.secret_for("known devices"))
}

/// Where nothing asks who somebody is, nobody is believed.
fn nobodys_keys() -> Result<Arc<dyn TokenVerifier>, BoxError> {
    Ok(Arc::new(JwtVerifier::from_jwks(r#"{"keys":[]}"#)?))
}
