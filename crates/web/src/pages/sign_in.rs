//! Signing in.

use leptos::prelude::*;

use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::format::with_query;
use crate::shell::{Shell, document};

/// The form at `/signin`, sent to the same path.
///
/// Its fields: `email`, `password`, and hidden `next`.
#[derive(Clone, Debug, Default)]
pub struct SignInPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form; the password is never returned.
    pub form: Form<SignInValues>,
    /// Where to go afterwards; the receiver checks that it is a local path.
    pub next: String,
}

/// The values of the forms for signing in and signing up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInValues {
    /// The e-mail address as typed.
    pub email: String,
}

/// Renders the form for signing in.
#[must_use]
pub fn sign_in_page(page: SignInPage) -> String {
    let title = page.form.title("Sign in");
    let sign_up = with_query(&page.shell.base.at("/signup"), &[("next", &page.next)]);
    let forgot = page.shell.base.at("/forgot");
    let content = view! {
        <div class="narrow narrow-form">
            <h1 class="title">"Sign in"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=page.shell.base.at("/signin")>
                <input type="hidden" name="next" value=page.next/>
                {input_field(Kind::Email, email_field(&page.form))}
                {input_field(Kind::Password, password_field(&page.form))}
                <button class="button button-primary button-wide" type="submit">"Sign in"</button>
            </form>
            <p class="muted"><a class="link" href=forgot>"Forgot your password?"</a></p>
            <p class="muted">"No account yet? " <a class="link" href=sign_up>"Sign up"</a></p>
        </div>
    };
    document(page.shell, &title, content)
}

pub(crate) fn email_field(form: &Form<SignInValues>) -> Field {
    Field {
        name: "email",
        label: "E-mail",
        value: form.values.email.clone(),
        error: form.message("email"),
        required: true,
        autocomplete: Some("username"),
        ..Field::default()
    }
}

fn password_field(form: &Form<SignInValues>) -> Field {
    Field {
        name: "password",
        label: "Password",
        error: form.message("password"),
        required: true,
        autocomplete: Some("current-password"),
        ..Field::default()
    }
}
