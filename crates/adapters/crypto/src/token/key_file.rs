//! Keys as a file holds them: a JSON Web Key Set with private parts.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};

use crate::ConfigError;

use super::key::Key;
use super::payload::seconds;
use super::signer::{DatedKey, Ed25519Signer};

#[derive(Serialize, Deserialize)]
struct KeyFile {
    keys: Vec<StoredKey>,
    /// The seed that secrets other than keys come from.
    root: String,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    #[serde(flatten)]
    public: Jwk,
    d: String,
    /// It signs from then on, in seconds since 1970.
    nbf: i64,
}

impl Ed25519Signer {
    /// Reads keys that [`Ed25519Signer::to_file`] wrote, to sign tokens that are valid for `token_lifetime`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the text is something else, or the parts of a key do not belong together.
    pub fn from_file(text: &str, token_lifetime: Duration) -> Result<Self, ConfigError> {
        // Without its cause, which may quote a secret that stands where something else is expected.
        let file: KeyFile = serde_json::from_str(text)
            .map_err(|_| ConfigError::new("the file of signing keys is not what `ticketing keys rotate` writes"))?;
        let keys = file.keys.iter().map(StoredKey::read).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(ConfigError::new("the file of signing keys holds no key"));
        }
        Ok(Self::new(keys, key(&file.root)?, token_lifetime))
    }

    /// The keys as text, secrets included: for a file that nobody else may read.
    #[must_use]
    pub fn to_file(&self) -> String {
        let stored = |key: &DatedKey| StoredKey {
            public: key.key.public().clone(),
            d: URL_SAFE_NO_PAD.encode(key.key.seed()),
            nbf: key.signs_from.millis() / 1000,
        };
        let root = URL_SAFE_NO_PAD.encode(self.root.seed());
        KeyFile { keys: self.keys.iter().map(stored).collect(), root }.to_text()
    }
}

impl KeyFile {
    fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("keys are text all through") + "\n"
    }
}

impl StoredKey {
    fn read(&self) -> Result<DatedKey, ConfigError> {
        let key = key(&self.d)?;
        if *key.public() != self.public {
            return Err(ConfigError::new("the parts of a signing key do not belong together"));
        }
        Ok(DatedKey { key, signs_from: seconds(self.nbf), ends: None })
    }
}

fn key(seed: &str) -> Result<Key, ConfigError> {
    let seed = URL_SAFE_NO_PAD.decode(seed).ok().and_then(|seed| <[u8; 32]>::try_from(seed).ok());
    seed.map(|seed| Key::from_seed(&seed)).ok_or_else(|| ConfigError::new("a signing key of the file is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::domain::time::Timestamp;
    use ticketing_core::ports::identity::TokenSigner as _;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn keys_are_read_as_they_were_written() {
        let written = Ed25519Signer::from_seed(&[7; 32]).rotated(NOW, MINUTE).unwrap();

        let read = Ed25519Signer::from_file(&written.to_file(), Duration::ZERO).unwrap();

        assert_eq!((read.to_file(), read.jwks()), (written.to_file(), written.jwks()));
        assert_eq!(read.secret_for("hats"), written.secret_for("hats"));
        assert_eq!(read.keys(NOW), written.keys(NOW));
    }

    #[test]
    fn a_damaged_file_is_refused_and_never_quoted() {
        let good = Ed25519Signer::from_seed(&[7; 32]).to_file();
        let secret = URL_SAFE_NO_PAD.encode([7; 32]);
        let another = URL_SAFE_NO_PAD.encode([8; 32]);
        assert!(good.contains(&secret));

        for damaged in [
            String::new(),
            "{}".to_owned(),
            secret.clone(),
            format!("\"{secret}\""),
            good.replacen(&format!("\"d\": \"{secret}\""), &format!("\"d\": \"{another}\""), 1),
            good.replacen(&secret, "AAAA", 1),
            good.replace("\"nbf\": 0", &format!("\"nbf\": \"{secret}\"")),
            format!(r#"{{"keys":[],"root":"{secret}"}}"#),
        ] {
            let error = Ed25519Signer::from_file(&damaged, MINUTE).unwrap_err();
            let told = ticketing_core::ports::error_chain(&error);
            assert!(!format!("{told}{error:?}").contains(&secret), "{told}");
        }
    }
}
