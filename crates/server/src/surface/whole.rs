//! The whole surface: the routes of all that runs here, API and pages.

use axum::Router;
use axum::routing::any;

use ticketing_api::paths;

use crate::config::Service;
use crate::http::problem::Problem;
use crate::live::{self, Streams};
use crate::remote::{RemoteServices, forward};
use crate::runtime::Assembly;
use crate::state::App;
use crate::{api, site};

use super::{inside, nothing_here, with_edge};

/// The whole surface of the services that run here, without a socket.
pub fn router(assembly: &Assembly) -> Router {
    let Assembly { app, live, remote, stand_ins, .. } = assembly;
    let tickets = remote.get(Service::Tickets).cloned();
    let streams = Streams { app: App::clone(app), live: live.clone(), tickets };
    let mut more = api::every_process();
    if app.services.contains(&Service::Web) {
        more = more.merge(live::routes().with_state(streams));
    }
    let mut routes = with_remote(api::router(&app.services, more), remote);
    if app.contacts_key.is_some() && app.services.contains(&Service::Accounts) {
        routes = routes.merge(api::contacts::routes());
    }
    let api = inside(routes.fallback(nothing_here), app);
    let behind_edge = with_edge(api.clone(), app);
    if !app.services.contains(&Service::Web) {
        return behind_edge;
    }
    // Pages ask the API from inside: a request passes the edge once.
    let site = with_edge(inside(site::router(app, api, stand_ins.clone()), app), app);
    behind_edge.fallback_service(site::as_pages(site, app))
}

/// What is answered where there is no room: that the process lives, and that it is busy.
pub(crate) fn no_room(app: &App) -> Router {
    site::as_pages(with_edge(inside(api::health::liveness().fallback(busy), app), app), app)
}

/// Whatever of the API runs elsewhere is reached here all the same.
fn with_remote(api: Router<App>, remote: &RemoteServices) -> Router<App> {
    let forwarded = || any(forward).with_state(remote.clone());
    let api = api.route("/api/{*rest}", forwarded());
    match remote.get(Service::Accounts) {
        Some(_) => api.route(paths::JWKS, forwarded()),
        None => api,
    }
}

async fn busy() -> Problem {
    Problem::no_room()
}
