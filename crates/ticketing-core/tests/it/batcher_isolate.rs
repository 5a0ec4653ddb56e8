//! One ticket in trouble fails nobody else at its batcher.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::{AccountId, EventId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::order::{IdempotencyKey, Order, OrderStatus};
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, HandleError, Incoming};
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, StoreError, UnitOfWork, Write};
use ticketing_core::usecase::error::{Error, ErrorKind};
use ticketing_core::usecase::orders::batcher::{
    BatcherConfig, Decision, OrderAction, OrderBatcher, OrderBatchers, OrderCommand,
};
use ticketing_core::usecase::orders::{Orders, OrdersFollow};
use ticketing_core::usecase::replica_wait::ReplicaWaits;
use ticketing_core::wire::{Origin, seal};
use ticketing_memory::ManualClock;
use uuid::Uuid;

use crate::market::{Engines, account, key, offer};

/// What is wrong with the records of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Its stock cannot be read.
    Unreadable,
    /// Writing it is not answered, and takes long.
    Locked,
    /// Writing it collides with others, and takes long.
    FoughtOver,
    /// It makes the store panic.
    Panics,
}

/// A store that has trouble with some tickets and orders.
#[derive(Debug, Clone)]
struct Troubled {
    sound: Arc<dyn OrderStore>,
    clock: ManualClock,
    tickets: Arc<Mutex<BTreeMap<TicketId, Trouble>>>,
    unreadable: Arc<Mutex<Vec<OrderId>>>,
    asked: Arc<Mutex<usize>>,
}

/// How long a locked record keeps a commit.
const LOCKED_FOR: Duration = Duration::from_secs(5);

impl Troubled {
    fn trouble_of(&self, tickets: impl IntoIterator<Item = TicketId>) -> Option<(TicketId, Trouble)> {
        let troubles = self.tickets.lock().expect("nobody panics with it");
        tickets.into_iter().find_map(|ticket| troubles.get(&ticket).map(|trouble| (ticket, *trouble)))
    }

    fn ask(&self) {
        *self.asked.lock().expect("nobody panics with it") += 1;
    }
}

#[async_trait]
impl OrderStore for Troubled {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        self.ask();
        let unreadable = self.unreadable.lock().expect("nobody panics with it").clone();
        match self.trouble_of(needs.stocks.clone()) {
            Some((_, Trouble::Unreadable)) => Err(StoreError::Corrupt("a stock of another release".into())),
            Some((ticket, Trouble::Panics)) => panic!("{ticket} is a bomb"),
            _ if needs.orders.iter().any(|order| unreadable.contains(order)) => {
                Err(StoreError::Corrupt("an order of another release".into()))
            }
            _ => self.sound.load(needs).await,
        }
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.sound.orders_of(buyer, page).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.sound.orders_for(ticket, page).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.sound.overdue(deadline, page).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        self.ask();
        let stocks = work.writes.iter().filter_map(|write| match &write.record {
            OrderRecord::Stock(stock) => Some(stock.ticket),
            OrderRecord::Order(_) => None,
        });
        let Some((ticket, trouble)) = self.trouble_of(stocks) else { return self.sound.commit(work).await };
        match trouble {
            Trouble::Unreadable => Err(StoreError::Corrupt("a stock of another release".into())),
            Trouble::Panics => panic!("{ticket} is a bomb"),
            Trouble::Locked => {
                self.clock.sleep(LOCKED_FOR).await;
                Err(StoreError::Unavailable("locked".into()))
            }
            Trouble::FoughtOver => {
                self.clock.sleep(LOCKED_FOR).await;
                Err(StoreError::Conflict(vec![RecordKey::Stock(ticket)]))
            }
        }
    }
}

struct Office {
    engines: Engines,
    store: Troubled,
}

impl Office {
    fn new() -> Self {
        let engines = Engines::new();
        let sound: Arc<dyn OrderStore> = Arc::new(engines.orders.clone());
        let store = Troubled {
            sound,
            clock: engines.clock.clone(),
            tickets: Arc::default(),
            unreadable: Arc::default(),
            asked: Arc::default(),
        };
        Self { engines, store }
    }

