//! Causes a fault, repairs it, and waits until all is well again.

mod clock;
mod document;
mod log;
mod members;
mod power;

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;
use ticketing_api::orders::OrderStatusBody;
use ticketing_core::domain::ids::OrderId;
use tokio::time::Instant;

use crate::Error;
use crate::backend::{Backend, Cluster};
use crate::ledger::Violation;
use crate::load::{Fate, Offer, Purchase, Shop};
use crate::market::{Door, is_ready};
use crate::plan::{Fault, Kind};
use crate::postbox::Postbox;
use crate::services::{Fleet, PREFIX, Process};
use crate::verify;

use document::Documents;

/// A marketplace that takes longer than this to recover does not recover.
const RECOVER_WITHIN: Duration = Duration::from_secs(240);

/// All that can be broken.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) backend: Backend,
    pub(crate) fleet: Fleet,
    pub(crate) postbox: Postbox,
    /// What went wrong that was not our doing.
    pub(crate) violations: Vec<Violation>,
}

/// What came of a fault.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    /// To what it was done.
    pub(crate) target: String,
    /// How long it lasted, in seconds.
    pub(crate) lasted: f64,
    /// The longest time in which no order was answered, in seconds.
    pub(crate) silent: f64,
    /// From its repair until orders succeeded at both doors, in seconds; none if they did not.
    pub(crate) orders_after: Option<f64>,
    /// The same until every process was ready and an order was completed.
    pub(crate) all_after: Option<f64>,
}

/// The commands to the engines that break one and repair it.
struct Hurt {
    hurt: &'static str,
    undo: &'static str,
}

impl Hurt {
    const KILL: Self = Self { hurt: "kill", undo: "start" };
    const PAUSE: Self = Self { hurt: "pause", undo: "resume" };
}

impl Town {
    /// Causes a fault, repairs it, and waits until all is well.
    pub(crate) async fn suffer(&mut self, fault: Fault, shop: &Arc<Shop>) -> Result<Outcome, Error> {
        shop.pulse.begin();
        let began = Instant::now();
        let (target, repaired) = self.inflict(fault, shop).await?;
        let (orders_after, all_after) = self.recover(shop, repaired).await?;
        Ok(Outcome {
            kind: fault.kind,
            target,
            lasted: (repaired - began).as_secs_f64(),
            silent: shop.pulse.longest().as_secs_f64(),
            orders_after: orders_after.map(|moment| (moment - repaired).as_secs_f64()),
            all_after: all_after.map(|moment| (moment - repaired).as_secs_f64()),
        })
    }

    /// Returns what was hit, and when the repair began.
    async fn inflict(&mut self, fault: Fault, shop: &Arc<Shop>) -> Result<(String, Instant), Error> {
        let Fault { kind, service, lasting, .. } = fault;
        match kind {
            Kind::KillService | Kind::StopService | Kind::PauseService => {
                let Some(process) = self.fleet.process(service) else { return Err(Error::NoShop) };
                let repaired = inflict_on(process, kind, lasting, &mut self.violations).await?;
                Ok((service.text().to_owned(), repaired))
            }
            Kind::KillKafka | Kind::KillMongodb | Kind::KillRedis => {
                hurt(self.backend.engines(kind)?, fault, Hurt::KILL).await
            }
            Kind::PauseKafka | Kind::PauseMongodb | Kind::PauseRedis => {
                hurt(self.backend.engines(kind)?, fault, Hurt::PAUSE).await
            }
            Kind::StepDownMongodb => {
                let cluster = self.backend.engines(kind)?;
                let member = members::step_down(&cluster.engines, &cluster.mongodb).await?;
                Ok((member, Instant::now()))
            }
            Kind::CutOffMongodb => {
                let cluster = self.backend.engines(kind)?;
                members::cut_off(&cluster.engines, &cluster.mongodb, lasting).await
            }
            Kind::CutLogKafka => self.cut_logs(lasting, shop).await,
            Kind::CorruptDocument => self.spoil(lasting, shop).await,
            Kind::SetBackClock => {
                let Some(process) = self.fleet.process(service) else { return Err(Error::NoShop) };
                Ok((service.text().to_owned(), clock::set_back(process, lasting).await?))
            }
            Kind::CutPower => {
                let file = self.backend.file(kind)?;
                let Some(process) = self.fleet.process(service) else { return Err(Error::NoShop) };
                power::cut(process, file, lasting, &mut StdRng::seed_from_u64(fault.chance)).await
            }
        }
    }

    /// Lets everybody wait until all is handled, and cuts what was handled last off all logs.
    async fn cut_logs(&self, lasting: Duration, shop: &Arc<Shop>) -> Result<(String, Instant), Error> {
        let Cluster { engines, kafka_members, .. } = self.backend.engines(Kind::CutLogKafka)?;
        let kafka_members = *kafka_members;
        shop.rest(true);
        if !verify::rest(self, shop, Instant::now()).await?.is_empty() {
            // Something is still to be handled, and would be lost for good.
            shop.rest(false);
            return Ok(("no log: not all is handled".to_owned(), Instant::now()));
        }
        // What was handled is committed within a second.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let members: Vec<String> = (1..=kafka_members).map(|number| format!("kafka{number}")).collect();
        for member in &members {
            engines.tell("kill", member).await?;
        }
        let mut cut = 0;
        for member in &members {
            let data = engines.data(member).map_err(Error::Log)?;
            cut += log::cut(&data, PREFIX).map_err(Error::Log)?;
        }
        tokio::time::sleep(lasting).await;
        let repaired = Instant::now();
        for member in &members {
            engines.tell("start", member).await?;
        }
        shop.rest(false);
        Ok((format!("{cut} logs"), repaired))
    }

