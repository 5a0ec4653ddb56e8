//! Stripe takes the money of a marketplace whose services are processes of their own, on real engines.

use std::collections::BTreeSet;

use serde_json::Value;
use ticketing_conformance::sample::free_address;

use super::double::{Double, KEY, WEBHOOK_SECRET};
use super::{paid, sent_to_pay, told_in_any_order};
use crate::market::{Browser, Market, eventually};
use crate::programs::{Program, Programs, SIGNED, each_by};
use crate::restart::PATIENT;
use crate::rules::pages::{member, seller};

/// Only payments knows the key and the secret; the front door knows who takes the money.
async fn start(double: &Double) -> Programs {
    let front_door = free_address().to_string();
    let origin = format!("http://{front_door}");
    let mut others = PATIENT.to_vec();
    others.extend([
        ("TICKETING_PAYMENTS", "stripe"),
        ("TICKETING_PUBLIC_ORIGIN", &origin),
        ("TICKETING_HOLD", "15m"),
        ("TICKETING_LOG", "debug"),
    ]);
    let own = [
        SIGNED,
        ("payments", "TICKETING_STRIPE_KEY", KEY),
        ("payments", "TICKETING_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("payments", "TICKETING_STRIPE_URL", double.url()),
        ("web", "TICKETING_LISTEN", &front_door),
    ];
    each_by(Program::CURRENT, &others, &own).await
}

async fn completed(buyer: &mut Browser<'_>, order: &str) {
    let seen = async || {
        buyer.open(order).await;
        buyer.texts("main .badge")
    };
    eventually(seen, |badges| badges == &["Completed"]).await;
}

/// The payments that notices are about.
fn payments_of(events: &[String]) -> BTreeSet<String> {
    let payment = |event: &String| {
        let event: Value = serde_json::from_str(event).expect("JSON");
        event["data"]["object"]["metadata"]["ticketing_payment"].as_str().expect("a payment").to_owned()
    };
    events.iter().map(payment).collect()
}

#[tokio::test]
async fn a_ticket_is_paid_by_stripe_through_processes_on_engines() {
    let double = Double::start().await;
    let programs = start(&double).await;
    let payments = programs.of("payments");
    programs
        .prove(async |market: &Market| {
            let (_, ticket) = seller(market).await;
            let (mut ben, mut eve) = (member(market, "ben").await, member(market, "eve").await);

            let (order, page) = sent_to_pay(&mut ben, &ticket).await;
            assert_eq!(paid(market, &double, &page).await, format!("{}{order}", market.base));
            let told = double.take_events();
            told_in_any_order(market, &told).await;
            completed(&mut ben, &order).await;

            let (unheard, page) = sent_to_pay(&mut eve, &ticket).await;
            payments.restart_by(Program::CURRENT).await;
            paid(market, &double, &page).await;
            let untold = double.take_events();
            completed(&mut eve, &unheard).await;

            for payment in payments_of(&told).iter().chain(&payments_of(&untold)) {
                assert_eq!(double.held(payment), 1250, "{payment} is paid once");
            }
        })
        .await;
    payments.audit();
    for program in &programs.all {
        assert!(!program.log().contains("canary"), "{}: {}", program.name, program.last_words());
    }
}
