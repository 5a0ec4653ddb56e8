//! The link to the next page of a list.

use leptos::prelude::*;

/// A link to the next page, if there is one.
pub(crate) fn next_link(address: Option<String>) -> Option<impl IntoView> {
    address.map(|address| {
        view! {
            <nav class="pagination" aria-label="Pages">
                <a class="button" rel="next" href=address>"Next page"</a>
            </nav>
        }
    })
}