    /// Puts unreadable documents where loops come by. It counts as recovered while they are there.
    async fn spoil(&mut self, lasting: Duration, shop: &Arc<Shop>) -> Result<(String, Instant), Error> {
        let documents = Documents::put(&self.backend.engines(Kind::CorruptDocument)?.mongodb).await?;
        tokio::time::sleep(lasting).await;
        self.recover(shop, Instant::now()).await?;
        documents.take().await?;
        Ok(("mongodb".to_owned(), Instant::now()))
    }

    /// Waits until orders succeed, and until everything does; returns both times.
    pub(crate) async fn recover(
        &mut self,
        shop: &Arc<Shop>,
        since: Instant,
    ) -> Result<(Option<Instant>, Option<Instant>), Error> {
        let mut chance: StdRng = rand::make_rng();
        let (mut orders_at, mut bought) = (None, false);
        while since.elapsed() < RECOVER_WITHIN {
            self.raise_the_dead()?;
            // The load goes on asking, whatever becomes of this try.
            let rest = RECOVER_WITHIN.saturating_sub(since.elapsed());
            bought = bought || buy(shop, &mut orders_at, &mut chance, rest).await;
            if bought && self.is_ready().await {
                return Ok((orders_at, Some(Instant::now())));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let detail = format!("{} s after a fault was repaired", RECOVER_WITHIN.as_secs());
        self.violations.push(Violation::new("does-not-recover", detail));
        Ok((orders_at, None))
    }

    async fn is_ready(&mut self) -> bool {
        for process in self.fleet.all() {
            if !is_ready(&process.admin).await {
                return false;
            }
        }
        true
    }

    /// Restarts each process that ended without being stopped, as a supervisor would, and notes it.
    fn raise_the_dead(&mut self) -> Result<(), Error> {
        for process in self.fleet.all() {
            if let Some(status) = process.ended() {
                let detail =
                    format!("{} ended by itself: {status}; see {}", process.name.text(), process.log.display());
                crate::tell(format_args!("VIOLATION: {detail}"));
                self.violations.push(Violation::new("ended-by-itself", detail));
                process.restart()?;
            }
        }
        Ok(())
    }
}

async fn hurt(
    Cluster { engines, mongodb, kafka_members }: &Cluster,
    fault: Fault,
    Hurt { hurt, undo }: Hurt,
) -> Result<(String, Instant), Error> {
    let member = match fault.kind {
        Kind::KillMongodb | Kind::PauseMongodb => engines.primary(mongodb).await?,
        Kind::KillKafka | Kind::PauseKafka => format!("kafka{}", fault.member % kafka_members + 1),
        _ => "redis".to_owned(),
    };
    engines.tell(hurt, &member).await?;
    tokio::time::sleep(fault.lasting).await;
    let repaired = Instant::now();
    engines.tell(undo, &member).await?;
    Ok((member, repaired))
}

async fn inflict_on(
    process: &mut Process,
    kind: Kind,
    lasting: Duration,
    violations: &mut Vec<Violation>,
) -> Result<Instant, Error> {
    match kind {
        Kind::PauseService => process.pause()?,
        Kind::StopService => {
            let status = process.stop().await?;
            if !status.is_some_and(|status| status.success()) {
                let detail = format!("{} was told to stop: {status:?}", process.name.text());
                crate::tell(format_args!("VIOLATION: {detail}"));
                violations.push(Violation::new("does-not-stop", detail));
            }
        }
        _ => process.kill().await?,
    }
    tokio::time::sleep(lasting).await;
    let repaired = Instant::now();
    if kind == Kind::PauseService {
        process.resume()?
    } else {
        process.restart()?
    }
    Ok(repaired)
}

/// Orders at both doors, pays, and waits for the completion; returns whether it came.
async fn buy(shop: &Arc<Shop>, orders_at: &mut Option<Instant>, chance: &mut StdRng, within: Duration) -> bool {
    let tried = tokio::time::timeout(within, async {
        let first = order_at(shop, Door::Front, chance).await?;
        order_at(shop, Door::SecondOrders, chance).await?;
        orders_at.get_or_insert_with(Instant::now);
        let (purchase, order) = first;
        purchase.pay(shop, order, "tok_visa").await?;
        loop {
            match purchase.look(shop, order).await? {
                OrderStatusBody::Completed => return Some(()),
                OrderStatusBody::AwaitingPayment => tokio::time::sleep(Duration::from_millis(50)).await,
                OrderStatusBody::Cancelled | OrderStatusBody::Refunded => return None,
            }
        }
    });
    matches!(tried.await, Ok(Some(())))
}

/// Orders one place of whichever ticket has one.
async fn order_at(shop: &Arc<Shop>, door: Door, chance: &mut StdRng) -> Option<(Purchase, OrderId)> {
    let Offer { ticket, seller, .. } = shop.offers.any(chance)?;
    let buyer = shop.buyer(chance)?;
    let purchase = Purchase { buyer, ticket, seller, quantity: 1, door, twice: false, fate: Fate::Paid };
    let order = purchase.order(shop).await?;
    Some((purchase, order))
}
