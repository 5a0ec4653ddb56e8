//! What the double checks of every request, and idempotency keys.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::books::{Answer, Fields, refused};
use super::faults::Fault;
use super::{KEY, World};

/// What was asked under each key, and its answer once there is one.
#[derive(Default)]
pub(crate) struct Keys(HashMap<String, (String, Option<Answer>)>);

impl Keys {
    /// The answer under a key that was used; `None` if the request is to be carried out now.
    fn before(&mut self, key: &str, asked: &str) -> Option<Answer> {
        match self.0.get(key) {
            Some((before, _)) if before != asked => Some(refused(400, "idempotency_error", "")),
            Some((_, Some(answer))) => Some(answer.clone()),
            Some((_, None)) => Some(refused(409, "idempotency_error", "idempotency_key_in_use")),
            None => {
                self.0.insert(key.to_owned(), (asked.to_owned(), None));
                None
            }
        }
    }

    fn answered(&mut self, key: &str, answer: &Answer) {
        if let Some((_, kept)) = self.0.get_mut(key) {
            *kept = Some(answer.clone());
        }
    }
}

pub(crate) async fn answer(State(world): State<Arc<World>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024).await.expect("a body");
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    if let Some(refusal) = checked(&parts.headers, method) {
        return respond(refusal);
    }
    let mut fault = world.faults.lock().take(&format!("{method} {path}"));
    if fault == Some(Fault::Waits) {
        world.gate.notified().await;
        fault = None;
    }
    if let Some(fault) = fault.filter(|fault| !fault.is_carried_out()) {
        return fault.answer().await;
    }
    let sent = if method == "GET" { parts.uri.query().unwrap_or_default().as_bytes() } else { &body };
    let fields: Fields = serde_urlencoded::from_bytes(sent).expect("fields");
    let is_silent = fields.get("payment_method").is_some_and(|card| card == "pm_card_silent");
    let key = parts.headers.get("idempotency-key").map(|key| key.to_str().expect("text").to_owned());
    let answer = once(&world, key, (method, path), &fields).await;
    match fault.or(is_silent.then_some(Fault::LosesTheAnswer)) {
        Some(fault) => fault.answer().await,
        None => respond(answer),
    }
}

/// Carries a request out, once under a key.
async fn once(world: &World, key: Option<String>, (method, path): (&str, &str), fields: &Fields) -> Answer {
    let parts: Vec<_> = path.trim_start_matches("/v1/").split('/').collect();
    let Some(key) = key else { return world.books.lock().answer(method, &parts, fields) };
    if let Some(before) = world.keys.lock().before(&key, &format!("{path} {fields:?}")) {
        return before;
    }
    // Others under the same key may come in between.
    tokio::task::yield_now().await;
    let answer = world.books.lock().answer(method, &parts, fields);
    world.keys.lock().answered(&key, &answer);
    answer
}

fn checked(headers: &HeaderMap, method: &str) -> Option<Answer> {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|header| header == value);
    if !is("authorization", &format!("Bearer {KEY}")) {
        return Some(refused(401, "invalid_request_error", "api_key_expired"));
    }
    let is_understood = is("stripe-version", "2026-08-26.dahlia")
        && (method == "GET" || is("content-type", "application/x-www-form-urlencoded"));
    (!is_understood).then(|| refused(400, "invalid_request_error", "parameter_unknown"))
}

fn respond((status, body): Answer) -> Response {
    let answer = Response::builder().status(status).header("request-id", "req_double");
    answer.body(Body::from(body.to_string())).expect("an answer")
}
