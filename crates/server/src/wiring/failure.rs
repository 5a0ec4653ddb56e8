//! Why engines cannot be connected.

/// Why engines could not be connected.
pub type Failure = dyn std::error::Error + Send + Sync + 'static;

#[cfg(not(feature = "mongodb"))]
pub(super) const MONGODB: NotBuilt = NotBuilt { engine: "MongoDB", feature: "mongodb" };
#[cfg(not(feature = "kafka"))]
pub(super) const KAFKA: NotBuilt = NotBuilt { engine: "Kafka", feature: "kafka" };
#[cfg(not(feature = "redis"))]
pub(super) const REDIS: NotBuilt = NotBuilt { engine: "Redis", feature: "redis" };
#[cfg(not(feature = "sqlite"))]
pub(super) const SQLITE: NotBuilt = NotBuilt { engine: "SQLite", feature: "sqlite" };
#[cfg(not(feature = "tantivy"))]
pub(super) const TANTIVY: NotBuilt = NotBuilt { engine: "Tantivy", feature: "tantivy" };
#[cfg(not(feature = "stripe"))]
pub(super) const STRIPE: NotBuilt = NotBuilt { engine: "Stripe", feature: "stripe" };
#[cfg(not(feature = "smtp"))]
pub(super) const SMTP: NotBuilt = NotBuilt { engine: "SMTP", feature: "smtp" };

/// An engine that was chosen, or is needed, and is not there.
#[cfg(not(all(
    feature = "mongodb",
    feature = "kafka",
    feature = "redis",
    feature = "sqlite",
    feature = "tantivy",
    feature = "stripe",
    feature = "smtp"
)))]
#[derive(Debug, thiserror::Error)]
#[error("this build has no {engine}: build with --features {feature}")]
pub(super) struct NotBuilt {
    engine: &'static str,
    feature: &'static str,
}
