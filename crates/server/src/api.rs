//! The JSON API: every route, a handler beside its bodies.

pub mod accounts;
pub mod admissions;
pub mod alerts;
#[cfg(feature = "pages")]
pub(crate) mod contacts;
pub mod docs;
pub mod health;
pub mod list;
pub mod orders;
pub mod payments;
pub(crate) mod rebuild;
pub mod tickets;

use axum::Router;
#[cfg(feature = "pages")]
use tower_http::compression::CompressionLayer;
#[cfg(feature = "pages")]
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::config::Service;
use crate::http::slash::also_with_slash;
#[cfg(feature = "pages")]
use crate::live;
use crate::state::App;

/// The routes of some services, and more.
pub(crate) fn router(services: &[Service], more: OpenApiRouter<App>) -> Router<App> {
    let (router, description) = described(services).merge(more).split_for_parts();
    description.paths.paths.keys().fold(router, |router, path| also_with_slash(router, path))
}

/// The API as `OpenAPI` 3.1.
#[cfg(feature = "pages")]
#[must_use]
pub fn description(services: &[Service]) -> OpenApi {
    let mut description = described(services).merge(every_process()).into_openapi();
    if services.contains(&Service::Web) {
        description.merge(live::routes().into_openapi());
    }
    docs::complete(&mut description);
    docs::add_security(&mut description);
    description
}

/// What every process serves, whichever services run there.
#[cfg(feature = "pages")]
pub(crate) fn every_process() -> OpenApiRouter<App> {
    docs::routes().merge(docs::page::routes()).layer(CompressionLayer::new()).merge(health::routes())
}

fn described(services: &[Service]) -> OpenApiRouter<App> {
    services.iter().fold(OpenApiRouter::new(), |router, service| match service {
        Service::Accounts => router.merge(accounts::routes()),
        Service::Tickets => router.merge(tickets::routes()),
        Service::Orders => router.merge(orders::routes()),
        Service::Payments => router.merge(payments::routes()),
        Service::Admissions => router.merge(admissions::routes()),
        Service::Notifications => router.merge(alerts::routes()),
        // Live updates of the pages have their own state; the others follow events.
        Service::Web | Service::Expiration => router,
    })
}
