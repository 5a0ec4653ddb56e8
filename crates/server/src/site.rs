//! The pages: what the API answers, as HTML.
//!
//! A handler loads through the API and calls a page of `ticketing-web`; what a
//! form sends goes to the API as well. Whatever was refused and not shown
//! beside a form becomes a page in [`as_pages`].
//!
//! Invariant: nothing here asks a use case or a store, so people and programs
//! live by one set of rules.

mod account;
mod alerts;
mod assets;
mod at_door;
mod calendar;
mod catalog;
mod check_in;
mod checkout;
mod choices;
mod client;
mod confirm;
mod context;
mod dev_mail;
mod door_key;
mod door_links;
mod draft;
mod edit;
mod entry;
mod flash;
mod form;
mod found;
mod held;
mod letters;
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
use ticketing_core::ports::mailer::KeptMail;

use crate::http::problem::Problem;
use crate::http::slash::Routes;
use crate::state::App;

use entry::Entry;
use rendered::Rendered;

/// What stands for something outside, and so gets pages that the real thing would have elsewhere.
#[derive(Debug, Clone, Default)]
pub struct StandIns {
    /// Stands for a bank.
    pub sandbox: Option<Arc<dyn Sandbox>>,
    /// Stands for everybody's mailbox.
    pub kept_mail: Option<Arc<dyn KeptMail>>,
}

/// The routes of the site. It knows what the API tells and nothing else.
pub fn router(app: &App, api: Router, stand_ins: StandIns) -> Router<App> {
    let entry = Entry { app: App::clone(app), api, rendered: Rendered::default() };
    let bank = stand_ins.sandbox.map_or_else(Router::new, bank);
    let mailbox = stand_ins.kept_mail.map_or_else(Router::new, mailbox);
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
        .route("/sell", get(sell::sell).post(sell::offer))
        .route("/my/tickets", get(sell::my_tickets))
        .route("/orders", get(checkout::orders))
        .route("/orders/{id}", get(checkout::order))
        .route("/orders/{id}/calendar.ics", get(calendar::entry))
        .route("/orders/{id}/pay", post(pay::pay).get(context::back_to_page))
        .route("/orders/{id}/give-up", post(pay::give_up).get(context::back_to_page))
        .route("/orders/{id}/give-back", get(pay::ask_to_give_back).post(pay::give_back))
        .route("/orders/{id}/cancel", get(pay::ask_to_cancel).post(pay::cancel))
        .route("/signup", get(sign::sign_up_form).post(sign::sign_up))
        .route("/signin", get(sign::sign_in_form).post(sign::sign_in))
        .route("/signout", post(sign::sign_out))
        .route("/forgot", get(letters::forgot_form).post(letters::forgot))
        .route("/reset/{token}", get(letters::reset_form).post(letters::reset))
        .route("/confirm/{token}", get(letters::confirm_form).post(letters::confirm))
        .route("/account", get(account::account))
        .route("/account/confirm", post(letters::send_again).get(context::back_to_page))
        .route("/account/name", post(account::rename).get(context::back_to_page))
        .route("/account/export", get(account::export))
        .route("/account/delete", get(account::ask_to_delete).post(account::delete))
        .route("/account/password", post(account::change_password).get(context::back_to_page))
        .route("/account/sessions/revoke", get(account::ask_to_revoke_others).post(account::revoke_others))
        .route("/account/sessions/{id}/revoke", get(account::ask_to_revoke).post(account::revoke_session))
        .route("/robots.txt", get(found::robots))
        .route("/sitemap.xml", get(found::sitemap))
        .route("/.well-known/change-password", get(found::change_password))
        .router()
        .merge(doors())
        .merge(kept_searches())
        .merge(bank)
        .merge(mailbox)
        .fallback(nothing_here)
        .layer(from_fn_with_state(entry, entry::enter));
    assets::routes().merge(pages)
}

/// Where passes are checked.
fn doors() -> Router<App> {
    Routes::default()
        .route("/door/{ticket}", get(check_in::door).post(check_in::check))
        .route("/door/{ticket}/passes", get(check_in::passes))
        .route("/door/{ticket}/checks", post(check_in::check_by_script).get(context::back_to_page))
        .route("/door/{ticket}/enter", get(door_key::ask).post(door_key::enter))
        .route("/door/{ticket}/links", get(door_links::links).post(door_links::change))
        .router()
}

/// What somebody is told of.
fn kept_searches() -> Router<App> {
    Routes::default()
        .route("/account/alerts", get(alerts::alerts).post(alerts::keep))
        .route("/account/alerts/{id}/end", post(alerts::end).get(context::back_to_page))
        .route("/alerts/end/{link}", get(alerts::ask).post(alerts::end_by_link))
        .router()
}

/// What stands for the page of a bank.
fn bank(sandbox: Arc<dyn Sandbox>) -> Router<App> {
    let pages = Routes::default()
        .route("/orders/{id}/confirm", get(confirm::confirm))
        .route("/orders/{id}/approve", post(confirm::approve).get(context::back_to_page))
        .route("/orders/{id}/decline", post(confirm::decline).get(context::back_to_page));
    pages.router().layer(Extension(sandbox))
}

/// What stands for everybody's mailbox.
fn mailbox(kept_mail: Arc<dyn KeptMail>) -> Router<App> {
    Routes::default().route("/dev/mail", get(dev_mail::mails)).router().layer(Extension(kept_mail))
}

async fn nothing_here() -> Problem {
    Problem::not_found("route_not_found", "there is nothing at this path")
}

/// Puts the outermost layers around the site: refusals become pages, and pages are compressed.
pub fn as_pages(site: Router, app: &App) -> Router {
    site.layer(from_fn_with_state(app.gateway, refusal::as_page)).layer(CompressionLayer::new())
}
