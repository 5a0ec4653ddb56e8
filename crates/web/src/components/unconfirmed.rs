//! A hint to somebody whose address is not confirmed.

use leptos::prelude::*;

use super::opened_by::opened_by;
use crate::shell::Shell;

/// Says what to do, with a form that has the letter sent again, to `/account/confirm`.
pub(crate) fn unconfirmed_hint(shell: &Shell) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="unconfirmed">
            <h2 class="subtitle" id="unconfirmed">"Confirm your e-mail address"</h2>
            <p>"Before you can sell tickets, follow the link in the letter that we sent you. It works for an hour."</p>
            <form method="post" action=shell.base.at("/account/confirm")>
                {opened_by(shell.account())}
                <button class="button button-small" type="submit">"Send again"</button>
            </form>
        </section>
    }
    .into_any()
}