    /// One batcher for all tickets, so that they wait together. It does not run yet.
    fn batcher(&self, config: BatcherConfig) -> (OrderBatchers, Vec<OrderBatcher>) {
        let store: Arc<dyn OrderStore> = Arc::new(self.store.clone());
        OrderBatchers::open(&store, &self.engines.env, BatcherConfig { batchers: 1, limits: HoldLimits::OFF, ..config })
    }

    /// One batcher that runs.
    fn open(&self) -> OrderBatchers {
        let (batchers, run) = self.batcher(BatcherConfig::default());
        run.into_iter().for_each(|batcher| drop(tokio::spawn(batcher.run())));
        batchers
    }

    async fn sell(&self) -> TicketId {
        self.sell_places(100).await
    }

    async fn sell_places(&self, places: u32) -> TicketId {
        let env = &self.engines.env;
        let id = TicketId::new(env.uuid(env.now()));
        let (ticket, _) = Ticket::create(id, account(99), offer(places, 1200), env.now()).expect("a good offer");
        let work = UnitOfWork::default().with(Write::insert(Stock::of(&ticket)));
        self.engines.orders.commit(work).await.expect("the stock is new");
        id
    }

    async fn sell_some(&self, count: usize) -> Vec<TicketId> {
        let mut tickets = Vec::new();
        for _ in 0..count {
            tickets.push(self.sell().await);
        }
        tickets
    }

    fn trouble(&self, ticket: TicketId, trouble: Option<Trouble>) {
        let mut tickets = self.store.tickets.lock().expect("nobody panics with it");
        match trouble {
            Some(trouble) => tickets.insert(ticket, trouble),
            None => tickets.remove(&ticket),
        };
    }

    fn place(&self, ticket: TicketId, key: Option<IdempotencyKey>) -> OrderCommand {
        let id = OrderId::new(self.engines.env.uuid(self.engines.env.now()));
        let request = OrderRequest { id, buyer: account(1), quantity: Quantity::ONE, price_seen: None, key };
        OrderCommand { ticket, action: OrderAction::Place(request), origin: Origin::new(Uuid::nil()) }
    }

    async fn decide(&self, batchers: &OrderBatchers, commands: Vec<OrderCommand>) -> Vec<Result<Decision, Error>> {
        let answers = join_all(commands.into_iter().map(|command| batchers.decide(command)));
        self.engines.clock.run(answers).await
    }

    async fn order(&self, batchers: &OrderBatchers, ticket: TicketId) -> Order {
        match self.decide(batchers, vec![self.place(ticket, None)]).await.pop() {
            Some(Ok(Decision::Order(order))) => order,
            other => panic!("the place is free: {other:?}"),
        }
    }
}

fn kinds(answers: &[Result<Decision, Error>]) -> Vec<Option<ErrorKind>> {
    answers.iter().map(|answer| answer.as_ref().err().map(Error::kind)).collect()
}

#[tokio::test]
async fn a_ticket_in_trouble_fails_alone_wherever_it_stands() {
    let troubles = [
        (Trouble::Unreadable, ErrorKind::Broken),
        (Trouble::Locked, ErrorKind::Unavailable),
        (Trouble::FoughtOver, ErrorKind::Unavailable),
        (Trouble::Panics, ErrorKind::Broken),
    ];
    for (trouble, kind) in troubles {
        for bad in [0, 2, 4] {
            let office = Office::new();
            let tickets = office.sell_some(5).await;
            office.trouble(tickets[bad], Some(trouble));
            let batchers = office.open();
            let began = office.engines.clock.now();

            let commands = tickets.iter().flat_map(|ticket| [office.place(*ticket, None), office.place(*ticket, None)]);
            let answers = office.decide(&batchers, commands.collect()).await;

            let expected: Vec<_> = (0..10).map(|at| (at / 2 == bad).then_some(kind)).collect();
            assert_eq!(kinds(&answers), expected, "{trouble:?} at {bad}");
            let took = office.engines.clock.now().since(began);
            assert!(took <= 2 * LOCKED_FOR + Duration::from_secs(1), "{trouble:?} at {bad}: {took:?}");
        }
    }
}

