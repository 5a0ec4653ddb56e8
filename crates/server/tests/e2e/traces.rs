//! One trace from a click to the replicas, as a real collector received it.

mod collector;

use futures::future::join_all;

use crate::market::{Market, PASSWORD, eventually};
use crate::programs::{Programs, each_for_itself, in_memory_with};
use crate::rules::pages::{member, seller};

use collector::{Collector, Span, Trace};

/// A trusted client says that its trace is recorded, and in which.
const RECORDED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const RECORDED_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What an order sets off in the process of each service: service, span, and what that is part of.
const PLACED: [(&str, &str, &str); 7] = [
    ("ticketing-web", "POST /tickets/{id}/order", ""),
    ("ticketing-web", "POST", "POST /tickets/{id}/order"),
    ("ticketing-orders", "POST /api/orders", "POST"),
    ("ticketing-orders", "place order", "POST /api/orders"),
    ("ticketing-orders", "decide orders", "POST /api/orders"),
    ("ticketing-orders", "commit", "decide orders"),
    ("ticketing-orders", "publish ticketing.orders", "POST /api/orders"),
];

/// The same of a payment.
const CAPTURED: [(&str, &str, &str); 8] = [
    ("ticketing-web", "POST", "POST /orders/{id}/pay"),
    ("ticketing-payments", "POST /api/payments", "POST"),
    ("ticketing-payments", "pay order", "POST /api/payments"),
    ("ticketing-payments", "commit", "pay order"),
    ("ticketing-payments", "publish ticketing.payments", "POST /api/payments"),
    ("ticketing-orders", "process ticketing.payments", "POST /api/payments"),
    ("ticketing-orders", "decide orders", "POST /api/payments"),
    ("ticketing-orders", "publish ticketing.orders", "POST /api/payments"),
];

/// What follows an event of orders that a request set off.
fn followed_from(request: &str) -> [(&str, &str, &str); 5] {
    [
        ("ticketing-tickets", "process ticketing.orders", request),
        ("ticketing-tickets", "commit", "process ticketing.orders"),
        ("ticketing-payments", "process ticketing.orders", request),
        ("ticketing-payments", "commit", "process ticketing.orders"),
        ("ticketing-expiration", "process ticketing.orders", request),
    ]
}

/// Waits for the trace that a request began, until it is whole and has all of `expected`: service, span and what that
/// is part of.
async fn trace_of(collector: &Collector, request: &str, expected: &[(&str, &str, &str)]) -> Trace {
    let lacks = async || {
        let trace = collector.trace_begun_by(request);
        let lacking = expected.iter().filter(|part| !trace.has(part)).map(|part| format!("{part:?}"));
        // What a span is part of may arrive after it.
        let lost = trace.roots().into_iter().skip(1).map(|span| format!("{span:?}"));
        lacking.chain(lost).collect::<Vec<_>>()
    };
    eventually(lacks, Vec::is_empty).await;
    collector.trace_begun_by(request)
}

#[tokio::test]
async fn a_sale_in_seven_processes_is_a_trace_for_each_click() {
    let Some(collector) = Collector::start().await else { return };
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("TICKETING_LOG", "info,ticketing_server=debug"),
    ];
    let programs = each_for_itself(&settings).await.warmed_up().await;
    programs.prove(async |market: &Market| a_sale_is_traced(&programs, &collector, market).await).await;
}

