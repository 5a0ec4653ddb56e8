//! The JSON API: every route, a handler beside its bodies.

pub mod accounts;
pub mod docs;
pub mod health;
pub mod list;
pub mod orders;
pub mod payments;
pub mod tickets;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::config::Service;
use crate::http::slash::also_with_slash;
use crate::live::{self, Streams};
use crate::state::App;

/// The routes of the services that run here.
pub(crate) fn router(app: &App, streams: Streams) -> Router<App> {
    let mut routes = described(&app.services);
    if app.services.contains(&Service::Web) {
        routes = routes.merge(live::routes().with_state(streams));
    }
    let (router, description) = routes.split_for_parts();
    description.paths.paths.keys().fold(router, |router, path| also_with_slash(router, path))
}

/// The API as `OpenAPI` 3.1.
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
