//! The error page.

use leptos::prelude::*;

use crate::shell::{Shell, document};

/// An error page, shown instead of the requested one.
#[derive(Clone, Debug, Default)]
pub struct ErrorPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The HTTP status code.
    pub status: u16,
    /// A short description of the error.
    pub title: String,
    /// What the reader can do.
    pub message: String,
    /// A reference for the operator to find the error in the log.
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
            <div class="actions"><a class="button button-primary" href=page.shell.base.at("/")>"Browse tickets"</a></div>
        </div>
    };
    document(page.shell, &title, content)
}
