//! Signing keys follow each other while people are signed in.

use std::path::Path;
use std::process::Command;

use crate::market::{Market, User, eventually, id, unique};
use crate::programs::{Program, each_by};
use crate::rules::pages::member;

fn rotate(file: &str, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    let rotated = command.args(["keys", "rotate"]).args(arguments).env_clear().env("TICKETING_SIGNING_KEYS", file);
    let rotated = rotated.output().expect("the program starts");
    assert!(rotated.status.success(), "{rotated:?}");
}

/// Each service knows a signed-in account at once.
async fn works(market: &Market, user: &User, order: &str) {
    let payments = format!("/api/payments?orderId={order}");
    for path in ["/api/tickets/mine", "/api/orders", &payments, "/api/users/sessions"] {
        let reply = market.get(path).by(user).send().await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
}

async fn renewed(market: &Market, user: &User) -> User {
    let reply = market.post("/api/users/refresh").by(user).send().await;
    assert_eq!(reply.status, 204, "{reply:?}");
    User { access: reply.cookie("access"), refresh: reply.cookie("refresh"), ..user.clone() }
}

#[tokio::test]
async fn a_new_key_signs_while_everybody_stays_signed_in() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{}.json", unique().simple()));
    let path = file.to_str().expect("text");
    rotate(path, &[]);
    let programs =
        each_by(Program::CURRENT, &[], &[("accounts", "TICKETING_SIGNING_KEYS", path)]).await.warmed_up().await;
    let second = programs.all[0].another().await;
    programs
        .prove(async |market: &Market| {
            let (sally, ada) = (market.sign_up("sally").await, market.sign_up("ada").await);
            let ticket = market.sell(&sally, 10).await;
            let order = eventually(async || market.try_to_buy(&ada, &ticket).await, |reply| reply.status == 201).await;
            let order = id(&order.body);
            let (mut eve, mut latest) = (member(market, "eve").await, ada.clone());

            rotate(path, &["--after", "30s"]);
            let newer = eventually(
                async || {
                    works(market, &ada, order).await;
                    latest = renewed(market, &latest).await;
                    works(market, &latest, order).await;
                    eve.open("/orders").await;
                    assert_eq!((eve.status, eve.path.as_str()), (200, "/orders"), "she is not sent to sign in");
                    latest.clone()
                },
                |latest| latest.signed_by() != ada.signed_by(),
            )
            .await;

            works(market, &ada, order).await;
            let beside = Market::at(&second.address()).sign_in(&ada).await;
            assert_eq!(beside.signed_by(), newer.signed_by());
            works(market, &beside, order).await;
        })
        .await;
    std::fs::remove_file(&file).expect("it is there");
}
