//! Makes the topics that are missing, and lists them all.

use ticketing_core::ports::BoxError;

use crate::config::Config;
use crate::wiring;

/// Makes the topics that are missing, and prints one line for each.
///
/// # Errors
///
/// The transport does not answer, or has a topic that does not suit.
#[expect(clippy::print_stdout, reason = "the report is what the caller asked for")]
pub async fn ensure(config: &Config) -> Result<(), BoxError> {
    println!("{}", wiring::ensure_topics(config).await?);
    Ok(())
}
