//! The metrics of a marketplace on real engines.

use crate::market::Market;
use crate::programs::{as_processes, in_a_file, on_engines, on_mongodb};
use crate::watched::{given, named};

#[tokio::test]
async fn whatever_alerts_and_the_dashboard_name_exists() {
    let rule = async |market: &Market| {
        let letters = as_processes().await.of("notifications");
        let letters = Market::at(&letters.address()).with_operators(&letters.admin_address());
        let in_a_file = in_a_file().await.market();
        let on_mongodb = on_mongodb().await.market();
        let mut texts = vec![market.metrics().await, letters.metrics().await];
        texts.extend([in_a_file.metrics().await, on_mongodb.metrics().await]);
        let given = given(&texts.concat());
        assert_eq!(named().difference(&given).collect::<Vec<_>>(), [""; 0], "of {given:?}");
    };
    on_engines().await.prove(rule).await;
}
