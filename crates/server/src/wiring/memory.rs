//! Engines in memory, and all that is no engine's matter.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_crypto::{Argon2Config, Argon2Hasher};
use ticketing_memory::{MemoryAttemptNotes, MemoryEngines, RandomIds, SystemClock};

use super::keys::Identity;
use super::{mail, stripe};
use crate::config::{Config, Gateway, MailBy, Service};
use crate::marketplace::{AdmissionPorts, EdgePorts, Engines, PaymentPorts, TicketPorts, WebPorts};
use crate::remote::RemoteServices;
use crate::runtime::AtEnd;
use crate::site::StandIns;
use crate::telemetry::{EngineMetric, Lags};

/// The time of the machine, and its chance.
#[must_use]
pub fn clock_and_ids() -> ClockAndIds {
    ClockAndIds { clock: Arc::new(SystemClock::new()), ids: Arc::new(RandomIds::new()) }
}

/// Everything that the services of this process plug in, over engines in memory; passwords are hashed at `cost`.
///
/// # Errors
///
/// A cost that argon2 cannot work at, or a gateway that this build does not have or cannot be made.
pub fn engines(memory: &MemoryEngines, cost: Argon2Config, config: &Config) -> Result<Engines, BoxError> {
    let runs = |service| config.services.contains(&service);
    let Identity { signer, passes, verifier, devices, contacts_key, loops } = Identity::of(config)?;
    let (hasher, broker) = (Arc::new(Argon2Hasher::new(cost)?), memory.broker.clone());
    let line = Argon2Hasher::clone(&hasher);
    let help = "Passwords that are hashed, or wait to be";
    let passwords = EngineMetric::gauge("passwords_in_hand", help, move || line.in_hand() as u64);
    Ok(Engines {
        context: memory.service_context(config.core()),
        accounts: signer.map(|signer| memory.account_ports(hasher, signer)),
        tickets: runs(Service::Tickets)
            .then(|| TicketPorts { service: memory.ticket_ports(), search: memory.search_ports() }),
        orders: runs(Service::Orders).then(|| memory.order_ports()),
        payments: runs(Service::Payments).then(|| payment_ports(memory, config)).transpose()?,
        admissions: passes.map(|signer| AdmissionPorts { service: memory.pass_ports(), signer }),
        notifications: mail::ports(memory, config, contacts_key.as_ref())?,
        expiration: runs(Service::Expiration).then(|| memory.expiration_ports()),
        web: runs(Service::Web).then(|| web_ports(memory, config)),
        edge: EdgePorts {
            verifier,
            sessions: Arc::new(memory.sessions.clone()),
            limiter: Arc::new(memory.limiter.clone()),
            local_limiter: Arc::new(memory.limiter.clone()),
            devices,
            contacts_key,
        },
        loops,
        metrics: vec![passwords],
        lags: Lags::new(move || broker.lags()),
        at_end: AtEnd::default(),
    })
}

fn payment_ports(memory: &MemoryEngines, config: &Config) -> Result<PaymentPorts, BoxError> {
    let gateway: Arc<dyn PaymentGateway> = match config.gateway() {
        Some(Gateway::Stripe) => stripe::gateway(config, Arc::new(MemoryAttemptNotes::default()))?,
        Some(Gateway::Sandbox) | None => Arc::new(memory.gateway.clone()),
    };
    Ok(PaymentPorts { service: memory.payment_ports(), gateway })
}

fn web_ports(memory: &MemoryEngines, config: &Config) -> WebPorts {
    let remote = config.remote.iter().filter(|(service, _)| !config.services.contains(service));
    WebPorts {
        feed: Box::new(memory.ticket_feeds.open()),
        remote: RemoteServices::new(remote, config.http.restart_wait),
        drafts: Arc::new(memory.drafts.clone()),
        stand_ins: StandIns {
            sandbox: (config.gateway() == Some(Gateway::Sandbox)).then(|| Arc::new(memory.gateway.clone()) as _),
            kept_mail: (config.mail == Some(MailBy::Outbox)).then(|| Arc::new(memory.mailer.clone()) as _),
        },
    }
}
