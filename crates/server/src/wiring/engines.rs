//! Ports in memory, each replaced where the settings choose another engine.

use ticketing_core::ports::BoxError;
use ticketing_crypto::Argon2Config;
use ticketing_memory::MemoryEngines;

use super::failure::Failure;
#[cfg(not(feature = "kafka"))]
use super::failure::KAFKA;
#[cfg(not(feature = "mongodb"))]
use super::failure::MONGODB;
#[cfg(not(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite")))]
use super::failure::NotBuilt;
#[cfg(not(feature = "redis"))]
use super::failure::REDIS;
#[cfg(not(feature = "sqlite"))]
use super::failure::SQLITE;
use super::memory;
use crate::config::Config;
#[cfg(any(feature = "mongodb", feature = "kafka"))]
use crate::config::Service;
use crate::marketplace::Engines;

/// Everything that the services of this process plug in, on the engines that the settings name.
///
/// Only what these services need is connected to.
///
/// # Errors
///
/// An engine or a gateway that this build does not have, that is not where the settings say, or that does not answer in
/// time; or [`NoGateway`](crate::config::NoGateway), since nothing takes money by itself.
pub async fn connect(config: &Config) -> Result<Engines, BoxError> {
    config.check_gateway()?;
    let memory = MemoryEngines::default();
    let mut engines = memory::engines(&memory, Argon2Config::default(), config)?;
    put_on_sqlite(&mut engines, config, &memory).await?;
    put_on_mongodb(&mut engines, config, &memory).await?;
    put_on_kafka(&mut engines, config).await?;
    put_on_redis(&mut engines, config).await?;
    super::search::plug_in(&mut engines, config, &memory).await?;
    Ok(engines)
}

/// The engine that is not there, or not yet, if that is why [`connect`] failed: it may succeed later.
///
/// Any other failure is a mistake, which waiting does not correct.
#[must_use]
pub fn missing(error: &Failure) -> Option<&'static str> {
    #[cfg(feature = "mongodb")]
    if super::mongodb::is_away(error) {
        return Some("mongodb");
    }
    #[cfg(feature = "kafka")]
    if super::kafka::is_away(error) {
        return Some("kafka");
    }
    #[cfg(feature = "redis")]
    if super::redis::is_away(error) {
        return Some("redis");
    }
    #[cfg(not(any(feature = "mongodb", feature = "kafka", feature = "redis")))]
    let _ = error;
    None
}

/// Makes the topics that are missing, and tells of each of them in a line.
///
/// # Errors
///
/// No Kafka is chosen or built, it does not answer, or it refuses.
#[cfg(feature = "kafka")]
pub async fn ensure_topics(config: &Config) -> Result<String, BoxError> {
    super::kafka::ensure_topics(config.engines.kafka().ok_or("only Kafka has topics")?).await
}

/// Makes the topics that are missing, and tells of each of them in a line.
///
/// # Errors
///
/// This build has no Kafka.
#[cfg(not(feature = "kafka"))]
pub async fn ensure_topics(_: &Config) -> Result<String, BoxError> {
    Err(KAFKA.into())
}

#[cfg(feature = "sqlite")]
async fn put_on_sqlite(engines: &mut Engines, config: &Config, memory: &MemoryEngines) -> Result<(), BoxError> {
    match &config.engines.data {
        Some(directory) => super::sqlite::plug_in(engines, directory, memory, config).await,
        None => Ok(()),
    }
}

#[cfg(feature = "mongodb")]
async fn put_on_mongodb(engines: &mut Engines, config: &Config, memory: &MemoryEngines) -> Result<(), BoxError> {
    // The front door keeps nothing.
    let is_needed = config.services.iter().any(|service| *service != Service::Web);
    match (&config.engines.store, config.engines.log()) {
        (Some(settings), _) if is_needed => super::mongodb::plug_in(engines, settings, memory, config).await,
        (None, Some(_)) if is_needed => Err("events are kept beside the state of the services: choose a store".into()),
        _ => Ok(()),
    }
}

#[cfg(feature = "kafka")]
async fn put_on_kafka(engines: &mut Engines, config: &Config) -> Result<(), BoxError> {
    // The front door follows no events.
    let is_needed = config.services.iter().any(|service| *service != Service::Web);
    match config.engines.kafka().filter(|_| is_needed) {
        Some(settings) => super::kafka::plug_in(engines, settings).await,
        None => Ok(()),
    }
}

#[cfg(feature = "redis")]
async fn put_on_redis(engines: &mut Engines, config: &Config) -> Result<(), BoxError> {
    super::redis::plug_in(engines, config).await
}

#[cfg(not(feature = "sqlite"))]
async fn put_on_sqlite(_: &mut Engines, config: &Config, _: &MemoryEngines) -> Result<(), BoxError> {
    refuse(config.engines.data.is_some(), SQLITE)
}

#[cfg(not(feature = "mongodb"))]
async fn put_on_mongodb(_: &mut Engines, config: &Config, _: &MemoryEngines) -> Result<(), BoxError> {
    refuse(config.engines.store.is_some() || config.engines.log().is_some(), MONGODB)
}

#[cfg(not(feature = "kafka"))]
async fn put_on_kafka(_: &mut Engines, config: &Config) -> Result<(), BoxError> {
    refuse(config.engines.kafka().is_some(), KAFKA)
}

#[cfg(not(feature = "redis"))]
async fn put_on_redis(_: &mut Engines, config: &Config) -> Result<(), BoxError> {
    refuse(config.engines.timers.is_some() || config.engines.sessions.is_some(), REDIS)
}

#[cfg(not(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite")))]
fn refuse(is_chosen: bool, engine: NotBuilt) -> Result<(), BoxError> {
    if is_chosen { Err(engine.into()) } else { Ok(()) }
}
