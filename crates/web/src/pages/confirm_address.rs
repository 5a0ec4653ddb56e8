//! Confirming the address of an account.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::shell::{Shell, document};

/// The page at `/confirm/{token}` with one button, sent to the same address, which it does not repeat.
///
/// It asks, because programs that look through mail follow links.
#[derive(Clone, Debug, Default)]
pub struct ConfirmAddressPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form, which has no field.
    pub form: Form<()>,
}

/// Renders the page that confirms an address.
#[must_use]
pub fn confirm_address_page(page: ConfirmAddressPage) -> String {
    let title = page.form.title("Confirm your e-mail address");
    let account = page.shell.base.at("/account");
    let content = view! {
        <div class="narrow narrow-form">
            <h1 class="title">"Confirm your e-mail address"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post">
                <p>"Press the button if you opened an account here. If you did not, close this page."</p>
                <button class="button button-primary button-wide" type="submit">"This is my address"</button>
            </form>
            <p class="muted">
                "If the link is over, " <a class="link" href=account>"your account page"</a> " sends another one."
            </p>
        </div>
    };
    document(page.shell, &title, content)
}
