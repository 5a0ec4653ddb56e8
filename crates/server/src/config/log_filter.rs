//! Which lines the log has.

use tracing_subscriber::EnvFilter;

/// Whether a filter can be understood.
pub(super) fn check_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{text:?} is no filter: {error}")),
    }
}
