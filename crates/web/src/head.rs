//! The head of a page, and what it says to people who find the page or get a link to it.

use leptos::html::meta;
use leptos::prelude::*;

use crate::assets::{card_path, icon_path, script_path, stylesheet_path};
use crate::shell::Shell;

/// What a page says of itself to strangers. A page without it is for its reader alone.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// One or two sentences.
    pub(crate) description: String,
    /// The path of the page within the site, whatever was added to its address.
    pub(crate) path: String,
    /// What it shows, as JSON-LD.
    pub(crate) data: Option<String>,
}

pub(crate) fn head(title: &str, shell: &Shell, about: Option<About>) -> impl IntoView + use<> {
    let base = &shell.base;
    let about = match about {
        Some(about) => told(title, shell, about),
        None => view! { <meta name="robots" content="noindex"/> }.into_any(),
    };
    // One text: browsers would show the renderer's markers between two.
    let title = format!("{title} · Ticketing");
    view! {
        <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>{title}</title>
            {about}
            <link rel="icon" type="image/svg+xml" href=base.at(icon_path())/>
            <link rel="stylesheet" href=base.at(stylesheet_path())/>
            <script type="module" src=base.at(script_path())></script>
        </head>
    }
}

// Data and not a script: nothing executes it, so the content security policy has nothing to allow.
fn told(title: &str, shell: &Shell, about: About) -> AnyView {
    let card = address(shell, card_path());
    let address = address(shell, &about.path);
    let (title, description) = (title.to_owned(), about.description);
    view! {
        <meta name="description" content=description.clone()/>
        {address.clone().map(|address| view! { <link rel="canonical" href=address/> })}
        {shown("og:site_name", "Ticketing".to_owned())}
        {shown("og:type", "website".to_owned())}
        {shown("og:title", title)}
        {shown("og:description", description)}
        {address.map(|address| shown("og:url", address))}
        {card.map(pictured)}
        {about.data.map(|data| view! { <script type="application/ld+json" inner_html=data></script> })}
    }
    .into_any()
}

/// The picture beside a link; its size lets it be shown before it is there.
fn pictured(card: String) -> impl IntoView {
    view! {
        {shown("og:image", card)}
        {shown("og:image:width", "1200".to_owned())}
        {shown("og:image:height", "630".to_owned())}
        {shown("og:image:alt", "Ticketing: tickets, bought and sold by people".to_owned())}
        <meta name="twitter:card" content="summary_large_image"/>
    }
}

/// What is shown of a page where it is linked to (Open Graph).
fn shown(property: &'static str, content: String) -> impl IntoView {
    meta().attr("property", property).content(content)
}

/// The whole address of a page, if it is known where the site is found.
pub(crate) fn address(shell: &Shell, path: &str) -> Option<String> {
    shell.origin.as_ref().map(|origin| [origin, &*shell.base.at(path)].concat())
}
