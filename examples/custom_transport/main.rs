//! Your own transport, proven by the kit.
//!
//! [`transport`] is all that there is to write; here the kit learns how to try it.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod transport;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{Arrival, EventPublisher, EventSubscriber};
use ticketing_core::wire::{RawMessage, from_message};

use transport::{Wire, now};

#[async_trait]
impl TimeFixture for Wire {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(now())
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[async_trait]
impl TransportFixture for Wire {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::new(self.clone())
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        Arc::new(self.clone())
    }

    async fn append(&self, raw: RawMessage) {
        let arrival = match from_message(&raw) {
            Ok(envelope) => Arrival::Event(envelope),
            Err(reason) => Arrival::Undecodable { raw: raw.clone(), reason },
        };
        self.append(&raw.topic, arrival);
    }

    async fn restart(&self) {}

    fn too_large(&self) -> Option<usize> {
        None
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let report = ticketing_conformance::report! { transport: Wire::default() };
    println!("{report}");
    if report.conforms() { Ok(()) } else { Err("the transport breaks a promise".into()) }
}