#[tokio::test]
async fn a_ticket_in_trouble_holds_up_nobody_the_next_time() {
    for trouble in [Trouble::Unreadable, Trouble::Locked, Trouble::Panics] {
        let office = Office::new();
        let tickets = office.sell_some(2).await;
        office.trouble(tickets[0], Some(trouble));
        let batchers = office.open();
        office.decide(&batchers, vec![office.place(tickets[0], None), office.place(tickets[1], None)]).await;

        let began = office.engines.clock.now();
        let [bad, good] = [0, 1].map(|at| Box::pin(batchers.decide(office.place(tickets[at], None))));
        let first = office.engines.clock.run(futures::future::select(good, bad)).await;

        assert!(matches!(first, futures::future::Either::Left((Ok(_), _))), "{trouble:?}");
        assert!(office.engines.clock.now().since(began) < LOCKED_FOR, "{trouble:?}");

        office.trouble(tickets[0], None);
        office.order(&batchers, tickets[0]).await;
    }
}

#[tokio::test]
async fn an_unreadable_order_fails_alone_and_its_ticket_is_sold() {
    let office = Office::new();
    let ticket = office.sell().await;
    let batchers = office.open();
    let [bad, good] = [office.order(&batchers, ticket).await, office.order(&batchers, ticket).await];
    office.store.unreadable.lock().unwrap().push(bad.id);

    let complete = |order: &Order| OrderAction::Complete(order.id, PaymentId::new(Uuid::from_u128(7)));
    let commands =
        [complete(&bad), complete(&good)].map(|action| OrderCommand { action, ..office.place(ticket, None) });
    let answers = office.decide(&batchers, commands.into_iter().chain([office.place(ticket, None)]).collect()).await;

    assert_eq!(kinds(&answers), [Some(ErrorKind::Broken), None, None]);
}

#[tokio::test]
async fn a_store_that_is_really_away_is_not_asked_for_each_ticket() {
    let office = Office::new();
    let tickets = office.sell_some(25).await;
    tickets.iter().for_each(|ticket| office.trouble(*ticket, Some(Trouble::Locked)));
    let batchers = office.open();
    let began = office.engines.clock.now();

    let answers = office.decide(&batchers, tickets.iter().map(|ticket| office.place(*ticket, None)).collect()).await;

    assert!(kinds(&answers).iter().all(|kind| *kind == Some(ErrorKind::Unavailable)));
    let took = office.engines.clock.now().since(began);
    assert!(took <= Duration::from_secs(16), "a batch was told after {took:?}");
}

#[tokio::test]
async fn one_key_for_two_tickets_makes_one_order_though_they_are_decided_apart() {
    let office = Office::new();
    let tickets = office.sell_some(3).await;
    office.trouble(tickets[0], Some(Trouble::Unreadable));
    let batchers = office.open();

    let commands = [
        office.place(tickets[0], None),
        office.place(tickets[2], Some(key("one"))),
        office.place(tickets[1], Some(key("one"))),
    ];
    let answers = office.decide(&batchers, commands.into()).await;

    let codes: Vec<_> = answers.iter().map(|answer| answer.as_ref().map_or_else(Error::code, |_| "placed")).collect();
    assert_eq!(codes, ["broken", "placed", "idempotency_key_reused"]);
}

#[tokio::test]
async fn matters_of_one_ticket_keep_their_order_though_they_are_decided_alone() {
    let office = Office::new();
    let tickets = office.sell_some(2).await;
    office.trouble(tickets[0], Some(Trouble::Unreadable));
    let batchers = office.open();
    let order = office.order(&batchers, tickets[1]).await;

    let cancel = OrderCommand { action: OrderAction::Cancel(order.id), ..office.place(tickets[1], None) };
    let expire = OrderCommand { action: OrderAction::Expire(order.id), ..office.place(tickets[1], None) };
    let answers = office.decide(&batchers, vec![office.place(tickets[0], None), cancel, expire]).await;

    assert_eq!(kinds(&answers), [Some(ErrorKind::Broken), None, Some(ErrorKind::Refused)]);
}

