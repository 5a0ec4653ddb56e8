//! A hint to somebody whose address is not confirmed.

use leptos::prelude::*;

use super::opened_by::opened_by;
use crate::shell::Shell;

/// Until when somebody who sells does not.
pub(crate) const UNTIL_SOLD: &str = "Before you can sell tickets";

/// Until when nobody is told of tickets.
pub(crate) const UNTIL_TOLD: &str = "Before we can tell you of tickets";

/// Says what to do before something, with a form that has the letter sent again, to `/account/confirm`.
pub(crate) fn unconfirmed_hint(shell: &Shell, before: &'static str) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="unconfirmed">
            <h2 class="subtitle" id="unconfirmed">"Confirm your e-mail address"</h2>
            <p>{before} ", follow the link in the letter that we sent you. It works for an hour."</p>
            <form method="post" action=shell.base.at("/account/confirm")>
                {opened_by(shell.account())}
                <button class="button button-small" type="submit">"Send again"</button>
            </form>
        </section>
    }
    .into_any()
}
