//! What is wrong with a configuration.

use ticketing_core::ports::BoxError;

/// A cost, a key or a key set that cannot be used: correct the configuration.
///
/// Never shows the key itself.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct ConfigError {
    what: &'static str,
    #[source]
    cause: Option<BoxError>,
}

impl ConfigError {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what, cause: None }
    }

    pub(crate) fn because(what: &'static str, cause: impl Into<BoxError>) -> Self {
        Self { what, cause: Some(cause.into()) }
    }
}
