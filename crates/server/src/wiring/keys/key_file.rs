//! The file that keeps the signing keys: read, and rotated by an operator.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::BoxError;
use ticketing_crypto::{Ed25519Signer, KeyState};

use crate::config::{Config, Secret};

/// Where the signing keys are.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
    /// Of an access token, which its key outlasts.
    token_lifetime: Duration,
    /// With which a new file begins, if there is one already.
    first: Option<Secret>,
    /// It lies with all that is kept, and is begun by itself.
    is_with_data: bool,
}

/// When a new key signs, and what becomes of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It signs after this time; the others verify until their tokens are over.
    After(Duration),
    /// It signs at once, and the others are worth nothing from now on: one of them was stolen.
    Leaked,
}

impl KeyFile {
    /// The file of these settings: the one that they name, or the one in the directory that keeps everything, unless
    /// they have a key.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        let (first, token_lifetime) = (config.signing_key.clone(), config.sessions.access);
        let kept = config.engines.data.as_ref().filter(|_| first.is_none()).map(|data| data.join("keys.json"));
        match (config.signing_keys.clone(), kept) {
            (Some(path), _) => Some(Self { path, token_lifetime, first, is_with_data: false }),
            (None, Some(path)) => Some(Self { path, token_lifetime, first, is_with_data: true }),
            (None, None) => None,
        }
    }

    /// Whether it is there, or is not begun by itself.
    pub(super) fn is_to_be_read(&self) -> bool {
        !self.is_with_data || self.path.exists()
    }

    /// Begins the file that lies with all that is kept, if nobody has yet.
    pub(super) fn begin_with_data(&self) -> Result<(), BoxError> {
        if !self.is_with_data {
            return Ok(());
        }
        data_folder(folder(&self.path))?;
        let folder = File::open(folder(&self.path))?;
        folder.lock()?;
        if !self.path.try_exists()? {
            replace(&self.path, &self.begin()?.to_file())?;
            folder.sync_all()?;
        }
        Ok(())
    }

    /// The keys in it, in the order in which they sign.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else.
    pub fn keys(&self, now: Timestamp) -> Result<Vec<KeyState>, BoxError> {
        Ok(self.signer(&self.text()?)?.keys(now))
    }

    /// Adds a key and returns all of them; begins the file if it is not there, with the key that was used so far.
    ///
    /// # Errors
    ///
    /// It cannot be read or written, or holds a key that does not sign yet; it is as it was.
    pub fn rotate(&self, rotation: Rotation, now: Timestamp) -> Result<Vec<KeyState>, BoxError> {
        let path = self.path()?;
        // Two rotations at once would each lose the other's key. The folder is there, and stays the same one.
        let folder = File::open(folder(&path))?;
        folder.lock()?;
        let next = match (rotation, self.text()) {
            (Rotation::Leaked, _) => Ed25519Signer::generate(),
            (Rotation::After(after), Ok(text)) => self.signer(&text)?.rotated(now, after)?,
            (Rotation::After(_), Err(error)) if error.kind() == io::ErrorKind::NotFound => self.begin()?,
            (Rotation::After(_), Err(error)) => return Err(error.into()),
        };
        replace(&path, &next.to_file())?;
        folder.sync_all()?;
        Ok(next.keys(now))
    }

    pub(super) fn text(&self) -> io::Result<String> {
        fs::read_to_string(&self.path)
    }

    pub(super) fn signer(&self, text: &str) -> Result<Ed25519Signer, BoxError> {
        Ok(Ed25519Signer::from_file(text, self.token_lifetime)?)
    }

    fn begin(&self) -> Result<Ed25519Signer, BoxError> {
        let first = self.first.as_ref().map(|key| Ed25519Signer::from_text(key.expose()));
        Ok(first.unwrap_or_else(|| Ok(Ed25519Signer::generate()))?)
    }

    /// Where it really is: a link to it stays a link.
    fn path(&self) -> io::Result<PathBuf> {
        match self.path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.path.clone()),
            path => path,
        }
    }
}

/// Makes the directory of --data, for its owner alone: what people did lies there, and others could lock it.
pub(in crate::wiring) fn data_folder(path: &Path) -> Result<(), BoxError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    Ok(made.map_err(|error| format!("--data {}: {error}", path.display()))?)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Replaces a file as a whole: a reader, even after a crash, finds all of the old text or all of the new one.
///
/// Its owner and its mode stay; a new file is for its owner alone.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    match fs::metadata(path) {
        Ok(old) => {
            fchown(&file, Some(old.uid()), Some(old.gid()))?;
            file.set_permissions(old.permissions())?;
        }
        // A crash may have left it behind, with any mode.
        Err(error) if error.kind() == io::ErrorKind::NotFound => file.set_permissions(Permissions::from_mode(0o600))?,
        Err(error) => return Err(error),
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
