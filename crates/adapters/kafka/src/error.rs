//! What the cluster said, as what the caller can do about it.

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::transport::TransportError;

/// Why a cluster cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KafkaError {
    /// No broker answered in time: look at the address, or try again later. A listener that wants TLS or a user says
    /// nothing to those who come without.
    #[error("kafka at {brokers} does not answer: check the address, and whether it wants TLS or a user")]
    Unreachable {
        /// Who was asked.
        brokers: String,
        /// What went wrong.
        #[source]
        source: BoxError,
    },
    /// Build with the feature `tls`, or ask for neither TLS nor a user.
    #[error("this build speaks to kafka without TLS and without users: build it with the feature tls")]
    NoTls,
    /// Use the field of the configuration, or leave it: a promise of the adapter rests on it.
    #[error("the property {name} is not set by hand: it has its own field, or a promise rests on it")]
    PropertyOfOurs {
        /// Which property.
        name: String,
    },
    /// Correct the file.
    #[error("the trusted authorities in {file} cannot be read")]
    Authorities {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// Look at the broker's certificate, at the authorities that are trusted, and at the address: the certificate
    /// must be of that name and not expired.
    #[error("kafka at {brokers} does not prove by TLS who it is: check its certificate, its name and whom is trusted")]
    Untrusted {
        /// Who was asked.
        brokers: String,
        /// What the client says.
        #[source]
        source: BoxError,
    },
    /// Correct mechanism, user or password.
    #[error("kafka at {brokers} denies access: mechanism, user or password are wrong")]
    Denied {
        /// Who was asked.
        brokers: String,
        /// What the broker says.
        #[source]
        source: BoxError,
    },
    /// The listener at this address has no TLS, or knows no users: do not ask for them there.
    #[error("kafka at {brokers} has no TLS or no users where they are asked for: check the address and its listener")]
    Differs {
        /// Who was asked.
        brokers: String,
        /// What the client says.
        #[source]
        source: BoxError,
    },
    /// A topic is not there: create it.
    #[error("topic {topic} does not exist")]
    TopicMissing {
        /// Which topic.
        topic: String,
    },
    /// A topic is there with another setting: change the topic or the configuration.
    #[error("topic {topic} has {setting} {found}, and the configuration wants {wanted}")]
    TopicDiffers {
        /// Which topic.
        topic: String,
        /// Which setting.
        setting: &'static str,
        /// What the topic has.
        found: String,
        /// What the configuration wants.
        wanted: String,
    },
    /// The cluster or its client refuses the configuration: correct it.
    #[error("kafka refuses to {what}")]
    Refused {
        /// What was asked.
        what: String,
        /// Why it is refused.
        #[source]
        source: BoxError,
    },
}

impl KafkaError {
    /// Whether nobody answers, so that the same call may succeed later.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::NoTls
            | Self::PropertyOfOurs { .. }
            | Self::Authorities { .. }
            | Self::Untrusted { .. }
            | Self::Denied { .. }
            | Self::Differs { .. }
            | Self::TopicMissing { .. }
            | Self::TopicDiffers { .. }
            | Self::Refused { .. } => false,
        }
    }

    pub(crate) fn unreachable(brokers: &str, source: impl Into<BoxError>) -> Self {
        Self::Unreachable { brokers: brokers.to_owned(), source: source.into() }
    }

    pub(crate) fn refused(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Refused { what: what.into(), source: source.into() }
    }
}

impl From<KafkaError> for TransportError {
    fn from(error: KafkaError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Why a message was not taken.
pub(crate) fn of_message(error: ClientError) -> TransportError {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidMessageSize,
        ) => TransportError::Refused(error.into()),
        _ => TransportError::Unavailable(error.into()),
    }
}
