//! Events that are kept in MongoDB, where the state is, between processes that come and go.

use crate::market::{Market, eventually};
use crate::programs::{Program, each_with_log_in_mongodb};

/// Those that follow events.
const FOLLOWERS: [&str; 3] = ["tickets", "orders", "payments"];

#[tokio::test]
async fn what_a_killed_process_held_is_followed_by_the_other() {
    let programs = each_with_log_in_mongodb(&[("TICKETING_HOLD", "10m")]).await.warmed_up().await;
    let mut seconds = Vec::new();
    for service in FOLLOWERS {
        seconds.push(programs.of(service).another().await);
    }
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        // Many orders, so that the events of some are read by the second processes.
        let ticket = market.sell(&sally, 100).await;
        let mut orders = Vec::new();
        for _ in 0..20 {
            orders.push(market.buy(&ben, &ticket).await);
        }
        for second in &seconds {
            second.kill().await;
        }
        for _ in 0..20 {
            orders.push(market.buy(&ben, &ticket).await);
        }
        for order in &orders {
            let paid = async || market.pay(&ben, order).await.status.as_u16();
            eventually(paid, |status| *status == 201).await;
        }
        for order in &orders {
            eventually(async || market.order(&ben, order).await, |order| order["status"] == "completed").await;
        }
        eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 60).await;
    };
    programs.prove(rule).await;
    programs.at_rest().await;
    let orders = programs.of("orders");
    orders.audit();
    for service in FOLLOWERS {
        let told = orders.operate(&["replay", service, "--dry-run"]);
        assert!(told.status.success(), "{told:?}");
    }
}

#[tokio::test]
async fn processes_restart_one_after_the_other_and_go_on() {
    let programs = each_with_log_in_mongodb(&[]).await.warmed_up().await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 10).await;
        for service in ["tickets", "orders", "payments", "expiration"] {
            let order = market.buy(&ben, &ticket).await;
            programs.of(service).restart_by(Program::CURRENT).await;
            let paid = async || market.pay(&ben, &order).await.status.as_u16();
            eventually(paid, |status| *status == 201).await;
            eventually(async || market.order(&ben, &order).await, |order| order["status"] == "completed").await;
        }
        eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 6).await;
    };
    programs.prove(rule).await;
}
