//! The document around every page: head, navigation, footer.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

use crate::assets::{icon_path, script_path, stylesheet_path};
use crate::components::flash::{Flash, flash_message};
use crate::components::opened_by::opened_by;
use crate::format::with_query;

/// What all pages have in common.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// The person signed in.
    pub viewer: Option<Viewer>,
    /// The path of this page with its query: marks the current navigation link
    /// and is where signing in leads back to.
    pub path: String,
    /// A message about the last action, shown once.
    pub flash: Option<Flash>,
    /// Whether payments use the sandbox: then every page says so.
    pub sandbox: bool,
}

/// The person who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The account's id; every form carries it, so that no form acts for another account.
    pub id: String,
    /// The e-mail address.
    pub email: String,
}

/// A rendered page without its shell: the same for every viewer, so it can be kept.
#[derive(Clone, Debug)]
pub struct Content {
    pub(crate) title: String,
    pub(crate) html: String,
}

impl Content {
    /// The whole HTML document for one viewer.
    #[must_use]
    pub fn within(&self, shell: Shell) -> String {
        document(shell, &self.title, InertElement::new(self.html.clone()))
    }
}

/// Renders a whole HTML document.
// No reactive owner is needed: a view of plain values creates no signal.
pub(crate) fn document(shell: Shell, title: &str, content: impl IntoView) -> String {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            {head(title)}
            <body>
                <a class="skip-link" href="#content">"Skip to content"</a>
                {shell.sandbox.then(sandbox_banner)}
                {header(shell.viewer, &shell.path)}
                <main id="content" class="page" tabindex="-1">
                    {shell.flash.map(flash_message)}
                    {content}
                </main>
                {footer()}
            </body>
        </html>
    }
    .to_html()
}

fn sandbox_banner() -> impl IntoView {
    view! { <aside class="sandbox-banner" aria-label="Notice">"This marketplace takes no real money."</aside> }
}

fn head(title: &str) -> impl IntoView {
    // One text: browsers would show the renderer's markers between two.
    let title = format!("{title} · Ticketing");
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>{title}</title>
            <link rel="icon" type="image/svg+xml" href=icon_path()/>
            <link rel="stylesheet" href=stylesheet_path()/>
            <script type="module" src=script_path()></script>
        </head>
    }
}

fn header(viewer: Option<Viewer>, path: &str) -> impl IntoView {
    let links = match viewer {
        Some(viewer) => member_links(viewer, path).into_any(),
        None => visitor_links(path).into_any(),
    };
    view! {
        <header class="site-header">
            <div class="site-header-row">
                <a class="brand" href="/">
                    <span class="brand-mark" aria-hidden="true"></span>
                    "Ticketing"
                </a>
                <nav class="site-nav" aria-label="Main">{links}</nav>
            </div>
        </header>
    }
}

fn member_links(viewer: Viewer, path: &str) -> impl IntoView {
    view! {
        <ul class="nav-list">
            {nav_link("/", "Browse", path)}
            {nav_link("/sell", "Sell", path)}
            {nav_link("/my/tickets", "My tickets", path)}
            {nav_link("/orders", "My orders", path)}
        </ul>
        <ul class="nav-list nav-account">
            <li class="min-w-0">
                <a class="nav-link nav-email" href="/account" title="Account" aria-current=here("/account", path)>
                    {viewer.email}
                </a>
            </li>
            <li>
                <form method="post" action="/signout">
                    {opened_by(Some(&viewer.id))}
                    <button class="nav-link" type="submit">"Sign out"</button>
                </form>
            </li>
        </ul>
    }
}

fn visitor_links(path: &str) -> impl IntoView {
    view! {
        <ul class="nav-list">{nav_link("/", "Browse", path)} {nav_link("/sell", "Sell", path)}</ul>
        <ul class="nav-list nav-account">
            <li>
                <a class="nav-link" href=with_way_back("/signin", path)>"Sign in"</a>
            </li>
            <li>
                <a class="nav-link nav-strong" href=with_way_back("/signup", path)>"Sign up"</a>
            </li>
        </ul>
    }
}

fn footer() -> impl IntoView {
    view! {
        <footer class="site-footer">
            <div class="site-footer-row">
                <p>"A marketplace for tickets. Prices are set by sellers."</p>
                <p>
                    <a class="link" href="/api/docs">"API"</a>
                </p>
            </div>
        </footer>
    }
}

fn nav_link(address: &'static str, label: &'static str, path: &str) -> impl IntoView + use<> {
    view! {
        <li>
            <a class="nav-link" href=address aria-current=here(address, path)>{label}</a>
        </li>
    }
}

fn here(address: &str, path: &str) -> Option<&'static str> {
    (path.split('?').next() == Some(address)).then_some("page")
}

/// The address for signing in or up, with `path` to return to.
fn with_way_back(address: &str, path: &str) -> String {
    // Returning to one of these after signing in would be useless.
    let aimless = ["/signin", "/signup"].iter().any(|page| path.starts_with(page));
    let next = if aimless { "" } else { path };
    with_query(address, &[("next", next)])
}
