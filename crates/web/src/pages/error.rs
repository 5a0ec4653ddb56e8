//! The page for what went wrong, or is not there.

use leptos::prelude::*;

use crate::shell::{Shell, document};

/// A page instead of the one asked for.
#[derive(Clone, Debug, Default)]
pub struct ErrorPage {
    /// What every page knows.
    pub shell: Shell,
    /// The status code of the answer.
    pub status: u16,
    /// What went wrong, in a few words.
    pub title: String,
    /// What the reader can do.
    pub message: String,
    /// What to tell the operator, so that they find it in the log.
    pub reference: Option<String>,
}

/// Renders an error.
#[must_use]
pub fn error_page(page: ErrorPage) -> String {
    let reference = page.reference.map(|reference| {
        view! { <p class="muted">"Reference: " <code class="code">{reference}</code></p> }
    });
    let title = page.title.clone();
    let content = view! {
        <div class="narrow error-page">
            <p class="error-status">{page.status}</p>
            <h1 class="title">{page.title}</h1>
            <p class="lead">{page.message}</p>
            {reference}
            <div class="actions"><a class="button button-primary" href="/">"Browse tickets"</a></div>
        </div>
    };
    document(page.shell, &title, content)
}
