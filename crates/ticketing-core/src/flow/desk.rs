//! Decides together all that waits: orders, their ends, and changes of stock.
//!
//! A desk is a loop of its own. It takes all that waits, up to a bound and
//! never waiting for more, decides in order of arrival, commits the decisions as
//! one unit of work, and answers each. One commit a batch is what makes a hot
//! ticket as cheap as a thousand quiet ones.
//!
//! Tickets are spread over a few desks by id, so within a process a ticket is
//! always decided in one place, and commits collide only between processes.
//!
//! A batch that cannot be decided as one is taken apart by ticket, whatever kept
//! it: one ticket in trouble, or one that makes this code panic, fails nobody else.
//!
//! Invariant: an answer is sent only after the decision behind it is committed.
//! Whoever stops waiting for an answer ends their own wait and nothing else.

mod apart;
mod board;
mod decide;
mod under_way;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_channel::{Receiver, Sender, TrySendError};
use futures::channel::oneshot;

use crate::domain::hold_limits::{HoldLimits, HoldRefusal};
use crate::domain::ids::{OrderId, PaymentId, TicketId};
use crate::domain::order::Order;
use crate::domain::stock::{OrderRequest, Stock};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::flow::driver::causes;
use crate::flow::panic::caught;
use crate::ports::order_store::{OrderNeeds, OrderRecords, OrderStore};
use crate::ports::store::{CommitToken, RecordKey, StoreError, Stored};
use crate::usecase::World;
use crate::usecase::error::Error;
use crate::wire::Origin;

use board::Board;
use decide::Moment;
use under_way::{Batch, UnderWay};

/// Something to decide about one ticket.
#[derive(Debug, Clone)]
pub struct Matter {
    /// About which ticket.
    pub ticket: TicketId,
    /// What is wanted.
    pub wish: Wish,
    /// What set it off.
    pub origin: Origin,
}

/// What is wanted of a desk.
#[derive(Debug, Clone)]
pub enum Wish {
    /// Hold places.
    Place(OrderRequest),
    /// Give held places back: the buyer does not want them.
    Cancel(OrderId),
    /// Give held places back: nobody paid in time.
    Expire(OrderId),
    /// Give held places to the buyer: they paid.
    Complete(OrderId, PaymentId),
    /// Take over a newer version of the ticket.
    Follow(Ticket),
}

/// What was decided and committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// The order, as it is now.
    Order(Order),
    /// The stock is as new as the ticket.
    Followed,
}

/// How desks work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskConfig {
    /// How many there are.
    pub desks: usize,
    /// The most matters to decide together.
    pub batch: usize,
    /// The most matters that wait at one desk; whoever comes then is told to come later.
    pub waiting: usize,
    /// How many stocks a desk remembers between batches.
    pub remembered: usize,
    /// How long places are held.
    pub hold_for: Duration,
    /// How much one buyer may hold.
    pub limits: HoldLimits,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self {
            desks: 4,
            batch: 256,
            waiting: 8192,
            remembered: 16_384,
            hold_for: Duration::from_secs(15 * 60),
            limits: HoldLimits::default(),
        }
    }
}

/// Too many wait already: come again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many orders wait to be decided")]
pub struct Crowded;

/// The desk has ended, and the decision with it may have been made or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the desk was closed")]
pub struct Closed;

/// Where matters are handed in. A clone leads to the same desks.
#[derive(Debug, Clone)]
pub struct Desks {
    senders: Arc<[Sender<Waiting>]>,
    panics: Arc<AtomicU64>,
}

/// A matter, and who waits for its answer.
#[derive(Debug)]
struct Waiting {
    matter: Matter,
    answer: oneshot::Sender<Result<Decided, Error>>,
}

