//! The door of an event: who may come in.

use leptos::prelude::*;

use crate::assets::door_script_path;
use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::time::moment;
use crate::format::{door_address, ticket_address};
use crate::shell::{Shell, document};

/// The door at `/door/{ticket}`, for the seller and anybody who came by a door link.
///
/// Its form is sent to the same path, with `pass` (the code, or what a scanner reads) and hidden `for`. Where there is a
/// script, it checks passes by itself, without a network too.
#[derive(Clone, Debug, Default)]
pub struct DoorPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The ticket's id, part of the address.
    pub id: String,
    /// The title of the ticket.
    pub title: String,
    /// The result of the last check.
    pub verdict: Option<Verdict>,
    /// How many are still to come, and how many are in.
    pub counts: DoorCounts,
    /// The form; its value is the pass as typed.
    pub form: Form<String>,
    /// Whether the reader came by a door link, and sees nothing of the seller's.
    pub by_link: bool,
}

/// How many passes are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoorCounts {
    /// They let somebody in.
    pub expected: u64,
    /// Somebody was let in with them.
    pub inside: u64,
    /// They let nobody in.
    pub void: u64,
}

/// Whether somebody may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One person may.
    Welcome,
    /// Somebody did, with this pass: RFC 3339 in UTC.
    UsedBefore(Option<String>),
    /// The order was cancelled or refunded.
    Void,
    /// The pass is for another event.
    OtherEvent,
    /// Nobody issued it.
    Unknown,
}

/// Renders the door.
#[must_use]
pub fn door_page(page: DoorPage) -> String {
    let title = page.form.title(&format!("Door: {}", page.title));
    let here = page.shell.base.at(&door_address(&page.id));
    let back = page.shell.base.at(&ticket_address(&page.id));
    let links = format!("{here}/links");
    let DoorCounts { expected, inside, void } = page.counts;
    let pass = Field {
        name: "pass",
        label: "Code or scanned square",
        value: page.form.values.clone(),
        error: page.form.message("pass"),
        hint: Some("The code below the square, such as K7M-4QX. A scanner that works as a keyboard also works."),
        required: true,
        maxlength: Some("200"),
        ..Field::default()
    };
    let script = page.shell.base.at(door_script_path());
    let content = view! {
        <div class="narrow" data-door=page.id data-here=here.clone()>
            <h1 class="title" dir="auto">{page.title}</h1>
            <div data-door-verdict="" aria-live="assertive">{page.verdict.map(verdict)}</div>
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=here.clone() data-door-form="">
                {opened_by(page.shell.account())}
                {input_field(Kind::Text, pass)}
                <button class="button button-primary button-wide" type="submit">"Check"</button>
                <button class="button button-wide" type="button" data-door-scan="" hidden>"Scan with the camera"</button>
                <video class="door-camera" data-door-camera="" playsinline muted hidden></video>
            </form>
            <dl class="facts">
                <div class="fact"><dt>"Inside"</dt><dd data-door-inside="">{inside}</dd></div>
                <div class="fact"><dt>"Expected"</dt><dd data-door-expected="">{expected}</dd></div>
                <div class="fact"><dt>"Void"</dt><dd data-door-void="">{void}</dd></div>
            </dl>
            <p class="message" data-kind="notice" data-door-note="" role="status" hidden></p>
            <section class="panel" data-door-twice="" hidden>
                <h2 class="subtitle">"Let in twice, or with a void ticket"</h2>
                <ul></ul>
            </section>
            {(!page.by_link).then(|| view! {
                <p><a class="link" href=links>"Door links"</a> " · " <a class="link" href=back>"View ticket"</a></p>
            })}
            <script type="module" src=script></script>
        </div>
    };
    document(page.shell, &title, content)
}

fn verdict(verdict: Verdict) -> AnyView {
    let (kind, heading, reason) = match verdict {
        Verdict::Welcome => ("welcome", "Welcome", view! { "One person may come in." }.into_any()),
        Verdict::UsedBefore(at) => ("refused", "Already used", used_at(at)),
        Verdict::Void => ("refused", "Void", view! { "The order was cancelled or refunded." }.into_any()),
        Verdict::OtherEvent => {
            ("refused", "Not for this event", view! { "The ticket is for another event." }.into_any())
        }
        Verdict::Unknown => ("refused", "Unknown", view! { "There is no such ticket. Check the code." }.into_any()),
    };
    view! {
        <div class="verdict" data-kind=kind role="status">
            <p class="verdict-word">{heading}</p>
            <p>{reason}</p>
        </div>
    }
    .into_any()
}

fn used_at(at: Option<String>) -> AnyView {
    match at {
        Some(at) => view! { "Somebody was let in with it: " {moment(at)} }.into_any(),
        None => view! { "Somebody was let in with it before." }.into_any(),
    }
}
