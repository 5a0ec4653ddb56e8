//! Live updates of a ticket.

use axum::body::BodyDataStream;
use futures::StreamExt;
use serde_json::{Value, json};
use ticketing_core::domain::ticket::Sales;
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::ports::ticket_store::TicketStore;

use crate::app::{TestApp, id, offer};

pub(crate) async fn listen(app: &TestApp, ticket: &Value) -> BodyDataStream {
    let response = app.get(&format!("/api/tickets/{}/live", id(ticket))).open().await;
    assert_eq!(response.status(), 200);
    response.into_body().into_data_stream()
}

pub(crate) async fn next(stream: &mut BodyDataStream) -> Option<Value> {
    loop {
        let chunk = stream.next().await?.expect("a chunk");
        let text = String::from_utf8(chunk.to_vec()).expect("text");
        // A heartbeat tells nothing.
        if let Some(data) = text.strip_prefix("data: ") {
            return Some(serde_json::from_str(data).expect("JSON"));
        }
    }
}

#[tokio::test]
async fn a_listener_sees_what_is_left_and_for_how_much() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 2).await;
    let mut stream = listen(&app, &ticket).await;
    let price = json!({"amount": 1200, "currency": "EUR"});

    let first = next(&mut stream).await.expect("the state now");
    assert_eq!(first, json!({"available": 2, "price": price, "status": "onSale", "version": 1}));
    app.buy(&ben, &ticket).await;
    let second = next(&mut stream).await.expect("an update");
    assert_eq!(second, json!({"available": 1, "price": price, "status": "onSale", "version": 2}));
    app.put(&format!("/api/tickets/{}", id(&ticket))).by(&sally).json(&offer("Opera", 1500, 1)).send().await;
    app.settle().await;
    let third = next(&mut stream).await.expect("an update");
    assert_eq!(
        (&third["available"], &third["price"]["amount"], &third["status"]),
        (&json!(0), &json!(1500), &json!("soldOut"))
    );
}

#[tokio::test]
async fn a_change_that_nobody_told_is_seen_at_the_next_heartbeat() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let mut stream = listen(&app, &ticket).await;
    assert_eq!(next(&mut stream).await.expect("the state now")["available"], 2);
    let store = &app.memory.tickets;
    let stored = store.listings(&[id(&ticket).parse().unwrap()]).await.unwrap().pop().unwrap();
    let sold = stored.record.clone().follow(Sales { held: 0, sold: 1, version: 1 }).unwrap();
    store.commit(UnitOfWork::default().with(stored.replace(sold))).await.unwrap();

    // Nothing happens any more but the passing of time.
    tokio::time::pause();

    assert_eq!(next(&mut stream).await.expect("an update")["available"], 1);
}

#[tokio::test]
async fn only_so_many_listen_at_a_time() {
    let app = TestApp::start_with(|config| config.http.live_listeners = 1).await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}/live", id(&ticket));

    let first = listen(&app, &ticket).await;
    let crowded = app.get(&path).send().await;
    assert_eq!((crowded.problem(), crowded.header("retry-after")), ((503, "unavailable"), "1"));
    drop(first);
    assert_eq!(app.get(&path).send().await.status, 200);
}

#[tokio::test]
async fn a_stream_ends_when_the_process_stops() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let mut stream = listen(&app, &ticket).await;
    assert!(next(&mut stream).await.is_some());

    app.http_stops.request();

    assert_eq!(next(&mut stream).await, None);
}
