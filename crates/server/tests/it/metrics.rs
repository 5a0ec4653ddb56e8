//! The metrics of a marketplace.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Request;
use ticketing_core::ports::limits::Quota;
use ticketing_server::config::MailBy;

use crate::app::{TestApp, id, offer};
use crate::watched::{given, named, read};

pub(crate) async fn metrics(app: &TestApp) -> String {
    let (status, text) = app.ask_operators(Request::get("/metrics")).await;
    assert_eq!(status, 200);
    text.as_str().expect("a text").to_owned()
}

/// The value of the sample that begins with this.
fn value(metrics: &str, sample: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).expect(sample)
}

/// A marketplace in which something of each kind happened.
async fn busy() -> TestApp {
    let app = TestApp::start_with(|config| config.mail = Some(MailBy::Outbox)).await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 9).await;
    let orders = [app.buy(&ben, &ticket).await, app.buy(&ben, &ticket).await, app.buy(&ben, &ticket).await];
    assert_eq!(app.pay(&ben, &orders[0]).await.status, 201);
    assert_eq!(app.delete(&format!("/api/orders/{}", id(&orders[1]))).by(&ben).send().await.status, 204);
    assert_eq!(app.try_to_buy(&sally, &ticket).await.problem(), (409, "own_ticket"));
    app.pass(Duration::from_secs(16 * 60)).await;
    app
}

#[tokio::test]
async fn whatever_alerts_and_the_dashboard_name_exists() {
    let given = given(&metrics(&busy().await).await);

    // What only a real engine counts is looked for where it runs.
    let of_engines = ["ticketing_mongodb_", "ticketing_kafka_", "ticketing_sqlite_", "ticketing_unreadable_records_"];
    let named: BTreeSet<_> =
        named().into_iter().filter(|name| !of_engines.iter().any(|engine| name.starts_with(engine))).collect();
    assert!(named.len() > 30, "{named:?}");
    assert_eq!(named.difference(&given).collect::<Vec<_>>(), [""; 0], "of {given:?}");
}

#[test]
fn each_alert_says_what_to_do_and_shows_that_it_fires_and_clears() {
    let (rules, tests, runbook) =
        (read("deploy/prometheus/rules.yaml"), read("deploy/prometheus/rules_test.yaml"), read("docs/runbook.md"));
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let sections: Vec<_> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();

    assert_eq!(alerts, sections, "a section for each alert, in their order, and none for anything else");
    for alert in alerts {
        let anchor = format!("runbook: docs/runbook.md#{}", alert.to_lowercase());
        assert_eq!(rules.matches(&format!("{anchor}\n")).count(), 1, "{alert}");
        assert!(tests.contains(&format!("      - alertname: {alert}\n")), "{alert} is not shown to fire");
        assert!(tests.contains(&format!("- {{ alertname: {alert}, ")), "{alert} is not shown to clear");
    }
}

#[tokio::test]
async fn what_happened_is_counted() {
    let metrics = metrics(&busy().await).await;

    let orders = |state| value(&metrics, &format!("ticketing_orders_total{{state=\"{state}\"}}"));
    assert_eq!(["placed", "completed", "cancelled", "expired"].map(orders), [3.0, 1.0, 1.0, 1.0]);
    let ended = |use_case, outcome| {
        value(&metrics, &format!("ticketing_use_cases_total{{use_case=\"{use_case}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!((ended("place_order", "ok"), ended("place_order", "own_ticket")), (3.0, 1.0));
    assert_eq!(value(&metrics, "ticketing_timer_lateness_seconds_count"), 1.0);
    assert_eq!(value(&metrics, "ticketing_ready"), 1.0);
    assert_eq!(value(&metrics, "ticketing_outbox_entries{service=\"orders\"}"), 0.0);
    assert_eq!(value(&metrics, "ticketing_consumer_lag_events{consumer=\"payments\"}"), 0.0);
    assert_eq!(value(&metrics, "ticketing_parked_age_seconds{consumer=\"payments\"}"), 0.0);
}

#[tokio::test]
async fn what_waits_is_told_with_its_age() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    app.settle().await;
    let created = app.post("/api/tickets").by(&sally).json(&offer("Opera", 1200, 3)).send().await;
    assert_eq!(created.status, 201);
    app.lag(Duration::from_secs(40));

    let metrics = metrics(&app).await;
    assert_eq!(value(&metrics, "ticketing_outbox_entries{service=\"tickets\"}"), 1.0);
    assert_eq!(value(&metrics, "ticketing_outbox_age_seconds{service=\"tickets\"}"), 40.0);
    app.settle().await;
}

#[tokio::test]
async fn a_limit_that_refuses_is_counted() {
    let app = TestApp::start_with(|config| {
        config.http.limits.reads_per_address = Some(Quota { burst: 1, per: Duration::from_secs(60) });
    })
    .await;
    assert_eq!(app.get("/api/tickets").send().await.status, 200);
    assert_eq!(app.get("/api/tickets").send().await.problem(), (429, "rate_limited"));

    let metrics = metrics(&app).await;
    assert_eq!(value(&metrics, "ticketing_guard_hits_total{guard=\"reads\"}"), 1.0);
    assert_eq!(value(&metrics, "ticketing_guard_hits_total{guard=\"writes\"}"), 0.0, "known before it is hit");
}

#[tokio::test]
async fn labels_are_few_whatever_people_ask_for() {
    let app = busy().await;
    for path in ["/nonsense/at/all", "/tickets/ada%40example.org", "/api/tickets/0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f6"]
    {
        app.call("BREW", path).send().await;
        app.get(path).send().await;
    }

    let metrics = metrics(&app).await;
    let labels = metrics.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('{'));
    for (name, labels) in labels {
        for value in labels.split('"').skip(1).step_by(2) {
            let is_made_up = value.contains(['@', '%']) || value.contains("nonsense") || value == "BREW";
            let is_id = value.split(['/', ':']).any(|part| uuid::Uuid::try_parse(part).is_ok());
            assert!(!is_made_up && !is_id, "{name}: {value}");
        }
    }
}
