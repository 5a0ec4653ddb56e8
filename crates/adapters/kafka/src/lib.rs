//! Events of the marketplace over Apache Kafka.
