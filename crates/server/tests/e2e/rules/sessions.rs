//! Who is signed in, and until when.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::market::{Market, User};

pub(crate) async fn who_signs_out_is_signed_out_everywhere(market: &Market) {
    let ada = market.sign_up("ada").await;
    let elsewhere = market.sign_in(&ada).await;
    let paths = ["/api/orders", "/api/tickets/mine", "/api/users/sessions"];
    for path in paths {
        assert_eq!(market.get(path).by(&ada).send().await.status, 200, "{path}");
    }

    assert_eq!(market.post("/api/users/signout").by(&ada).send().await.status, 204);

    for path in paths {
        assert_eq!(market.get(path).by(&ada).send().await.problem(), (401, "session_over"), "{path}");
        assert_eq!(market.get(path).by(&elsewhere).send().await.status, 200, "{path}");
    }
    let nobody = market.get("/api/users/currentuser").by(&ada).send().await.body;
    assert!(nobody["currentUser"].is_null(), "{nobody}");
    let again = market.post("/api/users/refresh").by(&ada).send().await;
    assert_eq!(again.status, 401);
}

pub(crate) async fn a_session_goes_on_with_its_refresh_token(market: &Market) {
    let ada = market.sign_up("ada").await;

    let reply = market.post("/api/users/refresh").by(&ada).send().await;
    let next = User { access: reply.cookie("access"), refresh: reply.cookie("refresh"), ..ada.clone() };

    assert_eq!(reply.status, 204, "{reply:?}");
    assert_ne!((&next.access, &next.refresh), (&ada.access, &ada.refresh));
    let known = market.get("/api/users/currentuser").by(&next).send().await.body;
    assert_eq!(known["currentUser"]["email"], ada.email);
    assert_eq!(market.get("/api/orders").by(&next).send().await.status, 200);
}

pub(crate) async fn a_forged_token_opens_nothing(market: &Market) {
    let ada = market.sign_up("ada").await;
    let parts: Vec<_> = ada.access.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    assert_eq!(market.get("/api/orders").bearer(&ada.access).send().await.status, 200);

    for token in [format!("{header}.{claims}."), format!("{unsigned}.{claims}.{signature}"), "tomato".to_owned()] {
        let reply = market.get("/api/orders").bearer(&token).send().await;
        assert_eq!(reply.problem(), (401, "session_over"), "{token}");
    }
    let keys = market.get("/.well-known/jwks.json").send().await;
    assert_eq!((keys.status.as_u16(), &keys.body["keys"][0]["crv"]), (200, &"Ed25519".into()));
}