async fn a_sale_is_traced(programs: &Programs, collector: &Collector, market: &Market) {
    let (_, ticket) = seller(market).await;
    let mut ben = member(market, "ben").await;
    // What is handled together belongs to one trace.
    programs.at_rest().await;
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[("quantity", "1")]).await;
    assert_eq!(ben.texts("h1"), ["Checkout"], "{}", ben.html);

    trace_of(collector, "POST /tickets/{id}/order", &[&PLACED[..], &followed_from("POST /api/orders")].concat()).await;

    // What is handled together with the order belongs to its trace, so the payment waits.
    ben.submit(&format!("{}/pay", ben.path.clone()), &[("token", "tok_visa")]).await;
    assert_eq!((ben.posted, ben.status), (303, 200), "{}", ben.html);
    let trace =
        trace_of(collector, "POST /orders/{id}/pay", &[&CAPTURED[..], &followed_from("POST /api/payments")].concat())
            .await;

    let conventions = trace.span("ticketing-orders", "process ticketing.payments");
    assert_eq!(conventions.text("messaging.system"), "kafka");
    assert_eq!(conventions.text("messaging.operation.type"), "process");
    assert_eq!(conventions.text("messaging.consumer.group.name"), "orders");
    let request = trace.span("ticketing-payments", "POST /api/payments");
    assert_eq!((request.text("http.request.method"), request.text("http.route")), ("POST", "/api/payments"));
    assert_eq!(request.number("http.response.status_code"), 201);

    let (correlation, id) = (request.text("ticketing.correlation_id"), &request.trace);
    let line = format!(" correlation_id={correlation} trace_id={id}\n");
    let payments = programs.of("payments");
    assert!(payments.log().contains(&line), "no line of payments has {line}: {}", payments.last_words());
    for private in ["example.org", PASSWORD, "tok_visa", "client.address", "url.path", "url.query"] {
        assert!(!collector.received().contains(private), "{private} is in a span");
    }
}

#[tokio::test]
async fn a_batch_of_many_orders_is_linked_to_each() {
    let Some(collector) = Collector::start().await else { return };
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let programs = in_memory_with(&settings).await;

    programs
        .prove(async |market: &Market| {
            let (seller, buyer) = (market.sign_up("seller").await, market.sign_up("buyer").await);
            let linked = async || {
                let ticket = market.sell(&seller, 64).await;
                join_all((0..64).map(|_| market.buy(&buyer, &ticket))).await;
                collector.spans().into_iter().find(|span| span.name == "decide orders" && !span.links.is_empty())
            };
            let batch = eventually(linked, Option::is_some).await.expect("a batch");

            let commands = batch.number("ticketing.commands");
            assert_eq!(usize::try_from(commands).expect("a count"), batch.links.len() + 1, "{batch:?}");
            let began = async || {
                let spans = collector.spans();
                let is_request = |span: &&Span| span.name == "POST /api/orders";
                let begun = |trace: &String| spans.iter().filter(is_request).any(|span| span.trace == *trace);
                batch.links.iter().chain([&batch.trace]).all(begun)
            };
            eventually(began, |began| *began).await;
        })
        .await;
}

#[tokio::test]
async fn a_stranger_neither_has_a_request_recorded_nor_writes_into_a_trace() {
    let Some(collector) = Collector::start().await else { return };
    // A process sends what it has once it ends, and not before.
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()), ("OTEL_BSP_SCHEDULE_DELAY", "3600000")];
    let (trusting, to_none) = (("TICKETING_TRUSTED_PROXIES", "127.0.0.0/8"), ("TICKETING_TRUSTED_PROXIES", ""));
    let none = ("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let visit = async |programs: &Programs, path: &'static str| {
        let visit = async |market: &Market| {
            assert_eq!(market.get(path).header("traceparent", RECORDED).send().await.status, 200);
        };
        programs.prove(visit).await;
    };

    let with = |others: &[(&'static str, &'static str)]| settings.iter().chain(others).copied().collect::<Vec<_>>();

    visit(&in_memory_with(&with(&[to_none, none])).await, "/api/docs").await;
    visit(&in_memory_with(&with(&[to_none])).await, "/api/tickets").await;
    visit(&in_memory_with(&with(&[trusting, none])).await, "/livez").await;

    let ended = |spans: &Vec<Span>| spans.iter().any(|span| span.name == "GET /livez");
    let spans = eventually(async || collector.spans(), ended).await;
    let of = |name: &str| spans.iter().find(|span| span.name == name);
    assert!(of("GET /api/docs").is_none(), "{spans:?}");
    let stranger = of("GET /api/tickets").expect("a request that was drawn");
    assert_eq!((stranger.trace == RECORDED_TRACE, stranger.parent.as_str()), (false, ""));
    assert_eq!(stranger.links, [RECORDED_TRACE]);
    let trusted = of("GET /livez").expect("a request of a proxy");
    assert_eq!((trusted.trace.as_str(), trusted.parent.as_str()), (RECORDED_TRACE, "00f067aa0ba902b7"));
}