impl Desks {
    /// Opens desks over one store. Each [`Desk`] must be run, as a task of its own.
    #[must_use]
    pub fn open(store: &Arc<dyn OrderStore>, world: &World, config: DeskConfig) -> (Self, Vec<Desk>) {
        let panics = Arc::new(AtomicU64::new(0));
        let under_way = UnderWay::default();
        let (senders, desks): (Vec<_>, Vec<_>) = (0..config.desks.max(1))
            .map(|_| {
                let (sender, matters) = async_channel::bounded(config.waiting);
                let (store, world, panics) = (Arc::clone(store), world.clone(), Arc::clone(&panics));
                let (stocks, troubled, under_way) = (HashMap::new(), HashSet::new(), under_way.clone());
                (sender, Desk { store, world, config, matters, stocks, troubled, panics, under_way, batch: None })
            })
            .unzip();
        (Self { senders: senders.into(), panics }, desks)
    }

    /// Hands a matter in and waits until it is decided and committed.
    ///
    /// # Errors
    ///
    /// Whatever the domain refuses, and [`Error::Unavailable`] if the desk is crowded or the store
    /// does not answer; the decision may then have been committed all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait; the matter is decided nevertheless.
    pub async fn decide(&self, matter: Matter) -> Result<Decided, Error> {
        let answer = self.hand_in(matter)?;
        answer.await.map_err(|_| Error::unavailable(Closed))?
    }

    /// Hands a matter in; what is handed in first is decided first.
    pub(crate) fn hand_in(&self, matter: Matter) -> Result<oneshot::Receiver<Result<Decided, Error>>, Error> {
        let (answer, receiver) = oneshot::channel();
        match self.desk_of(matter.ticket).try_send(Waiting { matter, answer }) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => Err(Error::unavailable(Crowded)),
            Err(TrySendError::Closed(_)) => Err(Error::unavailable(Closed)),
        }
    }

    /// How many matters wait to be decided.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.senders.iter().map(Sender::len).sum()
    }

    /// How often deciding a batch panicked; what was to be decided is answered as broken.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Takes no more matters; those that wait are still decided.
    pub fn close(&self) {
        for desk in self.senders.iter() {
            desk.close();
        }
    }

    fn desk_of(&self, ticket: TicketId) -> &Sender<Waiting> {
        // The last bytes of a UUID of version 7 are random.
        let [.., low, last] = ticket.uuid().into_bytes();
        let desk = usize::from(u16::from_le_bytes([last, low])) % self.senders.len();
        self.senders.get(desk).expect("a remainder is less than its divisor, and there is at least one desk")
    }
}

/// One answer for each matter of a batch, in order.
type Answers = Vec<Result<Decided, Error>>;

/// One loop that decides.
#[must_use = "a desk that is not run answers nobody"]
pub struct Desk {
    store: Arc<dyn OrderStore>,
    world: World,
    config: DeskConfig,
    matters: Receiver<Waiting>,
    /// Stocks as this desk committed them last. May be old where other processes commit too:
    /// the store notices, and the desk reads again.
    stocks: HashMap<TicketId, Stored<Stock>>,
    /// Tickets that failed alone the last time.
    troubled: HashSet<TicketId>,
    panics: Arc<AtomicU64>,
    /// What all desks of this process are deciding, and what of it this one is.
    under_way: UnderWay,
    batch: Option<Batch>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Whether an earlier try may have been committed though its answer was lost: then read before deciding again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubts {
    None,
    Committed,
}

/// How often a batch is decided again, and until when.
#[derive(Debug, Clone, Copy)]
struct Tries {
    most: usize,
    within: Duration,
}

/// Before each ticket stands alone: after others were quicker, or the store was silent.
const TOGETHER: Tries = Tries { most: 3, within: Duration::from_secs(1) };
/// How often in a row the store may be silent.
const SILENT: usize = 3;

impl Desk {
    /// Decides until the desks are closed, or every handle to them is dropped, and nothing waits.
    pub async fn run(mut self) {
        while let Ok(first) = self.matters.recv().await {
            let mut batch = vec![first];
            while batch.len() < self.config.batch
                && let Ok(next) = self.matters.try_recv()
            {
                batch.push(next);
            }
            self.batch = self.enter(&batch);
            self.decide_batch(batch).await;
            self.batch = None;
        }
    }

