//! The load tool against a marketplace in memory, and against servers that do wrong.

mod server;

use clap::Parser;
use ticketing_load::measure;
use ticketing_load::report::Report;
use ticketing_load::settings::Settings;
use ticketing_load::setup::SetupError;
use ticketing_load::tally::Kind;

use server::{Marketplace, greedy, serve};

async fn load(url: &str, flags: &str) -> Result<Report, SetupError> {
    let small = "--connections 8 --buyers 8";
    let flags = format!("ticketing-load {flags} {small} --base-url {url}");
    let settings = Settings::try_parse_from(flags.split_whitespace()).expect("the flags exist");
    assert_eq!(settings.check(), Ok(()));
    measure(settings).await
}

async fn valid(url: &str, flags: &str) -> Report {
    let report = load(url, flags).await.expect("the marketplace is prepared");
    assert_eq!(report.complaints, [""; 0], "{report}");
    report
}

fn count(report: &Report, kind: Kind, status: u16) -> u64 {
    let answers = report.kind(kind).into_iter().flat_map(|kind| &kind.answers);
    answers.filter(|count| count.said.status == status).map(|count| count.count).sum()
}

#[tokio::test]
async fn every_order_of_another_ticket_is_counted_and_paid() {
    let shop = Marketplace::open().await;
    let report = valid(&shop.url, "distinct --tickets 20 --requests 200 --pay 1").await;

    assert_eq!(count(&report, Kind::Order, 201), 200);
    assert_eq!(count(&report, Kind::Payment, 201), 200);
    shop.close().await;
}

#[tokio::test]
async fn a_rush_ends_when_exactly_all_places_are_sold() {
    let shop = Marketplace::open().await;
    let report = valid(&shop.url, "hot --tickets 3 --quantity 50").await;

    assert_eq!(count(&report, Kind::Order, 201), 150);
    assert!(count(&report, Kind::Order, 409) >= 3);
    let refusals = report.kind(Kind::Order).unwrap().answers.iter().filter(|count| count.said.status == 409);
    assert!(refusals.clone().all(|count| count.said.code.as_deref() == Some("sold_out")));
    shop.close().await;
}

#[tokio::test]
async fn a_server_that_sells_too_much_is_caught() {
    let url = serve(greedy(51)).await;
    let report = load(&url, "hot --quantity 50").await.unwrap();

    assert!(!report.is_valid());
    assert!(
        report.to_string().contains("NOT VALID: OVERSOLD: ticket 0 has 50 places, and 51 orders hold one"),
        "{report}"
    );
}

#[tokio::test]
async fn a_server_that_sells_too_little_is_caught() {
    let url = serve(greedy(49)).await;
    let report = load(&url, "hot --quantity 50").await.unwrap();

    assert!(report.complaints.iter().any(|complaint| complaint.starts_with("UNDERSOLD")), "{report}");
}

#[tokio::test]
async fn a_run_in_which_nothing_was_granted_is_not_valid() {
    let url = serve(greedy(0)).await;
    let report = load(&url, "distinct --tickets 1 --requests 20").await.unwrap();

    assert_eq!(count(&report, Kind::Order, 409), 20);
    assert!(report.complaints.iter().any(|complaint| complaint.starts_with("NOTHING DONE")), "{report}");
}

#[tokio::test]
async fn people_browse_through_the_api_and_through_pages() {
    let shop = Marketplace::open().await;
    for flags in ["browse --tickets 30 --requests 100", "browse --tickets 30 --requests 100 --pages --seed 2"] {
        let report = valid(&shop.url, flags).await;
        let read = [Kind::Catalog, Kind::Ticket, Kind::Search].map(|kind| count(&report, kind, 200));

        assert_eq!(read.iter().sum::<u64>(), 100);
        assert!(read.iter().all(|read| *read > 0), "{read:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn orders_and_people_who_look_mix_as_they_are_weighed() {
    let shop = Marketplace::open().await;
    let report = valid(&shop.url, "mixed --tickets 30 --requests 300 --mix order=1,search=2 --pages").await;

    assert_eq!(count(&report, Kind::Order, 201) + count(&report, Kind::Search, 200), 300);
    assert!((50..150).contains(&count(&report, Kind::Order, 201)), "{report}");
    assert!(report.kind(Kind::Catalog).is_none());
    shop.close().await;
}

#[tokio::test]
async fn a_lag_is_measured_for_each_order() {
    let shop = Marketplace::open().await;
    let report = valid(&shop.url, "lag --requests 40").await;

    assert_eq!(count(&report, Kind::Order, 201), 40);
    let lag = &report.kind(Kind::Lag).unwrap().latency_micros;
    assert!(lag.at(50.0) > 0 && lag.at(50.0) <= lag.at(99.0) && lag.at(99.0) <= lag.max);
    shop.close().await;
}

#[tokio::test]
async fn at_a_fixed_rate_every_arrival_is_sent() {
    let shop = Marketplace::open().await;
    let report = valid(&shop.url, "distinct --rate 2000 --requests 200").await;
    assert_eq!(count(&report, Kind::Order, 201), 200);

    let report = valid(&shop.url, "browse --rate 500 --duration 500ms --warm-up 0s --seed 2").await;
    let arrivals = ticketing_load::arrivals::Arrivals::new(500.0, 2);
    let due = arrivals.take_while(|at| at.as_millis() < 500).count() as u64;
    assert_eq!(report.kinds.iter().map(|kind| kind.answered).sum::<u64>(), due);
    shop.close().await;
}

#[tokio::test]
async fn a_second_run_finds_the_accounts_of_the_first() {
    let shop = Marketplace::open().await;
    valid(&shop.url, "distinct --tickets 5 --requests 10").await;
    let report = valid(&shop.url, "distinct --tickets 5 --requests 10").await;

    assert_eq!(count(&report, Kind::Order, 201), 10);
    shop.close().await;
}

#[tokio::test]
async fn orders_go_to_the_base_urls_and_the_rest_to_the_front_door() {
    let (shop, other) = (Marketplace::open().await, serve(greedy(1000)).await);
    let flags = format!("mixed --tickets 8 --requests 200 --auth-url {}", shop.url);
    let report = valid(&other, &flags).await;

    // The other server knows orders alone.
    assert!(count(&report, Kind::Order, 201) > 0);
    assert!(count(&report, Kind::Catalog, 200) > 0);
    shop.close().await;
}

#[tokio::test]
async fn a_marketplace_that_is_not_there_is_told() {
    let error = load("http://127.0.0.1:1", "distinct").await.unwrap_err();

    assert!(matches!(error, SetupError::Unreachable { .. }));
    assert!(error.to_string().starts_with("127.0.0.1:1 does not answer"), "{error}");
}

#[tokio::test]
async fn a_report_for_programs_says_how_it_was_made_and_holds_the_whole_distribution() {
    let shop = Marketplace::open().await;
    let report = valid(&shop.url, "distinct --requests 100 --seed 7").await;
    let json = serde_json::to_value(&report).unwrap();

    assert_eq!(json["settings"]["scenario"], "distinct");
    assert_eq!(json["settings"]["seed"], 7);
    assert_eq!(json["kinds"][0]["answers"][0], serde_json::json!({"status": 201, "count": 100}));
    let percentiles = json["kinds"][0]["latencyMicros"]["percentiles"].as_array().unwrap();
    assert!(percentiles.len() > 8);
    assert_eq!(percentiles.last().unwrap()[0], 100.0);
    shop.close().await;
}
