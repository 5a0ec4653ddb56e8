//! Deleting an account.

use leptos::prelude::*;

use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::shell::{Shell, document};

/// The page at `/account/delete` that asks before an account is deleted; its form is sent to the same path.
///
/// Its field: `password`.
#[derive(Clone, Debug, Default)]
pub struct DeleteAccountPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form; the password is never returned.
    pub form: Form<()>,
}

/// Renders the page that asks before an account is deleted.
#[must_use]
pub fn delete_account_page(page: DeleteAccountPage) -> String {
    let title = page.form.title("Delete your account?");
    let base = &page.shell.base;
    let password = Field {
        name: "password",
        label: "Password",
        error: page.form.message("password"),
        required: true,
        autocomplete: Some("current-password"),
        ..Field::default()
    };
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Delete your account?"</h1>
            {form_alert(&page.form)}
            <section class="panel" aria-label="Question">
                <p class="lead">
                    "Your address, your name and your password are erased at once, and you are signed out everywhere. This cannot be undone."
                </p>
                <p>
                    "Print the tickets that you bought first, and call off events that will not take place: nobody can open those pages any more. What you have on sale is withdrawn. Orders are kept as the law asks: yours without your name, and those that others placed with you with the name that you sold under."
                </p>
                <form class="form" method="post" action=base.at("/account/delete")>
                    {opened_by(page.shell.account())}
                    {input_field(Kind::Password, password)}
                    <div class="actions">
                        <button class="button button-danger" type="submit">"Delete account"</button>
                        <a class="button" href=base.at("/account")>"Keep account"</a>
                    </div>
                </form>
            </section>
        </div>
    };
    document(page.shell, &title, content)
}
