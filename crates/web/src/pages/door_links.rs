//! The links by which others than the seller stand at a door.

use leptos::prelude::*;

use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::time::moment;
use crate::format::door_address;
use crate::shell::{Shell, document};

/// The links to a door at `/door/{ticket}/links`, for the seller.
///
/// Its forms are sent to the same path: `label` makes a link, `revoke` ends the one of this id.
#[derive(Clone, Debug, Default)]
pub struct DoorLinksPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The ticket's id, part of the address.
    pub id: String,
    /// The title of the ticket.
    pub title: String,
    /// The links that open the door.
    pub links: Vec<DoorLinkRow>,
    /// The whole address of a link that was made just now; it is shown once.
    pub new_link: Option<String>,
    /// The form for a new link; its value is the label.
    pub form: Form<String>,
}

/// A link to a door.
#[derive(Clone, Debug, Default)]
pub struct DoorLinkRow {
    /// Its id.
    pub id: String,
    /// What the seller calls it.
    pub label: String,
    /// When it was made: RFC 3339 in UTC.
    pub made_at: String,
}

/// Renders the links to a door.
#[must_use]
pub fn door_links_page(page: DoorLinksPage) -> String {
    let title = page.form.title(&format!("Door links: {}", page.title));
    let door = page.shell.base.at(&door_address(&page.id));
    let here = format!("{door}/links");
    let label = Field {
        name: "label",
        label: "Name of the link",
        value: page.form.values.clone(),
        error: page.form.message("label"),
        hint: Some("Such as North door, or who stands there."),
        required: true,
        maxlength: Some("60"),
        ..Field::default()
    };
    let content = view! {
        <div class="narrow">
            <h1 class="title" dir="auto">{page.title}</h1>
            <p class="lead">
                "Anybody who has a door link can check tickets at this door without an account, and do nothing else."
            </p>
            {page.new_link.map(new_link)}
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=here.clone()>
                {opened_by(page.shell.account())}
                {input_field(Kind::Text, label)}
                <button class="button button-primary button-wide" type="submit">"Make a link"</button>
            </form>
            {links(page.links, &here, page.shell.account())}
            <p><a class="link" href=door>"Check tickets at the door"</a></p>
        </div>
    };
    document(page.shell, &title, content)
}

fn new_link(address: String) -> impl IntoView {
    view! {
        <section class="message" data-kind="success" aria-label="New link">
            <p>"Send this link to the person who is to stand at the door. It is not shown again."</p>
            <p class="door-link"><code>{address}</code></p>
        </section>
    }
}

fn links(links: Vec<DoorLinkRow>, here: &str, account: Option<&str>) -> AnyView {
    if links.is_empty() {
        return view! { <div class="empty"><p>"There are no door links."</p></div> }.into_any();
    }
    let rows = links.into_iter().map(|link| row(link, here, account)).collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Link"</th>
                    <th scope="col"><span class="sr-only">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(link: DoorLinkRow, here: &str, account: Option<&str>) -> impl IntoView + use<> {
    let label = format!("Revoke {}", link.label);
    view! {
        <tr>
            <th scope="row">
                <span dir="auto">{link.label}</span>
                <span class="row-note">{moment(link.made_at)}</span>
            </th>
            <td class="row-action">
                <form method="post" action=here.to_owned()>
                    {opened_by(account)}
                    <input type="hidden" name="revoke" value=link.id/>
                    <button class="button button-small" type="submit" aria-label=label>"Revoke"</button>
                </form>
            </td>
        </tr>
    }
}
