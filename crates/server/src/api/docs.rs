//! `/api/openapi.json` and `/api/docs`: the API, described for programs and for people.

#[cfg(feature = "pages")]
pub(super) mod page;
#[cfg(feature = "pages")]
mod shape;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::problem::{FieldError, PROBLEM_JSON, ProblemBody};

use crate::config::Service;
use crate::http::auth::cookies::{ACCESS, CookieName, REFRESH};
use crate::http::prefix::Prefix;
use crate::state::App;

/// For programs.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(openapi))
}

/// The API of some services inside an application that knows for itself who acts, and whether anything lives.
pub(crate) fn of_host(services: &[Service]) -> Value {
    let mut description = super::described(services).merge(routes()).into_openapi();
    complete(&mut description);
    for operation in operations(&mut description) {
        operation.security = None;
    }
    written(&description)
}

/// The API of a process that runs some services.
#[cfg(feature = "pages")]
pub(crate) fn of_process(services: &[Service]) -> Value {
    // Behind the front door everything is answered, wherever it is served.
    let is_front_door = services.contains(&Service::Web);
    written(&super::description(if is_front_door { &Service::ALL } else { services }))
}

fn written(description: &OpenApi) -> Value {
    serde_json::to_value(description).expect("a description is JSON all through")
}

/// Describes the API for programs.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operations",
    responses((status = 200, body = serde_json::Value, description = "This description")))]
async fn openapi(State(app): State<App>, prefix: Prefix) -> Response {
    let mut description = app.docs.clone();
    if let Some(fields) = description.as_object_mut().filter(|_| !prefix.as_str().is_empty()) {
        fields.insert("servers".to_owned(), json!([{ "url": prefix.as_str() }]));
    }
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, description.to_string()).into_response()
}

/// Adds what is the same for every route: what it is part of, and how a refusal looks.
pub(super) fn complete(description: &mut OpenApi) {
    description.info.title = "Ticketing".to_owned();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    description.info.description = Some(INTRODUCTION.to_owned());
    description.info.license = None;
    description.info.contact = None;
    let components = description.components.get_or_insert_with(Components::default);
    components.schemas.insert("FieldError".to_owned(), FieldError::schema());
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    operations(description).for_each(describe_refusals);
}

fn operations(description: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    let items = description.paths.paths.values_mut();
    items.flat_map(|item| [&mut item.get, &mut item.put, &mut item.post, &mut item.delete]).flatten()
}

const INTRODUCTION: &str = "Tickets for sale: see what is on sale, order and pay, or sell your own.\n\
    Every refusal is a problem in the form of RFC 9457, with a code that never changes. \
    Changes that a browser asks for with a cookie must come from this site.";

/// Adds by what a request says who acts.
pub(super) fn add_security(description: &mut OpenApi) {
    let components = description.components.get_or_insert_with(Components::default);
    let cookie = |name: CookieName| {
        let over_tls = format!("`{}` over TLS", name.on(true));
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name.plain(), &over_tls)))
    };
    components.add_security_scheme("cookie", cookie(ACCESS));
    components.add_security_scheme("refresh", cookie(REFRESH));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
}

fn describe_refusals(operation: &mut Operation) {
    let problem = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            response.content.insert(PROBLEM_JSON.to_owned(), RefOr::T(problem()));
        }
    }
    let other = ResponseBuilder::new()
        .description("Any refusal that is not listed, `malformed`, `rate_limited` or `unavailable` for one")
        .content(PROBLEM_JSON, problem());
    operation.responses.responses.insert("default".to_owned(), RefOr::T(other.build()));
}
