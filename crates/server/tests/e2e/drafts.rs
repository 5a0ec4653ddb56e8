//! Refused forms where there is more than one front door.

use crate::market::Browser;
use crate::market::Market;
use crate::programs::as_processes;
use crate::rules::pages::member;

#[tokio::test]
async fn a_refused_form_waits_at_every_front_door() {
    let programs = as_processes().await;
    let second = programs.another_front_door().await;
    programs
        .prove(async |market: &Market| {
            let other = Market::at(&second.address());
            let mut ada = member(market, "ada").await;
            ada.open("/sell").await;
            ada.submit("/sell", &[("title", "Opera"), ("price", "none")]).await;

            let mut elsewhere = Browser::new(&other);
            elsewhere.jar.clone_from(&ada.jar);
            elsewhere.open("/sell").await;

            assert_eq!(elsewhere.texts("#price-error"), ["Price must be a number such as 12.50."]);
            elsewhere.submit("/sell", &[("price", "12.50")]).await;
            assert_eq!(elsewhere.texts("h1"), ["Opera"]);
        })
        .await;
}
