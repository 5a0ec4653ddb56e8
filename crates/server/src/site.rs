//! The pages: what the API answers, as HTML.
//!
//! A handler loads through the API and calls a page of `ticketing-web`; what a
//! form sends goes to the API as well. Whatever was refused and not shown
//! beside a form becomes a page in [`as_pages`].
//!
//! Invariant: nothing here asks a use case or a store, so people and programs
//! live by one set of rules.

mod account;
mod admission;
mod assets;
mod at_door;
mod calendar;
mod catalog;
mod checkout;
mod choices;
mod client;
mod confirm;
mod context;
mod door;
mod door_key;
mod door_links;
mod draft;
mod edit;
mod flash;
mod form;
mod found;
mod held;
mod onward;
mod pay;
mod refusal;
mod rendered;
mod reschedule;
mod sales;
mod sell;
mod session;
mod sign;
mod ticket;
mod view;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::compression::CompressionLayer;

use ticketing_core::ports::gateway::Sandbox;

use crate::http::problem::Problem;
use crate::http::slash::Routes;
use crate::state::App;

use door::Door;
use rendered::Rendered;

/// The routes of the site. It knows what the API tells and nothing else. A `sandbox` gets the page of a bank.
pub fn router(app: &App, api: Router, sandbox: Option<Arc<dyn Sandbox>>) -> Router<App> {
    let door = Door { app: App::clone(app), api, rendered: Rendered::default() };
    let bank = sandbox.map_or_else(Router::new, bank);
    let pages = Routes::default()
        .route("/", get(catalog::catalog))
        .route("/tickets/{id}", get(ticket::ticket))
        .route("/tickets/{id}/order", post(ticket::order).get(context::back_to_page))
        .route("/tickets/{id}/edit", get(edit::edit).post(edit::save))
        .route("/tickets/{id}/reschedule", get(reschedule::reschedule).post(reschedule::save))
        .route("/tickets/{id}/call-off", get(reschedule::ask).post(reschedule::call_off))
        .route("/tickets/{id}/withdraw", get(edit::ask_to_withdraw).post(edit::withdraw))
        .route("/tickets/{id}/sales", get(sales::sales))
        .route("/tickets/{id}/sales.csv", get(sales::table))
        .route("/door/{ticket}", get(admission::door).post(admission::check))
        .route("/door/{ticket}/passes", get(admission::passes))
        .route("/door/{ticket}/checks", post(admission::check_by_script).get(context::back_to_page))
        .route("/door/{ticket}/enter", get(door_key::ask).post(door_key::enter))
        .route("/door/{ticket}/links", get(door_links::links).post(door_links::change))
        .route("/sell", get(sell::sell).post(sell::offer))
        .route("/my/tickets", get(sell::my_tickets))
        .route("/orders", get(checkout::orders))
        .route("/orders/{id}", get(checkout::order))
        .route("/orders/{id}/calendar.ics", get(calendar::entry))
        .route("/orders/{id}/pay", post(pay::pay).get(context::back_to_page))
        .route("/orders/{id}/give-up", post(pay::give_up).get(context::back_to_page))
        .route("/orders/{id}/give-back", post(pay::give_back).get(context::back_to_page))
        .route("/orders/{id}/cancel", get(pay::ask_to_cancel).post(pay::cancel))
        .route("/signup", get(sign::sign_up_form).post(sign::sign_up))
        .route("/signin", get(sign::sign_in_form).post(sign::sign_in))
        .route("/signout", post(sign::sign_out))
        .route("/account", get(account::account))
        .route("/account/password", post(account::change_password).get(context::back_to_page))
        .route("/account/sessions/revoke", get(account::ask_to_revoke_others).post(account::revoke_others))
        .route("/account/sessions/{id}/revoke", get(account::ask_to_revoke).post(account::revoke_session))
        .route("/robots.txt", get(found::robots))
        .route("/sitemap.xml", get(found::sitemap))
        .route("/.well-known/change-password", get(found::change_password))
        .router()
        .merge(bank)
        .fallback(nothing_here)
        .layer(from_fn_with_state(door, door::enter));
    assets::routes().merge(pages)
}

/// What stands for the page of a bank.
fn bank(sandbox: Arc<dyn Sandbox>) -> Router<App> {
    let pages = Routes::default()
        .route("/orders/{id}/confirm", get(confirm::confirm))
        .route("/orders/{id}/approve", post(confirm::approve).get(context::back_to_page))
        .route("/orders/{id}/decline", post(confirm::decline).get(context::back_to_page));
    pages.router().layer(Extension(sandbox))
}

async fn nothing_here() -> Problem {
    Problem::not_found("route_not_found", "there is nothing at this path")
}

/// Puts the outermost layers around the site: refusals become pages, and pages are compressed.
pub fn as_pages(site: Router, app: &App) -> Router {
    site.layer(from_fn_with_state(app.gateway, refusal::as_page)).layer(CompressionLayer::new())
}
