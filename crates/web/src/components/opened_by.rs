//! The account that opened a form.

use leptos::prelude::*;

use crate::shell::Shell;

/// A hidden field with the account that opened the form; empty if nobody was signed in.
///
/// A form submitted by another account, from a tab that was left open, is not carried out.
pub(crate) fn opened_by(account: Option<&str>) -> impl IntoView + use<> {
    view! { <input type="hidden" name="for" value=account.unwrap_or_default().to_owned()/> }
}

impl Shell {
    pub(crate) fn account(&self) -> Option<&str> {
        self.viewer.as_ref().map(|viewer| viewer.id.as_str())
    }
}
