//! Why services cannot be put together.

use crate::messaging::consumer::NameRefusal;

/// Why services cannot be put together like this. Each is a mistake of the program: nothing was started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssemblyError {
    /// A follower cannot be called like this.
    #[error(transparent)]
    Name(#[from] NameRefusal),
    /// The state of a service outlives the process and the transport does not:
    /// events that were published and not handled yet would be lost with it.
    #[error(
        "the state of {service} outlives the process and its transport does not: events on their way would be lost"
    )]
    ForgetfulTransport {
        /// Whose state.
        service: &'static str,
    },
    /// The transport outlives the process and the state of a service does not:
    /// it would go on behind events whose effects are gone.
    #[error("the transport outlives the process and the state of {service} does not: what it followed would be lost")]
    ForgetfulStore {
        /// Whose state.
        service: &'static str,
    },
    /// The transport outlives the process and the parking lot of a service does not:
    /// events that were set aside would be lost.
    #[error(
        "the transport outlives the process and the parking lot of {service} does not: parked events would be lost"
    )]
    ForgetfulParking {
        /// Whose parking lot.
        service: &'static str,
    },
}
