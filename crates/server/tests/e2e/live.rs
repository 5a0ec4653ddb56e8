//! Live updates where there is more than one front door.

use serde_json::json;

use crate::market::{Market, id};
use crate::programs::as_processes;
use crate::rules::live::Updates;

#[tokio::test]
async fn live_updates_reach_every_front_door_and_make_no_groups() {
    let programs = as_processes().await;
    let second = programs.another_front_door().await;
    programs
        .prove(async |market: &Market| {
            let doors = [market, &Market::at(&second.address()).with_operators(&second.admin_address())];
            let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
            let ticket = market.sell(&sally, 2).await;
            let path = format!("/api/tickets/{}/live", id(&ticket));
            let mut updates = [Updates::open(doors[0], &path).await, Updates::open(doors[1], &path).await];
            for updates in &mut updates {
                assert_eq!(updates.next().await["available"], json!(2));
            }
            market.buy(&ben, &ticket).await;

            for (door, updates) in doors.iter().zip(&mut updates) {
                assert_eq!(updates.next().await["available"], json!(1));
                let metrics = door.operators().get("/metrics").send().await;
                assert_eq!(metrics.status, 200);
                assert!(!metrics.text().contains("consumer="), "a front door follows events: {}", metrics.text());
            }
            let tickets = programs.of("tickets");
            let followed = Market::at(&tickets.admin_address()).get("/metrics").send().await.text();
            assert!(followed.contains("consumer=\"tickets\""), "who follows events is not told: {followed}");
        })
        .await;
}
