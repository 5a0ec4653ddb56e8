//! Keys of the accounts service, which it signs with: one that stays, or those of a file that is read again and again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;

use ticketing_core::domain::account::LinkClaims;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::contacts::LinkToken;
use ticketing_core::ports::identity::{Claims, IdentityError, TokenSigner, TokenVerifier};
use ticketing_core::ports::link_signer::{InvalidLinkToken, LinkSigner};
use ticketing_core::ports::pass_signer::{InvalidPassToken, PassClaims, PassSigner};
use ticketing_crypto::{Ed25519Signer, JwtVerifier};

use crate::state::{ContactsKey, DeviceKey};

use super::key_file::KeyFile;

/// Signs and verifies access tokens, with the keys that were read last.
#[derive(Debug)]
pub(in crate::wiring) struct OwnKeys {
    current: RwLock<Arc<Keys>>,
    pub(super) devices: DeviceKey,
    pub(super) contacts: ContactsKey,
}

#[derive(Debug)]
struct Keys {
    signer: Ed25519Signer,
    verifier: JwtVerifier,
}

impl OwnKeys {
    pub(super) fn new(signer: Ed25519Signer) -> Result<Self, BoxError> {
        let devices = DeviceKey::new(&secret_of_devices(&signer));
        let contacts = ContactsKey::new(&secret_of_contacts(&signer));
        Ok(Self { current: RwLock::new(Arc::new(Keys::new(signer)?)), devices, contacts })
    }

    fn learn(&self, signer: Ed25519Signer) -> Result<(), BoxError> {
        let keys = Arc::new(Keys::new(signer)?);
        self.devices.replace(&secret_of_devices(&keys.signer));
        self.contacts.replace(&secret_of_contacts(&keys.signer));
        *self.current.write() = keys;
        Ok(())
    }

    fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.current.read())
    }
}

fn secret_of_devices(signer: &Ed25519Signer) -> [u8; 64] {
    signer.secret_for("known devices")
}

fn secret_of_contacts(signer: &Ed25519Signer) -> [u8; 64] {
    signer.secret_for("contacts of people")
}

impl Keys {
    fn new(signer: Ed25519Signer) -> Result<Self, BoxError> {
        let verifier = JwtVerifier::from_jwks(&signer.jwks())?;
        Ok(Self { signer, verifier })
    }
}

impl TokenSigner for OwnKeys {
    fn sign(&self, claims: Claims) -> String {
        self.current().signer.sign(claims)
    }

    fn jwks(&self) -> String {
        self.current().signer.jwks()
    }
}

impl TokenVerifier for OwnKeys {
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError> {
        self.current().verifier.verify(token, now)
    }
}

impl LinkSigner for OwnKeys {
    fn sign_link(&self, claims: LinkClaims) -> LinkToken {
        self.current().signer.sign_link(claims)
    }

    fn verify_link(&self, token: &LinkToken) -> Result<LinkClaims, InvalidLinkToken> {
        self.current().signer.verify_link(token)
    }
}

impl PassSigner for OwnKeys {
    fn sign_pass(&self, claims: PassClaims) -> String {
        self.current().signer.sign_pass(claims)
    }

    fn verify_pass(&self, token: &str) -> Result<PassClaims, InvalidPassToken> {
        self.current().signer.verify_pass(token)
    }
}

/// Reads the file of keys again. A file that cannot be read changes nothing: the keys of before stay.
#[derive(Debug)]
pub(super) struct ReadKeys {
    file: KeyFile,
    /// What was read last, so that tokens which were verified stay remembered while nothing changes.
    text: String,
    keys: Arc<OwnKeys>,
}

impl ReadKeys {
    /// A changed file is known this soon.
    pub(super) const EVERY: Duration = Duration::from_secs(5);

    /// Reads it for the first time.
    pub(super) fn begin(file: KeyFile) -> Result<(Arc<OwnKeys>, Self), BoxError> {
        file.begin_with_data()?;
        let text = file.text()?;
        let keys = Arc::new(OwnKeys::new(file.signer(&text)?)?);
        Ok((Arc::clone(&keys), Self { file, text, keys }))
    }
}

#[async_trait]
impl Step for ReadKeys {
    fn name(&self) -> &'static str {
        "read-signing-keys"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let file = self.file.clone();
        let text = tokio::task::spawn_blocking(move || file.text()).await.map_err(io::Error::other)??;
        if text != self.text {
            self.keys.learn(self.file.signer(&text)?)?;
            self.text = text;
            tracing::info!("the signing keys have changed");
        }
        Ok(0)
    }

    async fn idle(&mut self) {
        std::future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}
