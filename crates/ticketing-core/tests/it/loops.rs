//! What repeats goes on after failures, and stops in order with nothing left half done.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use ticketing_core::assembly::{EndedBy, LoopEnded, Loops};
use ticketing_core::domain::order::OrderStatus;
use ticketing_core::messaging::driver::{Driver, Pace, Step};
use ticketing_core::messaging::shutdown::{Shutdown, shutdown};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_memory::FaultPlan;
use tokio::sync::Notify;

use crate::market::{Engines, Process, account};

fn spawn(task: BoxFuture<'static, ()>) {
    tokio::spawn(task);
}

fn origin() -> ticketing_core::wire::Origin {
    ticketing_core::wire::Origin::new(uuid::Uuid::nil())
}

/// A step that panics where it is told to.
#[derive(Debug)]
struct Bomb {
    step: Box<dyn Step>,
    goes_off: Arc<AtomicU64>,
    at: u64,
}

/// Where a [`Bomb`] goes off.
const STEP: u64 = 1;
const IDLE: u64 = 2;
const FINISH: u64 = 3;

impl Bomb {
    fn tick(&self, at: u64) {
        assert!(self.at != at || self.goes_off.load(Ordering::SeqCst) == 0, "a bomb went off");
    }
}

#[async_trait]
impl Step for Bomb {
    fn name(&self) -> &str {
        self.step.name()
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        self.tick(STEP);
        self.step.step().await
    }

    async fn idle(&mut self) {
        self.tick(IDLE);
        self.step.idle().await;
    }

    async fn finish(self: Box<Self>) {
        self.tick(FINISH);
        self.step.finish().await;
    }
}

/// A process, one of whose loops panics once it is told to.
fn process_with_bomb(engines: &Engines, name: &str, at: u64) -> (Process<Loops>, Arc<AtomicU64>) {
    let goes_off = Arc::new(AtomicU64::new(0));
    let mut process = engines.start_running(&FaultPlan::none());
    process.loops = std::mem::take(&mut process.loops).watched(|step| {
        if step.name() == name { Box::new(Bomb { step, goes_off: Arc::clone(&goes_off), at }) } else { step }
    });
    (process, goes_off)
}

/// Runs until the loops end by themselves.
async fn ended(engines: &Engines, loops: Loops) -> LoopEnded {
    let (_stop, stopped) = shutdown();
    let running = tokio::spawn(loops.run(engines.env.clone(), stopped, &spawn));
    engines.clock.run(running).await.expect("they run").expect_err("a loop ended early")
}

#[tokio::test]
async fn a_running_marketplace_needs_nobody_to_step_it_and_stops_clean() {
    let engines = Engines::new();
    let process = engines.start_running(&FaultPlan::none());
    let (stop, stopped) = shutdown();
    let running = tokio::spawn(process.loops.run(engines.env.clone(), stopped, &spawn));

    let listing = engines.clock.run(process.tickets.create_ticket(engines.create(7, 1), origin())).await.unwrap();
    let command = engines.place(1, listing.ticket.id);
    let order = engines.clock.run(process.orders.place_order(command, origin())).await.unwrap();
    let paid = engines.clock.run(process.payments.pay_order(engines.pay(1, order.id), origin())).await.unwrap();
    stop.request();
    engines.clock.run(running).await.unwrap().expect("no loop ends early");

    assert!(paid.version == 1 && engines.payments.outbox().is_empty() && engines.orders.outbox().is_empty());
}

/// Counts what waits, and how much of it was done in each step.
#[derive(Debug, Clone, Default)]
struct Counting {
    waiting: Arc<AtomicU64>,
    come: Arc<Notify>,
    done: Arc<Mutex<Vec<u64>>>,
}

#[async_trait]
impl Step for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let done = self.waiting.swap(0, Ordering::SeqCst);
        self.done.lock().expect("nobody panicked").extend((done > 0).then_some(done));
        Ok(usize::try_from(done).expect("a small number"))
    }

    async fn idle(&mut self) {
        self.come.notified().await;
    }

    async fn finish(self: Box<Self>) {}
}

#[tokio::test]
async fn what_comes_after_much_was_done_is_done_together_and_after_little_at_once() {
    let engines = Engines::new();
    let (counting, (_stop, stopped)) = (Counting::default(), shutdown());
    let ClockAndIds { clock, ids, .. } = engines.env.clone();
    let driver = Driver { clock, ids, shutdown: stopped };
    let (step, pace) = (counting.clone(), Pace { gather: Duration::from_millis(10), ..Pace::default() });
    tokio::spawn(async move { driver.drive(Box::new(step), pace).await });
    for come in [1, 2, 16, 1, 1, 1, 7, 8, 1, 4, 1] {
        counting.waiting.fetch_add(come, Ordering::SeqCst);
        counting.come.notify_one();
        look_around().await;
        engines.clock.advance(Duration::from_millis(4));
        look_around().await;
    }

    assert_eq!(*counting.done.lock().unwrap(), [1, 2, 16, 2, 1, 7, 8, 5, 1]);
}

