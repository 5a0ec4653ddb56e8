//! The JSON API: every route, a handler beside its bodies.

pub mod accounts;
pub mod docs;
pub mod health;
pub mod list;
pub mod live;
pub mod money;
pub mod orders;
pub mod payments;
pub mod tickets;

use std::fmt::Display;

use axum::Router;
use serde::Serializer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::config::Service;
use crate::state::App;

use crate::http::slash::also_with_slash;
use live::Streams;

/// The routes of the services that run here.
pub(crate) fn router(app: &App, streams: Streams) -> Router<App> {
    let mut routes = described(&app.services);
    if app.services.contains(&Service::Web) {
        routes = routes.merge(live::routes().with_state(streams));
    }
    let (router, description) = routes.split_for_parts();
    description.paths.paths.keys().fold(router, |router, path| also_with_slash(router, path))
}

/// What [`router`] answers, as `OpenAPI` 3.1.
#[must_use]
pub fn description(services: &[Service]) -> OpenApi {
    let mut description = described(services).into_openapi();
    if services.contains(&Service::Web) {
        description.merge(live::routes().into_openapi());
    }
    docs::complete(&mut description);
    description
}

fn described(services: &[Service]) -> OpenApiRouter<App> {
    let router = docs::routes().merge(health::routes());
    services.iter().fold(router, |router, service| match service {
        Service::Accounts => router.merge(accounts::routes()),
        Service::Tickets => router.merge(tickets::routes()),
        Service::Orders => router.merge(orders::routes()),
        Service::Payments => router.merge(payments::routes()),
        // Live updates of the pages have a state of their own; expiration hears events and tells events.
        Service::Web | Service::Expiration => router,
    })
}

/// Writes a value as the text it displays as: an id or a time.
fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The same for a value that may be absent.
#[expect(clippy::ref_option, reason = "serde passes a field as it is")]
fn optional_text<T: Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
