//! How a refusal looks, whichever part refuses.

use serde_json::json;
use uuid::Uuid;

use crate::market::{Market, unique};

pub(crate) async fn a_refusal_is_a_problem(market: &Market) {
    let ada = market.sign_up("ada").await;
    let name = unique().to_string();
    let wrong = json!({"title": "", "price": {"amount": 0, "currency": "EUR"}, "quantity": 0});
    let call = |method: &str, path: &str| market.call(method, path).by(&ada).header("x-request-id", &name);

    for (call, problem) in [
        (call("POST", "/api/tickets").json(&wrong), (422, "invalid")),
        (call("POST", "/api/orders").json(&json!({"ticketId": Uuid::nil()})), (404, "ticket_not_found")),
        (call("POST", "/api/orders").bytes("text/plain", "tomato"), (415, "unsupported_media_type")),
        (call("POST", "/api/payments").bytes("application/json", "{"), (400, "malformed")),
        (call("POST", "/api/payments").bytes("application/json", vec![b' '; 100_000]), (413, "too_large")),
        (call("GET", "/api/tickets?colour=red"), (400, "malformed")),
        (call("PUT", "/api/payments"), (405, "method_not_allowed")),
        (call("GET", "/api/users/nobody"), (404, "route_not_found")),
        (call("GET", "/api/hats"), (404, "route_not_found")),
    ] {
        let reply = call.send().await;
        assert_eq!(reply.problem(), problem, "{reply:?}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.body["status"], problem.0);
        assert_eq!((reply.body["requestId"].as_str(), reply.header("x-request-id")), (Some(&*name), &*name));
        assert!(reply.header("content-security-policy").contains("frame-ancestors"), "{reply:?}");
    }
}

pub(crate) async fn the_api_is_described(market: &Market) {
    let description = market.get("/api/openapi.json").send().await.body;

    for path in ["/api/users/signup", "/api/tickets", "/api/orders/{id}", "/api/payments", "/api/tickets/{id}/live"] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
    assert_eq!(market.get("/api/docs").send().await.status, 200);
    assert_eq!(market.get("/livez").send().await.text(), "ok");
    assert_eq!(market.operators().get("/readyz").send().await.body["status"], "ready");
}