#[tokio::test]
async fn a_panic_is_counted_and_the_batcher_goes_on() {
    let office = Office::new();
    let ticket = office.sell().await;
    office.trouble(ticket, Some(Trouble::Panics));
    let batchers = office.open();
    assert_eq!(kinds(&office.decide(&batchers, vec![office.place(ticket, None)]).await), [Some(ErrorKind::Broken)]);
    assert!(batchers.panics() > 0);

    office.trouble(ticket, None);
    assert!(matches!(office.order(&batchers, ticket).await.status, OrderStatus::AwaitingPayment { .. }));
}

/// An event of a captured payment.
fn captured(order: &Order) -> Incoming {
    let payment = Payment {
        id: PaymentId::new(order.id.uuid()),
        order: order.id,
        ticket: order.ticket.id,
        buyer: order.buyer,
        total: order.total(),
        status: PaymentStatus::Captured { reference: "r".into() },
        started_at: Timestamp::EPOCH,
        key: None,
        card: None,
        version: 1,
    };
    incoming(Event::PaymentCaptured(payment), order.id.uuid())
}

pub(crate) fn incoming(event: Event, id: Uuid) -> Incoming {
    Incoming { envelope: seal(&event, EventId::new(id), Timestamp::EPOCH, &Origin::new(Uuid::nil())), event }
}

/// By place, whether an event failed by itself.
fn blamed(handled: Result<(), HandleError>) -> BTreeMap<usize, bool> {
    match handled {
        Ok(()) => BTreeMap::new(),
        Err(HandleError::Partly(unhandled)) => {
            unhandled.into_iter().map(|(index, error)| (index, matches!(error, HandleError::Failed(_)))).collect()
        }
        Err(error) => panic!("the handler knows which events failed: {error:?}"),
    }
}

#[tokio::test]
async fn a_payment_is_not_blamed_for_its_neighbour() {
    for (trouble, is_blamed) in [(Trouble::Unreadable, true), (Trouble::Locked, false), (Trouble::Panics, true)] {
        let office = Office::new();
        let tickets = office.sell_some(3).await;
        let batchers = office.open();
        let mut events = Vec::new();
        for ticket in &tickets {
            events.push(captured(&office.order(&batchers, *ticket).await));
        }
        office.trouble(tickets[1], Some(trouble));
        // A batcher that remembers nothing.
        let batchers = office.open();
        let orders = Orders {
            store: Arc::new(office.store.clone()),
            batchers,
            env: office.engines.env.clone(),
            waits: ReplicaWaits::new(Duration::from_secs(2)),
        };

        let handled = office.engines.clock.run(OrdersFollow(orders).handle(&events)).await;

        assert_eq!(blamed(handled), BTreeMap::from([(1, is_blamed)]), "{trouble:?}");
    }
}

#[tokio::test]
async fn an_unreadable_order_that_expires_is_blamed_alone() {
    let office = Office::new();
    let ticket = office.sell().await;
    let batchers = office.open();
    let [bad, good] = [office.order(&batchers, ticket).await, office.order(&batchers, ticket).await];
    office.store.unreadable.lock().unwrap().push(bad.id);
    office.engines.clock.advance(Duration::from_secs(3600));
    let expired = |order: &Order| {
        let pay_by = order.pay_by().expect("it waits");
        incoming(Event::ExpirationCompleted { order: order.id, pay_by }, order.id.uuid())
    };
    let orders = Orders {
        store: Arc::new(office.store.clone()),
        batchers,
        env: office.engines.env.clone(),
        waits: ReplicaWaits::new(Duration::from_secs(2)),
    };

    let handled = OrdersFollow(orders).handle(&[expired(&bad), expired(&good)]).await;

    assert_eq!(blamed(handled), BTreeMap::from([(0, true)]));
    let orders = office.engines.all_orders().await;
    let status = orders.iter().find(|order| order.id == good.id).map(|order| order.status);
    assert!(matches!(status, Some(OrderStatus::Cancelled { .. })), "{status:?}");
}