#[tokio::test]
async fn a_loop_that_failed_goes_on() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(Arc::new(engines.clock.clone()));
    let process = engines.start_running(&faults);
    let (_stop, stopped) = shutdown();
    tokio::spawn(process.loops.run(engines.env.clone(), stopped, &spawn));
    let listing = engines.clock.run(process.tickets.create_ticket(engines.create(7, 1), origin())).await.unwrap();
    faults.crash();
    engines.clock.run(pass(&engines, 100)).await;
    faults.revive();
    engines.clock.run(pass(&engines, 20)).await;

    let command = engines.place(1, listing.ticket.id);
    let order = engines.clock.run(process.orders.place_order(command, origin())).await.unwrap();
    engines.clock.run(pass(&engines, 1000)).await;

    let order = process.orders.order(order.id, account(1)).await.unwrap();
    assert!(matches!(order.status, OrderStatus::Cancelled { .. }), "its timer fired: {order:?}");
}

#[tokio::test]
async fn a_loop_that_panics_is_noticed_and_the_others_stop_in_order() {
    let loops = [
        "tickets-relay",
        "orders-relay",
        "payments-relay",
        "tickets",
        "orders",
        "payments",
        "expiration",
        "orders-overdue",
        "payments-settle",
        "expiration-timers",
    ];
    for name in loops {
        for at in [STEP, IDLE] {
            let engines = Engines::new();
            let (process, goes_off) = process_with_bomb(&engines, name, at);
            goes_off.store(1, Ordering::SeqCst);

            let ended = ended(&engines, process.loops).await;

            assert_eq!(ended.name, name);
            assert!(matches!(&ended.how, EndedBy::Panic(panic) if panic.to_string().contains("a bomb went off")));
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_panic_is_published_by_the_end() {
    let engines = Engines::new();
    let (process, goes_off) = process_with_bomb(&engines, "payments", STEP);
    let (_stop, stopped) = shutdown();
    let running = tokio::spawn(process.loops.run(engines.env.clone(), stopped, &spawn));
    let listing = engines.clock.run(process.tickets.create_ticket(engines.create(7, 1), origin())).await.unwrap();

    let command = engines.place(1, listing.ticket.id);
    engines.clock.run(process.orders.place_order(command, origin())).await.unwrap();
    goes_off.store(1, Ordering::SeqCst);
    let ended = engines.clock.run(running).await.unwrap().expect_err("a loop panicked");

    assert_eq!(ended.name, "payments");
    assert!(engines.orders.outbox().is_empty() && engines.tickets.outbox().is_empty());
}

#[tokio::test]
async fn a_panic_on_the_way_out_is_told_as_well() {
    let engines = Engines::new();
    let (process, goes_off) = process_with_bomb(&engines, "orders-relay", FINISH);
    goes_off.store(1, Ordering::SeqCst);
    let (stop, stopped) = shutdown();
    let running = tokio::spawn(process.loops.run(engines.env.clone(), stopped, &spawn));

    stop.request();
    let ended = engines.clock.run(running).await.unwrap().expect_err("a loop panicked");

    assert_eq!(ended.name, "orders-relay");
}

#[tokio::test]
async fn a_task_that_the_runtime_drops_is_noticed() {
    for dropped in 0..10 {
        let engines = Engines::new();
        let process = engines.start_running(&FaultPlan::none());
        let (_stop, stopped) = shutdown();
        let started = AtomicU64::new(0);
        let spawn_most = |task| {
            if started.fetch_add(1, Ordering::SeqCst) != dropped {
                spawn(task);
            }
        };

        let running = process.loops.run(engines.env.clone(), stopped, &spawn_most);
        let ended = engines.clock.run(running).await.expect_err("a loop never ran");

        assert_eq!(ended.how, EndedBy::Drop);
    }
}

#[tokio::test]
async fn a_loop_that_is_told_to_stop_has_not_ended_early() {
    let engines = Engines::new();
    let running = engines.start_running(&FaultPlan::none()).loops.start(engines.env.clone(), &spawn);
    let health = running.health();
    engines.clock.run(pass(&engines, 3)).await;
    assert_eq!(health.one_ended().now_or_never(), None);

    engines.clock.run(running.stop()).await.expect("no loop ends early");

    assert_eq!((health.ended(), health.first_ended()), (0, None));
}

#[tokio::test]
async fn orders_that_wait_at_a_batcher_that_is_gone_are_answered() {
    let engines = Engines::new();
    let mut process = engines.start_running(&FaultPlan::none());
    let batchers = process.loops.take_batchers();
    let listing = engines.clock.run(process.tickets.create_ticket(engines.create(7, 1), origin())).await.unwrap();
    let command = engines.place(1, listing.ticket.id);
    let waiting = process.orders.place_order(command, origin());
    let gone = async {
        tokio::task::yield_now().await;
        drop(batchers);
        pending::<Shutdown>().await
    };
    futures::pin_mut!(waiting, gone);

    let answer = engines.clock.run(futures::future::select(waiting, gone)).await;

    let futures::future::Either::Left((answer, _)) = answer else { panic!("the order waits without end") };
    assert_eq!(answer.expect_err("nobody decides it").code(), "unavailable");
}

/// Lets seconds pass, one by one, and everybody do what they do in each.
async fn pass(engines: &Engines, seconds: u64) {
    for _ in 0..seconds {
        engines.clock.advance(Duration::from_secs(1));
        look_around().await;
    }
}

/// Everybody does what they do at this time.
async fn look_around() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}
