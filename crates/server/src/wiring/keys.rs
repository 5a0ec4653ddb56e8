//! The keys of access tokens: drawn, set, kept in a file, or asked of the accounts service.

mod fetched;
mod key_file;
mod own;

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::Loops;
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::messaging::driver::Pace;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::TokenVerifier;
use ticketing_core::ports::pass_signer::PassSigner;
use ticketing_crypto::{Ed25519Signer, JwtVerifier};

use crate::config::{Config, Service};
use crate::remote::Upstream;
use crate::state::{ContactsKey, DeviceKey};

use fetched::{FetchKeys, FetchedKeys};
use own::{OwnKeys, ReadKeys};

#[cfg(feature = "sqlite")]
pub(super) use key_file::data_folder;
pub use key_file::{KeyFile, Rotation};

/// What is wrong with the keys that a process is to be served with, a sentence each, which never quotes a key.
#[must_use]
pub fn check_keys(config: &Config) -> Vec<String> {
    let key = config.signing_key.as_ref().map(|key| Ed25519Signer::from_text(key.expose()).err());
    let jwks = config.jwks.as_deref().map(|jwks| JwtVerifier::from_jwks(jwks).err());
    let signs = config.services.iter().copied().any(Service::signs);
    let file = KeyFile::of(config).filter(|file| signs && file.is_to_be_read());
    let key = key.flatten().map(|mistake| format!("--signing-key: {mistake}"));
    let jwks = jwks.flatten().map(|mistake| format!("--jwks: {mistake}"));
    let file = file.and_then(|file| ReadKeys::begin(file).err()).map(|mistake| format!("--signing-keys: {mistake}"));
    key.into_iter().chain(jwks).chain(file).collect()
}

/// How the services of a process know who somebody is.
pub(super) struct Identity {
    /// There if accounts runs here.
    pub(super) signer: Option<Arc<OwnKeys>>,
    /// There if admissions runs here.
    pub(super) passes: Option<Arc<dyn PassSigner>>,
    pub(super) verifier: Arc<dyn TokenVerifier>,
    /// Signs nothing that anybody believes where accounts does not run.
    pub(super) devices: DeviceKey,
    /// There if these keys are not drawn at start, so that another process can have them.
    pub(super) contacts_key: Option<ContactsKey>,
    /// Asks for the keys.
    pub(super) loops: Loops,
}

impl Identity {
    pub(super) fn of(config: &Config) -> Result<Self, BoxError> {
        if config.services.contains(&Service::Accounts) {
            return Self::signing(config);
        }
        let mut identity = Self::of_others(config)?;
        if config.services.iter().copied().any(Service::signs) {
            // Accounts publishes the same keys, which admissions and notifications read by themselves.
            let (keys, loops) = own_keys(config)?;
            identity.contacts_key = shared(config, &keys);
            let issues = config.services.contains(&Service::Admissions);
            identity.passes = issues.then_some(keys as Arc<dyn PassSigner>);
            identity.loops = identity.loops.and(loops);
        }
        Ok(identity)
    }

    /// Where accounts runs in another process.
    fn of_others(config: &Config) -> Result<Self, BoxError> {
        let verifies = config.services.iter().copied().any(Service::has_api);
        match (&config.jwks, config.remote.get(&Service::Accounts)) {
            (Some(jwks), _) => Ok(Self::verifying(Arc::new(JwtVerifier::from_jwks(jwks)?), Loops::default())),
            (None, Some(accounts)) if verifies => Ok(Self::asking(&Upstream::new(accounts, config.http.restart_wait))),
            (None, _) => Ok(Self::verifying(nobodys_keys()?, Loops::default())),
        }
    }

    fn signing(config: &Config) -> Result<Self, BoxError> {
        let (keys, loops) = own_keys(config)?;
        let (devices, contacts_key) = (keys.devices.clone(), shared(config, &keys));
        let issues = config.services.contains(&Service::Admissions);
        let passes = issues.then(|| Arc::clone(&keys) as Arc<dyn PassSigner>);
        Ok(Self { signer: Some(Arc::clone(&keys)), passes, verifier: keys, devices, contacts_key, loops })
    }

    fn asking(accounts: &Upstream) -> Self {
        /// A key that accounts no longer publishes is believed so long, and a new one is known this soon.
        const EVERY: Duration = Duration::from_secs(15);
        /// A process that starts before accounts should not notice its start much later.
        const LONGEST: Duration = Duration::from_secs(1);
        let keys = Arc::new(FetchedKeys::default());
        let fetch = FetchKeys::new(accounts.clone(), Arc::clone(&keys));
        let mut loops = Loops::default();
        let backoff = Backoff { longest: LONGEST, ..Backoff::default() };
        loops.take_in(Box::new(fetch), Pace { period: EVERY, backoff, ..Pace::default() });
        Self::verifying(keys, loops)
    }

    fn verifying(verifier: Arc<dyn TokenVerifier>, loops: Loops) -> Self {
        let devices = DeviceKey::new(&Ed25519Signer::generate().secret_for("nothing"));
        Self { signer: None, passes: None, verifier, devices, contacts_key: None, loops }
    }
}

/// What other processes with the same settings prove themselves by.
fn shared(config: &Config, keys: &OwnKeys) -> Option<ContactsKey> {
    let is_drawn = config.signing_key.is_none() && KeyFile::of(config).is_none();
    (!is_drawn).then(|| keys.contacts.clone())
}

/// The keys of the settings, and what reads them again; drawn where none are set.
fn own_keys(config: &Config) -> Result<(Arc<OwnKeys>, Loops), BoxError> {
    let mut loops = Loops::default();
    let keys = match (KeyFile::of(config), &config.signing_key) {
        (Some(file), _) => {
            let (keys, read) = ReadKeys::begin(file)?;
            loops.take_in(Box::new(read), Pace { period: ReadKeys::EVERY, ..Pace::default() });
            keys
        }
        (None, Some(key)) => Arc::new(OwnKeys::new(Ed25519Signer::from_text(key.expose())?)?),
        (None, None) => Arc::new(OwnKeys::new(Ed25519Signer::generate())?),
    };
    Ok((keys, loops))
}

/// Where nothing asks who somebody is, nobody is believed.
fn nobodys_keys() -> Result<Arc<dyn TokenVerifier>, BoxError> {
    Ok(Arc::new(JwtVerifier::from_jwks(r#"{"keys":[]}"#)?))
}