    /// Lets the other desks know what is decided here, where anything depends on it.
    fn enter(&self, batch: &[Waiting]) -> Option<Batch> {
        let places = batch.iter().filter_map(|Waiting { matter, .. }| match &matter.wish {
            Wish::Place(request) => Some((matter.ticket, request)),
            Wish::Cancel(_) | Wish::Expire(_) | Wish::Complete(..) | Wish::Follow(_) => None,
        });
        (self.config.limits != HoldLimits::OFF).then(|| self.under_way.enter(places))
    }

    /// Decides, commits and answers; gives the batch back if that fails again and again.
    async fn decide_within(
        &mut self,
        batch: Vec<Waiting>,
        tries: Tries,
        mut doubts: Doubts,
    ) -> Result<(), (Vec<Waiting>, StoreError)> {
        if batch.is_empty() {
            return Ok(());
        }
        let (began, mut silent) = (self.world.now(), 0);
        let mut last = StoreError::Conflict(Vec::new());
        for _ in 0..tries.most {
            last = match self.decide_or_panic(&batch, doubts).await {
                Ok(answers) => {
                    answer_each(batch, answers);
                    return Ok(());
                }
                Err(error) => error,
            };
            match &last {
                StoreError::Corrupt(_) => {
                    self.forget(&batch, None);
                    break;
                }
                StoreError::Conflict(keys) => self.forget(&batch, Some(keys)),
                StoreError::Unavailable(_) => {
                    let cause = causes(&last);
                    tracing::warn!(cause, "{} orders may or may not be committed", batch.len());
                    self.forget(&batch, None);
                    doubts = Doubts::Committed;
                    silent += 1;
                }
            }
            if silent == SILENT || self.world.now().since(began) > tries.within {
                break;
            }
        }
        Err((batch, last))
    }

    /// A panic fails what was decided as an unreadable record would, and nothing else.
    async fn decide_or_panic(&mut self, batch: &[Waiting], doubts: Doubts) -> Result<Answers, StoreError> {
        match caught(self.decide_once(batch, doubts)).await {
            Ok(decided) => decided,
            Err(panicked) => {
                let cause = causes(&panicked);
                tracing::error!(cause, "deciding {} orders panicked", batch.len());
                self.panics.fetch_add(1, Ordering::Relaxed);
                Err(StoreError::Corrupt(panicked.into()))
            }
        }
    }

    /// Lays out all that the batch needs to be decided.
    async fn set_up(&self, batch: &[Waiting], doubts: Doubts) -> Result<Board, StoreError> {
        let now = self.world.now();
        let needs = self.needs(batch, doubts, now);
        let earlier = self.batch.as_ref().map(Batch::earlier).unwrap_or_default();
        let found = if needs.is_empty() { OrderRecords::default() } else { self.store.load(&needs).await? };
        let known = batch.iter().filter_map(|waiting| self.stocks.get(&waiting.matter.ticket)).cloned();
        Ok(Board::new(known.chain(found.stocks), found.orders).counting(earlier))
    }

    fn needs(&self, batch: &[Waiting], doubts: Doubts, now: Timestamp) -> OrderNeeds {
        let unpaid_since = self.config.limits.unpaid_since(now);
        let mut needs = OrderNeeds { unpaid_since, ..OrderNeeds::default() };
        let mut stocks = HashSet::new();
        let mut buyers = HashSet::new();
        let limited = self.limited_by_sellers(batch);
        for Waiting { matter, .. } in batch {
            if !self.stocks.contains_key(&matter.ticket) && stocks.insert(matter.ticket) {
                needs.stocks.push(matter.ticket);
            }
            match &matter.wish {
                Wish::Place(request) => {
                    needs.keys.extend(request.key.clone().map(|key| (request.buyer, key)));
                    if doubts == Doubts::Committed {
                        needs.orders.push(request.id);
                    }
                    if self.config.limits != HoldLimits::OFF && buyers.insert((request.buyer, None)) {
                        needs.unpaid_of.push(request.buyer);
                    }
                    if limited.contains(&matter.ticket) && buyers.insert((request.buyer, Some(matter.ticket))) {
                        needs.bought.push((request.buyer, matter.ticket));
                    }
                }
                Wish::Cancel(order) | Wish::Expire(order) | Wish::Complete(order, _) => needs.orders.push(*order),
                Wish::Follow(_) => {}
            }
        }
        needs
    }

