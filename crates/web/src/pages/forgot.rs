//! A password that was forgotten: where the letter goes to.

use leptos::prelude::*;

use super::sign_in::{SignInValues, email_field};
use crate::components::field::{Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::shell::{Shell, document};

/// The form at `/forgot`, sent to the same path.
///
/// Its field: `email`.
#[derive(Clone, Debug, Default)]
pub struct ForgotPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form.
    pub form: Form<SignInValues>,
}

/// Renders the form for somebody who forgot a password.
#[must_use]
pub fn forgot_page(page: ForgotPage) -> String {
    let title = page.form.title("Forgotten password");
    let sign_in = page.shell.base.at("/signin");
    let content = view! {
        <div class="narrow narrow-form">
            <h1 class="title">"Forgotten password"</h1>
            {form_alert(&page.form)}
            <p>"Tell us the e-mail address of your account. We send a link there with which you choose another password."</p>
            <form class="form panel" method="post" action=page.shell.base.at("/forgot")>
                {input_field(Kind::Email, email_field(&page.form))}
                <button class="button button-primary button-wide" type="submit">"Send the link"</button>
            </form>
            <p class="muted"><a class="link" href=sign_in>"Back to sign in"</a></p>
        </div>
    };
    document(page.shell, &title, content)
}
