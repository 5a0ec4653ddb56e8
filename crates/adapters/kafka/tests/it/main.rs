//! Every promise of the transport, kept by a real cluster, and what is peculiar to Kafka.

mod broker;
mod foreign;
mod histories;
mod log;
mod members;
mod outages;
mod publishing;
mod starting;
#[cfg(feature = "tls")]
mod tls;
mod topics;
mod world;

use world::World;

ticketing_conformance::transport!(World::start(8).await);
ticketing_conformance::event_log!(World::start(4).await);
