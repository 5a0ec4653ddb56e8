//! An account: its password, its sessions, and signing out.

use leptos::prelude::*;

use crate::base::Base;
use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::time::moment;
use crate::components::unconfirmed::{UNTIL_SOLD, unconfirmed_hint};
use crate::format::device_name;
use crate::pages::sign_up::PASSWORD_HINT;
use crate::shell::{Shell, document};

/// The account of the person signed in, at `/account`.
///
/// Its forms go to `/account/name`, `/account/password`, `/account/confirm` and `/signout`; links lead to `/account/alerts`, to the pages
/// that ask before sessions are ended or the account is deleted, and to `/account/export`.
#[derive(Clone, Debug, Default)]
pub struct AccountPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The account's e-mail address.
    pub email: String,
    /// Whether the address is to be confirmed.
    pub is_unconfirmed: bool,
    /// Whether people can keep alerts here.
    pub has_alerts: bool,
    /// The form that changes what the owner is called; its field: `displayName`.
    pub name: Form<String>,
    /// The form that changes the password; its fields: `currentPassword`, `newPassword`.
    pub password: Form<()>,
    /// The sessions of the account.
    pub sessions: Vec<Session>,
}

/// A session of the account.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its id, part of the address that revokes it.
    pub id: String,
    /// A readable form of the browser's `User-Agent`.
    pub device: String,
    /// When its owner signed in: RFC 3339 in UTC.
    pub created_at: String,
    /// When it was last refreshed: RFC 3339 in UTC.
    pub refreshed_at: String,
    /// Whether it is the current session.
    pub current: bool,
}

/// Renders an account.
#[must_use]
pub fn account_page(page: AccountPage) -> String {
    let title = if page.name.errors.is_empty() { page.password.title("Account") } else { page.name.title("Account") };
    let shell = &page.shell;
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Account"</h1>
            <p class="lead">{page.email}</p>
            {page.is_unconfirmed.then(|| unconfirmed_hint(shell, UNTIL_SOLD))}
            {form_alert(&page.name)}
            {form_alert(&page.password)}
            {name_form(&page.name, shell)}
            {password_form(&page.password, shell)}
            {page.has_alerts.then(|| alerts(&shell.base))}
            {sessions(page.sessions, shell)}
            {data(&shell.base)}
            {sign_out_form(shell)}
        </div>
    };
    document(page.shell, &title, content)
}

fn name_form(form: &Form<String>, shell: &Shell) -> AnyView {
    let name = Field {
        name: "displayName",
        label: "Name",
        value: form.values.clone(),
        error: form.message("displayName"),
        hint: Some("How our letters address you. If you sell, buyers see it and keep it with their orders."),
        autocomplete: Some("name"),
        maxlength: Some("60"),
        ..Field::default()
    };
    view! {
        <section class="panel" aria-labelledby="name">
            <h2 class="subtitle" id="name">"Name"</h2>
            <form class="form" method="post" action=shell.base.at("/account/name")>
                {opened_by(shell.account())}
                {input_field(Kind::Text, name)}
                <button class="button" type="submit">"Save name"</button>
            </form>
        </section>
    }
    .into_any()
}

fn alerts(base: &Base) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="alerts">
            <h2 class="subtitle" id="alerts">"Alerts"</h2>
            <p><a class="link" href=base.at("/account/alerts")>"What we tell you of when it goes on sale"</a></p>
        </section>
    }
    .into_any()
}

fn data(base: &Base) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="data">
            <h2 class="subtitle" id="data">"Your data"</h2>
            <p class="actions">
                <a class="button" href=base.at("/account/export")>"Download what we know about you"</a>
                <a class="button button-danger" href=base.at("/account/delete")>"Delete account"</a>
            </p>
        </section>
    }
    .into_any()
}

fn password_form(form: &Form<()>, shell: &Shell) -> AnyView {
    let current = Field {
        name: "currentPassword",
        label: "Current password",
        error: form.message("currentPassword"),
        required: true,
        autocomplete: Some("current-password"),
        ..Field::default()
    };
    let new = Field {
        name: "newPassword",
        label: "New password",
        error: form.message("newPassword"),
        hint: Some(PASSWORD_HINT),
        required: true,
        autocomplete: Some("new-password"),
        ..Field::default()
    };
    view! {
        <section class="panel" aria-labelledby="password">
            <h2 class="subtitle" id="password">"Password"</h2>
            <form class="form" method="post" action=shell.base.at("/account/password")>
                {opened_by(shell.account())}
                {input_field(Kind::Password, current)}
                {input_field(Kind::Password, new)}
                <button class="button button-primary" type="submit">"Change password"</button>
            </form>
        </section>
    }
    .into_any()
}

fn sessions(sessions: Vec<Session>, shell: &Shell) -> AnyView {
    let others = sessions.iter().filter(|session| !session.current).count();
    let rows = sessions.into_iter().map(|row| session(row, &shell.base)).collect_view();
    let revoke = (others > 0).then(|| {
        let address = shell.base.at("/account/sessions/revoke");
        view! { <a class="button button-danger" href=address>"Sign out everywhere else"</a> }
    });
    view! {
        <section class="panel" aria-labelledby="sessions">
            <h2 class="subtitle" id="sessions">"Signed in"</h2>
            <ul class="rows">{rows}</ul>
            {revoke}
        </section>
    }
    .into_any()
}

fn session(session: Session, base: &Base) -> AnyView {
    let device = device_name(&session.device);
    let revoke = if session.current {
        view! { <span class="badge" data-status="current">"This device"</span> }.into_any()
    } else {
        revoke_link(&session.id, &device, base).into_any()
    };
    view! {
        <li class="row">
            <div class="row-text">
                <p class="row-title">{device}</p>
                <p class="muted">"Since " {moment(session.created_at)} ", last used " {moment(session.refreshed_at)}</p>
            </div>
            {revoke}
        </li>
    }
    .into_any()
}

fn revoke_link(id: &str, device: &str, base: &Base) -> impl IntoView + use<> {
    let label = format!("Sign out {device}");
    let address = base.at(&format!("/account/sessions/{id}/revoke"));
    view! { <a class="button button-small button-danger" href=address aria-label=label>"Sign out"</a> }
}

fn sign_out_form(shell: &Shell) -> impl IntoView + use<> {
    view! {
        <form method="post" action=shell.base.at("/signout")>
            {opened_by(shell.account())}
            <button class="button" type="submit">"Sign out"</button>
        </form>
    }
}
