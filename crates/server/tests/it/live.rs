//! Live updates of a ticket.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures::StreamExt;
use serde_json::{Value, json};
use ticketing_core::domain::ticket::Sales;
use ticketing_core::ports::store::{RecordKey, UnitOfWork};
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
async fn a_listener_knows_when_sales_end() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let mut opera = offer("Opera", 1200, 2);
    let starts_at = app.now().after(Duration::from_secs(60 * 60));
    (opera["startsAt"], opera["timeZone"]) = (json!(starts_at.to_string()), json!("Europe/Vienna"));
    let ticket = app.sell_as(&sally, &opera).await;

    let before = next(&mut listen(&app, &ticket).await).await.expect("the state now");
    app.pass(Duration::from_secs(60 * 60)).await;
    let after = next(&mut listen(&app, &ticket).await).await.expect("the state then");

    assert_eq!((&before["status"], &before["closesAt"]), (&json!("onSale"), &json!(starts_at.to_string())));
    assert_eq!((&after["status"], &after["available"]), (&json!("salesEnded"), &json!(2)));
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

/// The next event of a stream: its type and its data.
async fn next_event(stream: &mut BodyDataStream) -> Option<(String, Value)> {
    let chunk = stream.next().await?.expect("a chunk");
    let text = String::from_utf8(chunk.to_vec()).expect("text");
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data").expect("data")).expect("JSON");
    Some((field("event").unwrap_or("message").to_owned(), data))
}

async fn listen_to(app: &TestApp, tickets: &[&Value]) -> BodyDataStream {
    let query: Vec<_> = tickets.iter().map(|ticket| format!("ticket={}", id(ticket))).collect();
    let response = app.get(&format!("/api/live?{}", query.join("&"))).open().await;
    assert_eq!(response.status(), 200);
    response.into_body().into_data_stream()
}

#[tokio::test]
async fn one_stream_tells_of_several_tickets() {
    let app = TestApp::start_with(|config| config.http.live_listeners = 1).await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let (opera, circus, ballet) = (app.sell(&sally, 2).await, app.sell(&sally, 3).await, app.sell(&sally, 4).await);
    let nobodys = json!({"id": uuid::Uuid::nil().to_string()});
    let mut stream = listen_to(&app, &[&opera, &circus, &nobodys, &opera]).await;

    let mut first = [next(&mut stream).await.unwrap(), next(&mut stream).await.unwrap()];
    first.sort_by_key(|news| news["available"].as_u64());
    assert_eq!((&first[0]["ticket"], &first[1]["ticket"]), (&opera["id"], &circus["id"]));
    app.buy(&ben, &ballet).await;
    app.buy(&ben, &circus).await;
    let news = next(&mut stream).await.unwrap();
    assert_eq!((&news["ticket"], &news["available"]), (&circus["id"], &json!(2)));
    app.buy(&ben, &opera).await;
    let news = next(&mut stream).await.unwrap();

    let price = json!({"amount": 1200, "currency": "EUR"});
    let expected = json!({"ticket": opera["id"], "available": 1, "price": price, "status": "onSale", "version": 2});
    assert_eq!(news, expected);
}

#[tokio::test]
async fn a_ticket_that_cannot_be_read_closes_no_stream_of_others() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let (opera, circus) = (app.sell(&sally, 2).await, app.sell(&sally, 3).await);
    assert!(app.memory.tickets.spoil(&RecordKey::Listing(id(&opera).parse().unwrap())));

    let mut stream = listen_to(&app, &[&opera, &circus]).await;

    assert_eq!(next(&mut stream).await.expect("the state now")["ticket"], circus["id"]);
    let alone = app.get(&format!("/api/live?ticket={}", id(&opera))).send().await;
    assert_eq!(alone.problem(), (500, "broken"));
}

#[tokio::test]
async fn a_stream_without_a_ticket_that_exists_is_refused() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let nil = uuid::Uuid::nil();
    let many: Vec<_> = (1..=33).map(|n| format!("ticket={}", uuid::Uuid::from_u128(n))).collect();

    for query in ["", "?", "?ticket=", "?ticket=opera", "?tickets=x", "?ticket=%ff", &format!("?{}", many.join("&"))] {
        let reply = app.get(&format!("/api/live{query}")).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec!["ticket"]), "{query}");
    }
    let reply = app.get(&format!("/api/live?ticket={}&ticket=nobodys", id(&ticket))).send().await;
    assert_eq!(reply.problem(), (422, "invalid"));
    assert_eq!(app.get(&format!("/api/live?ticket={nil}")).send().await.problem(), (404, "ticket_not_found"));
}

#[tokio::test]
async fn heartbeats_tell_the_time_of_the_server() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    for mut stream in [listen_to(&app, &[&ticket]).await, listen(&app, &ticket).await] {
        let first = next_event(&mut stream).await.unwrap();
        assert_eq!(first, ("heartbeat".to_owned(), json!({"now": app.now().to_string()})));
        assert_eq!(next_event(&mut stream).await.unwrap().0, "message");

        // Nothing happens any more but the passing of time.
        tokio::time::pause();
        app.lag(Duration::from_secs(15));
        let second = next_event(&mut stream).await.unwrap();
        tokio::time::resume();

        assert_eq!(second, ("heartbeat".to_owned(), json!({"now": app.now().to_string()})));
    }
}

#[tokio::test]
async fn a_stream_ends_by_itself_after_a_while_and_not_all_at_once() {
    const MINUTE: u64 = 60;
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let began = tokio::time::Instant::now();
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(listen_to(&app, &[&ticket]).await);
    }

    tokio::time::pause();
    let ends = streams.iter_mut().map(|stream| async {
        while next_event(stream).await.is_some() {}
        began.elapsed().as_secs()
    });
    let ends = futures::future::join_all(ends).await;

    assert!(ends.iter().all(|end| (15 * MINUTE..=60 * MINUTE + 15).contains(end)), "{ends:?}");
    assert!(ends.iter().any(|end| end.abs_diff(ends[0]) > 20), "all at once: {ends:?}");
}
