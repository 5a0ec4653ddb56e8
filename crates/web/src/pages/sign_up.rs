//! Signing up.

use leptos::prelude::*;

use super::sign_in::{SignInValues, email_field};
use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::format::with_query;
use crate::shell::{Shell, document};

/// What a new password needs, told before anybody types one.
pub(crate) const PASSWORD_HINT: &str =
    "At least 10 characters. A few words that do not belong together are strong and easy to remember.";

/// The form at `/signup`, sent to the same path.
///
/// Its fields: `email`, `password`, and hidden `next`.
#[derive(Clone, Debug, Default)]
pub struct SignUpPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form; the password is never returned.
    pub form: Form<SignInValues>,
    /// Where to go afterwards; the receiver checks that it is a local path.
    pub next: String,
}

/// Renders the form for signing up.
#[must_use]
pub fn sign_up_page(page: SignUpPage) -> String {
    let title = page.form.title("Sign up");
    let sign_in = with_query(&page.shell.base.at("/signin"), &[("next", &page.next)]);
    let password = Field {
        name: "password",
        label: "Password",
        error: page.form.message("password"),
        hint: Some(PASSWORD_HINT),
        required: true,
        autocomplete: Some("new-password"),
        ..Field::default()
    };
    let content = view! {
        <div class="narrow narrow-form">
            <h1 class="title">"Sign up"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=page.shell.base.at("/signup")>
                <input type="hidden" name="next" value=page.next/>
                {input_field(Kind::Email, email_field(&page.form))}
                {input_field(Kind::Password, password)}
                <button class="button button-primary button-wide" type="submit">"Create account"</button>
            </form>
            <p class="muted">"Have an account? " <a class="link" href=sign_in>"Sign in"</a></p>
        </div>
    };
    document(page.shell, &title, content)
}
