//! Reacting to events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use ticketing::core::ports::parking::{ParkedFilter, ParkingLot};
use ticketing::core::ports::store::Page;
use ticketing::memory::{Fault, Operation};
use ticketing::{EventContext, HandleError, Market, MarketBuilder, OrRetry, OrderCompleted, TestMarket, TicketCreated};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{BUYER, buy, opera, pay};

/// Mails by the key that they were sent under, and how often each came.
type Mails = Arc<Mutex<BTreeMap<Uuid, usize>>>;

/// A market with a mailer that does with each mail what a test says.
fn mailing(
    mails: &Mails,
    deliver: impl Fn(usize) -> Result<(), HandleError> + Clone + Send + Sync + 'static,
) -> MarketBuilder {
    let (mails, count) = (mails.clone(), Arc::new(AtomicUsize::new(0)));
    Market::builder().on("mailer", move |_: OrderCompleted, context: EventContext| {
        let (mails, deliver, turn) = (mails.clone(), deliver.clone(), count.fetch_add(1, Ordering::SeqCst));
        async move {
            deliver(turn)?;
            *mails.lock().entry(context.idempotency_key()).or_default() += 1;
            Ok(())
        }
    })
}

fn counts(mails: &Mails) -> Vec<usize> {
    mails.lock().values().copied().collect()
}

async fn sell(market: &TestMarket, orders: usize) {
    let ticket = opera(market).await;
    for _ in 0..orders {
        buy(market, &ticket).await;
    }
}

#[tokio::test]
async fn each_event_comes_once() {
    let mails = Mails::default();
    let market = mailing(&mails, |_| Ok(())).test().await.unwrap();

    sell(&market, 3).await;
    market.settle().await.unwrap();

    assert_eq!(counts(&mails), [1, 1, 1]);
}

#[tokio::test]
async fn a_fault_is_aimed_at_one_follower() {
    let mails = Mails::default();
    let others = mails.clone();
    let market = mailing(&mails, |_| Ok(())).on("letters", move |_: OrderCompleted, context| {
        *others.lock().entry(context.idempotency_key()).or_default() += 10;
        async { Ok(()) }
    });
    let market = market.test().await.unwrap();

    let ticket = opera(&market).await;
    let order = market.order(BUYER, ticket.id).await.unwrap();
    market.settle().await.unwrap();
    market.faults().of_group("app.mailer").inject(Operation::Settle, Fault::LoseSettlement);
    pay(&market, order.id).await.unwrap();
    market.settle().await.unwrap();

    assert_eq!(counts(&mails), [12], "one letter, and the same mail twice");
}

#[tokio::test]
async fn an_event_that_fails_comes_again_alone() {
    let mails = Mails::default();
    let market = mailing(&mails, |turn| if turn == 1 { Err("no such address").or_park() } else { Ok(()) });
    let market = market.test().await.unwrap();

    sell(&market, 4).await;
    for _ in 0..10 {
        market.advance(Duration::from_secs(60)).await.unwrap();
    }

    assert_eq!(counts(&mails), [1, 1, 1, 1], "nobody gets a mail twice because of another's");
}

#[tokio::test]
async fn a_panic_is_a_failure_and_no_end() {
    let mails = Mails::default();
    let market = mailing(&mails, |turn| if turn == 1 { panic!("out of luck") } else { Ok(()) });
    let market = market.test().await.unwrap();

    sell(&market, 4).await;
    for _ in 0..10 {
        market.advance(Duration::from_secs(60)).await.unwrap();
    }

    assert_eq!(counts(&mails), [1, 1, 1, 1]);
}

#[tokio::test]
async fn what_cannot_be_handled_is_parked_and_others_go_on() {
    let mails = Mails::default();
    let culprit = Arc::new(Mutex::new(None));
    let market = Market::builder().on("mailer", {
        let (mails, culprit) = (mails.clone(), culprit.clone());
        move |event: OrderCompleted, context| {
            let (mails, culprit) = (mails.clone(), culprit.clone());
            async move {
                if *culprit.lock().get_or_insert(event.order.id) == event.order.id {
                    return Err("no such address").or_park();
                }
                *mails.lock().entry(context.idempotency_key()).or_default() += 1;
                Ok(())
            }
        }
    });
    let market = market.test().await.unwrap();

    sell(&market, 3).await;
    for _ in 0..20 {
        market.advance(Duration::from_secs(600)).await.unwrap();
    }

    assert_eq!(counts(&mails), [1, 1]);
    let page = Page { after: None, limit: 10 };
    let parked = market.engines().parking.list(&ParkedFilter::default(), page).await.unwrap();
    let parked: Vec<_> = parked.iter().map(|parked| (parked.consumer.as_str(), parked.reason.as_str())).collect();
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert!(parked[0].0 == "app.mailer" && parked[0].1.contains("no such address"), "{parked:?}");
}

#[tokio::test]
async fn what_is_away_is_waited_for_however_long_it_takes() {
    let mails = Mails::default();
    let market = mailing(&mails, |turn| if turn < 100 { Err("the mail server is away").or_retry() } else { Ok(()) });
    let market = market.test().await.unwrap();

    sell(&market, 1).await;
    for _ in 0..200 {
        market.advance(Duration::from_secs(60)).await.unwrap_or_default();
    }

    assert_eq!(counts(&mails), [1]);
}

#[tokio::test]
async fn a_follower_goes_on_after_a_crash_where_it_stopped() {
    let mails = Mails::default();
    let market = mailing(&mails, |_| Ok(())).test().await.unwrap();
    sell(&market, 2).await;
    market.settle().await.unwrap();

    let market = market.crash().await.unwrap();
    sell(&market, 1).await;
    market.settle().await.unwrap();

    assert_eq!(counts(&mails), [1, 1, 1]);
}

#[tokio::test]
async fn a_market_in_memory_closes_once_its_followers_have_heard_everything() {
    let (mails, entered, goes_on) = (Mails::default(), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let market = Market::builder().on("mailer", {
        let (mails, entered, goes_on) = (mails.clone(), entered.clone(), goes_on.clone());
        move |_: OrderCompleted, context| {
            let (mails, entered, goes_on) = (mails.clone(), entered.clone(), goes_on.clone());
            async move {
                entered.add_permits(1);
                goes_on.acquire().await.or_retry()?.forget();
                *mails.lock().entry(context.idempotency_key()).or_default() += 1;
                Ok(())
            }
        }
    });
    let market = market.open().await.unwrap();
    let ticket = opera(&market).await;
    buy(&market, &ticket).await;
    buy(&market, &ticket).await;

    // The second event waits behind the first, which is being handled.
    entered.acquire().await.unwrap().forget();
    let mut closing = Box::pin(market.close());
    assert!(futures::poll!(&mut closing).is_pending());
    goes_on.add_permits(2);
    closing.await.unwrap();

    assert_eq!(counts(&mails), [1, 1]);
}

#[tokio::test]
async fn types_of_events_are_told_apart() {
    let titles = Arc::new(Mutex::new(Vec::new()));
    let market = Market::builder().on("index", {
        let titles = titles.clone();
        move |event: TicketCreated, _| {
            titles.lock().push(event.ticket.offer.details.event.title.to_string());
            async { Ok(()) }
        }
    });
    let market = market.test().await.unwrap();

    sell(&market, 2).await;
    market.settle().await.unwrap();

    assert_eq!(*titles.lock(), ["Opera"]);
}
