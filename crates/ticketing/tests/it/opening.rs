//! Opening and closing, and what is refused.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use ticketing::{
    Error, ErrorKind, HandleError, Market, OpenError, Order, OrderCompleted, OrderStatus, SandboxGateway, WaitError,
};
use tokio::runtime::Runtime;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

use crate::{BUYER, SELLER, buy, opera};

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_from_beginning_to_end() {
    let market = Market::builder().open().await.unwrap();
    let ticket = opera(&market).await;

    let order = buy(&market, &ticket).await;

    let payment = market.payment_of(BUYER, order.id).await.unwrap().expect("it is paid");
    assert_eq!((payment.order, payment.total.amount), (order.id, 4500));
    assert!(matches!(market.payment_of(SELLER, order.id).await, Err(Error::OrderNotFound)));
    market.close().await.unwrap();
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let market = Market::builder().open().await.unwrap();

    let wrong = market.sell(SELLER, " ").price(0, "gold").places(0).max_per_buyer(0).key("").await;

    let Err(Error::Invalid(fields)) = wrong else { panic!("{wrong:?}") };
    let fields: Vec<_> = fields.iter().map(|invalid| invalid.field).collect();
    assert_eq!(fields, ["title", "price", "currency", "quantity", "maxPerBuyer", "Idempotency-Key"]);
    market.close().await.unwrap();
}

#[tokio::test]
async fn a_closed_market_does_nothing_and_says_so() {
    let market = Market::builder().open().await.unwrap();
    let ticket = opera(&market).await;
    market.close().await.unwrap();
    market.close().await.unwrap();

    for refused in [
        market.sell(SELLER, "Ballet").price(1, "EUR").await.map(drop),
        market.order(BUYER, ticket.id).await.map(drop),
        market.pay(BUYER, ticketing::OrderId::from_u128(1), SandboxGateway::VISA).await.map(drop),
        market.cancel(BUYER, ticketing::OrderId::from_u128(1)).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
    assert!(market.ticket(ticket.id).await.is_ok(), "what is stored can be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_ended_otherwise_is_not_waited_for() {
    let market = Market::builder().open().await.unwrap();
    let ticket = opera(&market).await;
    let order = market.order(BUYER, ticket.id).await.unwrap();
    market.cancel(BUYER, order.id).await.unwrap();

    let ended = market.wait(BUYER, order.id, Order::is_completed).await;

    let Err(WaitError::Ended(order)) = ended else { panic!("{ended:?}") };
    assert!(matches!(order.status, OrderStatus::Cancelled { .. }));
    market.close().await.unwrap();
}

#[tokio::test]
async fn a_name_that_would_take_events_away_is_refused() {
    let hear = |_: OrderCompleted, _| async { Ok::<_, HandleError>(()) };

    let twice = Market::builder().on("mailer", hear).on("mailer", hear).open().await;
    let ours = Market::builder().on("payments", hear).open().await;

    assert!(matches!(twice, Err(OpenError::TwoFollowers(name)) if name == "app.mailer"));
    assert!(matches!(ours, Err(OpenError::Assembly(_))), "{ours:?}");
}

#[test]
fn a_market_needs_a_runtime() {
    let opened = futures::executor::block_on(Market::builder().open());

    assert!(matches!(opened, Err(OpenError::NoRuntime)), "{opened:?}");
}

/// What was logged by this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen(&self) -> DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(Level::WARN).with_writer(move || writer.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }

    /// Waits until something is said.
    async fn says(&self, what: &str) {
        let said = async {
            while !self.text().contains(what) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), said).await.expect("it is said");
    }
}

#[test]
fn a_market_that_outlives_its_runtime_is_told_of_in_one_line() {
    let endings: [fn(Runtime, Market); 3] = [
        |runtime, market| drop((runtime, market)),
        |runtime, market| drop((market, runtime)),
        |runtime, market| {
            runtime.block_on(async { drop(market) });
            drop(runtime);
        },
    ];
    for ending in endings {
        let log = Log::default();
        let _logging = log.listen();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let market = runtime.block_on(Market::builder().open()).unwrap();

        ending(runtime, market);

        let said = log.text();
        assert!(said.lines().count() == 1 && said.contains("WARN") && said.contains("`close()`"), "{said}");
    }
}

#[tokio::test]
async fn a_market_that_is_dropped_stops_in_order_and_says_what_was_left() {
    let log = Log::default();
    let _logging = log.listen();
    let market = Market::builder().open().await.unwrap();
    let another = market.clone();
    opera(&market).await;

    drop(market);
    opera(&another).await;
    drop(another);

    log.says("a market was dropped, and not closed; events that are not published: nothing").await;
}
