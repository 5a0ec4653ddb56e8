//! A password that was forgotten: choosing another.

use leptos::prelude::*;

use super::sign_up::PASSWORD_HINT;
use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::shell::{Shell, document};

/// The form at `/reset/{token}`, sent to the same address, which it does not repeat: the address is a secret.
///
/// Its field: `password`.
#[derive(Clone, Debug, Default)]
pub struct ResetPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form; the password is never returned.
    pub form: Form<()>,
}

/// Renders the form that replaces a forgotten password.
#[must_use]
pub fn reset_page(page: ResetPage) -> String {
    let title = page.form.title("Choose another password");
    let password = Field {
        name: "password",
        label: "New password",
        error: page.form.message("password"),
        hint: Some(PASSWORD_HINT),
        required: true,
        autocomplete: Some("new-password"),
        ..Field::default()
    };
    let again = page.shell.base.at("/forgot");
    let content = view! {
        <div class="narrow narrow-form">
            <h1 class="title">"Choose another password"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post">
                {input_field(Kind::Password, password)}
                <button class="button button-primary button-wide" type="submit">"Change password"</button>
            </form>
            <p class="muted">
                "This signs you out everywhere. The link works once and for an hour; "
                <a class="link" href=again>"have another one sent"</a> "."
            </p>
        </div>
    };
    document(page.shell, &title, content)
}
