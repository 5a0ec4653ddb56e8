//! Makes the topics that are missing, and lists them all.

use ticketing_core::ports::BoxError;

use crate::config::Config;
use crate::say;
use crate::wiring;

/// Makes the topics that are missing, and prints one line for each.
///
/// # Errors
///
/// The transport does not answer, or has a topic that does not suit.
pub async fn ensure(config: &Config) -> Result<(), BoxError> {
    say::answer(&wiring::ensure_topics(config).await?);
    Ok(())
}
