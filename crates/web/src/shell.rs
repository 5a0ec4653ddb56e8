//! The document around every page: head, navigation, footer.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

use crate::base::Base;
use crate::components::flash::{Flash, flash_message};
use crate::components::held::{HeldOrder, held_bar};
use crate::components::opened_by::opened_by;
use crate::format::with_query;
use crate::head::{About, head};

/// What all pages have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shell {
    /// Where the site is mounted.
    pub base: Base,
    /// The person signed in.
    pub viewer: Option<Viewer>,
    /// The path of this page within the site, with its query: marks the current navigation link
    /// and is where signing in leads back to.
    pub path: String,
    /// Where browsers find the site, such as `https://tickets.example`, if that is known.
    pub origin: Option<String>,
    /// A message about the last action, shown once.
    pub flash: Option<Flash>,
    /// What is held for the viewer until they pay.
    pub held: Option<HeldOrder>,
    /// Whether payments use the sandbox: then every page says so.
    pub sandbox: bool,
}

impl Shell {
    /// Whether nothing in it is about the person who looks: everybody else who looks at this page gets an equal one.
    #[must_use]
    pub const fn is_visitors(&self) -> bool {
        let Self { base: _, viewer, path: _, origin: _, flash, held, sandbox: _ } = self;
        viewer.is_none() && flash.is_none() && held.is_none()
    }
}

/// The person who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The account's id; every form carries it, so that no form acts for another account.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// What they want to be called.
    pub display_name: Option<String>,
    /// Whether they have proved that the address is theirs.
    pub confirmed: bool,
}

/// A rendered page without its shell: the same for every viewer, so it can be kept.
#[derive(Clone, Debug)]
pub struct Content {
    pub(crate) title: String,
    pub(crate) about: Option<About>,
    pub(crate) html: String,
}

impl Content {
    /// The whole HTML document for one viewer.
    #[must_use]
    pub fn within(&self, shell: Shell) -> String {
        /// Once in a document, since all texts are escaped.
        const END: &str = "</main>";
        let around = public_document(shell, &self.title, self.about.clone(), InertElement::new(""));
        let (before, after) = around.rsplit_once(END).unwrap_or((&around, ""));
        // Copied once: the renderer would grow its buffer around it several times.
        [before, &self.html, END, after].concat()
    }
}

/// Renders a whole HTML document that is for its reader alone.
pub(crate) fn document(shell: Shell, title: &str, content: impl IntoView) -> String {
    public_document(shell, title, None, content)
}

/// Renders a whole HTML document that may be found and linked to.
// No reactive owner is needed: a view of plain values creates no signal.
pub(crate) fn public_document(mut shell: Shell, title: &str, about: Option<About>, content: impl IntoView) -> String {
    let flash = shell.flash.take();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            {head(title, &shell, about)}
            <body>
                <a class="skip-link" href="#content">"Skip to content"</a>
                {shell.sandbox.then(sandbox_banner)}
                {header(&shell)}
                {held_bar(&shell)}
                <main id="content" class="page" tabindex="-1">
                    {flash.map(flash_message)}
                    {content}
                </main>
                {footer(&shell.base)}
            </body>
        </html>
    }
    .to_html()
}

fn sandbox_banner() -> impl IntoView {
    view! { <aside class="sandbox-banner" aria-label="Notice">"This marketplace takes no real money."</aside> }
}

fn header(shell: &Shell) -> impl IntoView + use<> {
    let links = match &shell.viewer {
        Some(viewer) => member_links(viewer, shell).into_any(),
        None => visitor_links(shell).into_any(),
    };
    view! {
        <header class="site-header">
            <div class="site-header-row">
                <a class="brand" href=shell.base.at("/")>
                    <span class="brand-mark" aria-hidden="true"></span>
                    "Ticketing"
                </a>
                <nav class="site-nav" aria-label="Main">{links}</nav>
            </div>
        </header>
    }
}

fn member_links(viewer: &Viewer, shell: &Shell) -> impl IntoView + use<> {
    view! {
        <ul class="nav-list">
            {nav_link("/", "Browse", shell)}
            {nav_link("/sell", "Sell", shell)}
            {nav_link("/orders", "My tickets", shell)}
            {nav_link("/my/tickets", "Selling", shell)}
        </ul>
        <ul class="nav-list nav-account">
            <li class="min-w-0">
                <a class="nav-link nav-email" href=shell.base.at("/account") title="Account" aria-current=here("/account", &shell.path)>
                    {viewer.email.clone()}
                </a>
            </li>
            <li>
                <form method="post" action=shell.base.at("/signout")>
                    {opened_by(Some(&viewer.id))}
                    <button class="nav-link" type="submit">"Sign out"</button>
                </form>
            </li>
        </ul>
    }
}

fn visitor_links(shell: &Shell) -> impl IntoView + use<> {
    view! {
        <ul class="nav-list">{nav_link("/", "Browse", shell)} {nav_link("/sell", "Sell", shell)}</ul>
        <ul class="nav-list nav-account">
            <li>
                <a class="nav-link" href=with_way_back("/signin", shell)>"Sign in"</a>
            </li>
            <li>
                <a class="nav-link nav-strong" href=with_way_back("/signup", shell)>"Sign up"</a>
            </li>
        </ul>
    }
}

fn footer(base: &Base) -> impl IntoView + use<> {
    view! {
        <footer class="site-footer">
            <div class="site-footer-row">
                <p>"A marketplace for tickets. Prices are set by sellers."</p>
                <p>
                    <a class="link" href=base.at("/api/docs")>"API"</a>
                </p>
            </div>
        </footer>
    }
}

fn nav_link(path: &str, label: &'static str, shell: &Shell) -> impl IntoView + use<> {
    view! {
        <li>
            <a class="nav-link" href=shell.base.at(path) aria-current=here(path, &shell.path)>{label}</a>
        </li>
    }
}

fn here(page: &str, path: &str) -> Option<&'static str> {
    (path.split('?').next() == Some(page)).then_some("page")
}

/// The address for signing in or up, with this page to return to.
fn with_way_back(door: &str, shell: &Shell) -> String {
    // Returning to one of these after signing in would be useless.
    let aimless = ["/signin", "/signup"].iter().any(|page| shell.path.starts_with(page));
    let next = if aimless { "" } else { &shell.path };
    with_query(&shell.base.at(door), &[("next", next)])
}
