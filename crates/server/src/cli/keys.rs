//! `ticketing keys`: the keys that sign access tokens, one after the other.

use clap::Subcommand;
use ticketing_core::ports::BoxError;

use super::values::{HOUR, Span, span_up_to};
use crate::config::Config;
use crate::say;
use crate::wiring::{self, KeyFile, Rotation};

/// What to do about signing keys.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys, one line each, without their secrets
    List,
    /// Add a key that signs a little later, when every process knows it; begin the file if it is not there
    ///
    /// Tokens that the key before it signed stay valid until they expire. Nobody has to sign in again.
    Rotate {
        /// How much later it signs: longer than it takes until every process has the file
        #[arg(long, value_name = "SPAN", value_parser = span_up_to(HOUR * 24), default_value = "10m", conflicts_with = "leaked")]
        after: Span,
        /// A key was stolen: sign with the new one at once, and refuse what all others signed
        #[arg(long)]
        leaked: bool,
    },
}

/// Does it, and prints which keys there are now.
///
/// # Errors
///
/// The file cannot be read or written, holds something else, or a key that does not sign yet.
pub(super) fn keys(config: &Config, command: KeysCommand) -> Result<(), BoxError> {
    let file = KeyFile::of(config).ok_or("no file of signing keys is set")?;
    let now = wiring::clock().now();
    let keys = match command {
        KeysCommand::List => file.keys(now)?,
        KeysCommand::Rotate { leaked: true, .. } => file.rotate(Rotation::Leaked, now)?,
        KeysCommand::Rotate { after, .. } => file.rotate(Rotation::After(after.into()), now)?,
    };
    for key in keys {
        say::answer(&key.to_string());
    }
    Ok(())
}