#[tokio::test]
async fn a_full_queue_puts_back_its_own_events_alone() {
    let office = Office::new();
    let store: Arc<dyn OrderStore> = Arc::new(office.store.clone());
    let config = BatcherConfig { batchers: 2, max_queued: 1, limits: HoldLimits::OFF, ..BatcherConfig::default() };
    let (batchers, run) = OrderBatchers::open(&store, &office.engines.env, config);
    // OrderBatchers are chosen by the last bytes.
    let [even, odd] = [0, 1].map(|last| TicketId::new(Uuid::from_u128(1 << 80 | 7 << 76 | 0b10 << 62 | last)));
    let follow = |ticket: TicketId| {
        let (ticket, event) = Ticket::create(ticket, account(99), offer(5, 1200), Timestamp::EPOCH).expect("an offer");
        incoming(event, ticket.id.uuid())
    };
    let mut in_the_way = Box::pin(batchers.decide(office.place(even, None)));
    assert!(futures::poll!(&mut in_the_way).is_pending());
    let orders = Orders {
        store: Arc::clone(&store),
        batchers: batchers.clone(),
        env: office.engines.env.clone(),
        waits: ReplicaWaits::new(Duration::from_secs(2)),
    };
    let follower = OrdersFollow(orders);

    let events = [follow(even), follow(odd)];
    let mut handling = Box::pin(follower.handle(&events));
    assert!(futures::poll!(&mut handling).is_pending(), "the batcher that has room takes its own");
    run.into_iter().for_each(|batcher| drop(tokio::spawn(batcher.run())));
    let handled = office.engines.clock.run(handling).await;

    assert_eq!(blamed(handled), BTreeMap::from([(0, false)]));
    let needs = OrderNeeds { stocks: vec![even, odd], ..OrderNeeds::default() };
    let stocks = store.load(&needs).await.unwrap().stocks;
    assert_eq!(stocks.iter().map(|stored| stored.record.ticket).collect::<Vec<_>>(), [odd]);
}

/// A store, beside which another process decides something between two reads.
#[derive(Debug)]
struct Meanwhile {
    sound: Arc<dyn OrderStore>,
    other: OrderBatchers,
    /// After so many reads.
    then: Mutex<Option<(u32, OrderCommand)>>,
}

#[async_trait]
impl OrderStore for Meanwhile {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let due = {
            let mut then = self.then.lock().expect("nobody panics with it");
            match then.take() {
                Some((0, command)) => Some(command),
                Some((reads, command)) => {
                    *then = Some((reads - 1, command));
                    None
                }
                None => None,
            }
        };
        if let Some(command) = due {
            self.other.decide(command).await.expect("the other process decides");
        }
        self.sound.load(needs).await
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.sound.orders_of(buyer, page).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.sound.orders_for(ticket, page).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.sound.overdue(deadline, page).await
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        self.sound.commit(work).await
    }
}

#[tokio::test]
async fn nothing_is_refused_from_memory_though_it_is_refused_only_at_the_second_look() {
    let office = Office::new();
    let [first, second] = [office.sell_places(1).await, office.sell_places(1).await];
    let sound: Arc<dyn OrderStore> = Arc::new(office.engines.orders.clone());
    let store = Arc::new(Meanwhile { sound, other: office.open(), then: Mutex::default() });
    let shared: Arc<dyn OrderStore> = store.clone();
    let (batchers, run) = OrderBatchers::open(
        &shared,
        &office.engines.env,
        BatcherConfig { batchers: 1, limits: HoldLimits::OFF, ..BatcherConfig::default() },
    );
    run.into_iter().for_each(|batcher| drop(tokio::spawn(batcher.run())));
    office.order(&batchers, first).await;
    let order = office.order(&batchers, second).await;
    let cancel = OrderCommand { action: OrderAction::Cancel(order.id), ..office.place(second, None) };

    // The first look finds the order alive, and the second finds that another process cancelled it.
    *store.then.lock().unwrap() = Some((1, cancel.clone()));
    let commands = vec![office.place(first, None), cancel, office.place(second, None)];
    let answers = office.decide(&batchers, commands).await;

    let codes: Vec<_> = answers.iter().map(|answer| answer.as_ref().map_or_else(Error::code, |_| "done")).collect();
    assert_eq!(codes, ["sold_out", "done", "done"]);
}