    /// The tickets whose sellers may have set a limit for each buyer, as far as is known before anything is read.
    fn limited_by_sellers(&self, batch: &[Waiting]) -> HashSet<TicketId> {
        let is_limited = |ticket| self.stocks.get(ticket).is_none_or(|stock| stock.record.max_per_buyer.is_some());
        let changed = |wish: &Wish| matches!(wish, Wish::Follow(ticket) if ticket.offer.max_per_buyer.is_some());
        let matters = batch.iter().map(|waiting| &waiting.matter);
        matters
            .filter(|matter| is_limited(&matter.ticket) || changed(&matter.wish))
            .map(|matter| matter.ticket)
            .collect()
    }

    async fn decide_once(&mut self, batch: &[Waiting], doubts: Doubts) -> Result<Answers, StoreError> {
        let now = self.world.now();
        let (mut board, mut answers) = self.decide_at(now, batch, doubts).await?;
        loop {
            let stale: Vec<_> = self.refused_from_memory(batch, &answers).collect();
            if stale.is_empty() {
                break;
            }
            // Nothing is refused from memory: another process may have put places back. Orders are read each time,
            // so what was accepted before may be refused now; each round remembers less.
            self.forget(batch, Some(&stale));
            (board, answers) = self.decide_at(now, batch, doubts).await?;
        }
        let work = board.unit_of_work(&self.world, now);
        let committed = if work.is_empty() { None } else { Some(self.store.commit(work).await?) };
        self.remember(board, committed);
        Ok(answers)
    }

    async fn decide_at(
        &self,
        now: Timestamp,
        batch: &[Waiting],
        doubts: Doubts,
    ) -> Result<(Board, Answers), StoreError> {
        let mut board = self.set_up(batch, doubts).await?;
        let moment = Moment { now, pay_by: now.after(self.config.hold_for), limits: self.config.limits };
        let answers = batch.iter().map(|waiting| board.decide(&waiting.matter, moment)).collect();
        Ok((board, answers))
    }

    fn refused_from_memory(&self, batch: &[Waiting], answers: &Answers) -> impl Iterator<Item = RecordKey> {
        let refused = batch.iter().zip(answers).filter(|(_, answer)| {
            matches!(answer, Err(Error::Stock(_) | Error::Hold(HoldRefusal::TooManyPlaces { .. })))
        });
        let tickets = refused.map(|(waiting, _)| waiting.matter.ticket);
        tickets.filter(|ticket| self.stocks.contains_key(ticket)).map(RecordKey::Stock)
    }

    fn remember(&mut self, board: Board, committed: Option<CommitToken>) {
        if self.stocks.len() > self.config.remembered {
            self.stocks.clear();
        }
        self.stocks.extend(board.into_stocks(committed));
    }

    /// Forgets the stocks that changed elsewhere; all of the batch's if it is not known which.
    fn forget(&mut self, batch: &[Waiting], changed: Option<&[RecordKey]>) {
        for Waiting { matter, .. } in batch {
            let gone = changed.is_none_or(|keys| keys.contains(&RecordKey::Stock(matter.ticket)));
            if gone {
                self.stocks.remove(&matter.ticket);
            }
        }
    }
}

fn answer_each(batch: Vec<Waiting>, answers: Answers) {
    for (waiting, answer) in batch.into_iter().zip(answers) {
        waiting.reply(answer);
    }
}

fn answer_all(batch: Vec<Waiting>, error: &Error) {
    for waiting in batch {
        waiting.reply(Err(error.clone()));
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Who waits in the queue of a desk that is gone would wait for ever.
        self.matters.close();
        while let Ok(waiting) = self.matters.try_recv() {
            drop(waiting);
        }
    }
}

impl Waiting {
    fn reply(self, answer: Result<Decided, Error>) {
        if self.answer.send(answer).is_err() {
            tracing::debug!(ticket = %self.matter.ticket, "nobody waits for this answer any more");
        }
    }
}
