//! Puts a market together and opens it.

use std::sync::Arc;

use ticketing_core::assembly::{AssemblyError, ExpirationPorts, Loops, SearchPorts, ServiceContext};
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_core::usecase::search::SearchFollows;
use ticketing_memory::{MemoryEngines, MemorySearchIndexes};
use tokio::runtime::Handle;

use crate::engines::{EngineError, Stores, Transport};
use crate::market::{Beneath, Market, Running, Services};
use crate::on_their_way::OnTheirWay;

use super::MarketBuilder;
use super::followers::Follower;

/// Why a market cannot be opened. Nothing runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its engines do not fit together, or a follower cannot be called so.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// An engine that was named cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Two followers have one name, so each would miss what the other hears.
    #[error("two followers are named {0:?}: each would miss the events that the other gets")]
    TwoFollowers(String),
    /// Nothing takes the money, and stores that outlive the process look as if somebody meant it.
    #[error("nothing takes the money: call `.gateway(…)`, or `.sandbox()` to take none")]
    NoGateway,
    /// These stores bring no sandbox.
    #[error("these stores have no sandbox that lasts as long as they do: call `.gateway(…)`")]
    NoSandbox,
    /// There is no tokio runtime to run it on.
    #[error("a market runs on tokio: open it within a runtime")]
    NoRuntime,
}

/// A market whose loops do not run yet.
pub(crate) struct Assembled {
    pub(crate) services: Services,
    pub(crate) loops: Loops,
}

impl MarketBuilder {
    /// Opens the market: everything that it needs runs from now on.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{EventContext, Market, OpenError, OrderCompleted};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mailer = |_: OrderCompleted, _: EventContext| async { Ok(()) };
    /// let refused = Market::builder().on("mailer", mailer).on("mailer", mailer).open().await;
    /// assert!(matches!(refused, Err(OpenError::TwoFollowers(name)) if name == "app.mailer"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(self) -> Result<Market, OpenError> {
        let runtime = Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let env = self.env.clone();
        let memory = env.map_or_else(MemoryEngines::default, MemoryEngines::new);
        let (this, file) = self.opened(&memory).await?;
        let Assembled { services, loops } = this.assemble(&memory).await?;
        let groups = loops.observables().consumers.into_iter().map(|(group, _)| group).collect();
        let beneath = match &this.transport {
            None => Beneath::Memory(OnTheirWay { broker: memory.broker.clone(), groups }),
            Some(_) => file.unwrap_or(Beneath::Engines),
        };
        let running = loops.start(services.env.clone(), &|task| drop(runtime.spawn(task)));
        Ok(Market::new(services, Running::Loops(Box::new(running), beneath)))
    }

    /// Opens the file, if one is named, and stands on it.
    #[cfg(feature = "sqlite")]
    async fn opened(mut self, memory: &MemoryEngines) -> Result<(Self, Option<Beneath>), OpenError> {
        let Some(config) = self.file.take() else { return Ok((self, None)) };
        let opened = ticketing_sqlite::SqliteEngines::open(&config, memory.env.clone()).await;
        let engines = opened.map_err(|error| EngineError::Engine(error.into()))?;
        let this = Self {
            stores: Some(self.stores.unwrap_or_else(|| Stores::sqlite(&engines))),
            transport: Some(self.transport.unwrap_or_else(|| Transport::sqlite(&engines))),
            timers: Some(self.timers.unwrap_or_else(|| engines.expiration_ports().timers)),
            ..self
        };
        Ok((this, Some(Beneath::File(engines.file))))
    }

    #[cfg(not(feature = "sqlite"))]
    async fn opened(self, _: &MemoryEngines) -> Result<(Self, Option<Beneath>), OpenError> {
        Ok((self, None))
    }

    /// Puts everything together, over engines in memory where no others are said.
    pub(crate) async fn assemble(&self, memory: &MemoryEngines) -> Result<Assembled, OpenError> {
        self.check_names()?;
        let gateway = self.bank(memory)?;
        let stores = self.stores.clone().unwrap_or_else(|| Stores::in_memory(memory));
        let Transport { publisher, subscriber } =
            self.transport.clone().unwrap_or_else(|| Transport::in_memory(memory));
        let timers = self.timers.clone().unwrap_or_else(|| memory.expiration_ports().timers);
        let context = ServiceContext { publisher, subscriber, env: memory.env.clone(), settings: self.settings };
        let outboxes = vec![
            ("tickets", Arc::clone(&stores.tickets.outbox)),
            ("orders", Arc::clone(&stores.orders.outbox)),
            ("payments", Arc::clone(&stores.payments.outbox)),
        ];
        let search = self.search_ports(&stores, memory).await?;
        let expiration = ExpirationPorts { timers, parking: stores.expiration_parking };
        let (tickets, mut loops) = context.tickets(stores.tickets)?;
        let (search, feeding) = context.search(search, &tickets)?;
        let (orders, order_loops) = context.orders(stores.orders)?;
        let (payments, payment_loops) = context.payments(stores.payments, gateway)?;
        loops = loops.and(feeding).and(order_loops).and(payment_loops).and(context.expiration(expiration)?);
        for Follower { handler, start, batch } in self.followers.clone() {
            let mut context = context.clone();
            context.settings.consumer.batch = batch.unwrap_or(context.settings.consumer.batch);
            loops = loops.and(context.follower(handler, Arc::clone(&stores.follower_parking), start).await?);
        }
        Ok(Assembled { services: Services { tickets, search, orders, payments, env: context.env, outboxes }, loops })
    }

    /// The index, in a group of its own where other processes have theirs.
    async fn search_ports(&self, stores: &Stores, memory: &MemoryEngines) -> Result<SearchPorts, EngineError> {
        let env = &memory.env;
        let (index, indexes): (Arc<dyn SearchIndex>, Option<Arc<dyn SearchIndexes>>) = match &self.index {
            Some(index) => (Arc::clone(index), self.indexes.clone()),
            None => (Arc::new(memory.search.clone()), Some(Arc::new(MemorySearchIndexes))),
        };
        let feeder = if stores.is_of_one_process {
            SearchFollows::in_group(index, SearchFollows::GROUP, env).await
        } else {
            SearchFollows::open(index, env).await
        };
        let feeder = feeder.map_err(|error| EngineError::Engine(error.into()))?;
        let (owners, parking) = (stores.owners.clone(), Arc::clone(&stores.follower_parking));
        Ok(SearchPorts { feeder, owners, indexes, parking })
    }

    fn bank(&self, memory: &MemoryEngines) -> Result<Arc<dyn PaymentGateway>, OpenError> {
        match (&self.gateway, &self.stores) {
            (Some(gateway), _) => Ok(Arc::clone(gateway)),
            (None, None) => Ok(Arc::new(memory.gateway.clone())),
            (None, Some(stores)) if self.takes_no_money => stores.sandbox.clone().ok_or(OpenError::NoSandbox),
            (None, Some(_)) => Err(OpenError::NoGateway),
        }
    }
}
