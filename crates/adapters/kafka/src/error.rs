//! What the cluster said, as what the caller can do about it.

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::transport::TransportError;

/// Why a cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// No broker answered in time: look at the address, or try again later.
    #[error("kafka at {brokers} does not answer")]
    Unreachable {
        /// Who was asked.
        brokers: String,
        /// What went wrong.
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
    /// The cluster or its client refuses the configuration: mend it.
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
