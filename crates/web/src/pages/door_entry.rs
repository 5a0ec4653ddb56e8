//! Where a door link leads: its key is taken to the door.

use leptos::prelude::*;

use crate::assets::door_script_path;
use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::format::door_address;
use crate::shell::{Shell, document};

/// The entry of a door link at `/door/{ticket}/enter#{key}`.
///
/// Its form is sent to the same path, with `key`: what stands behind `#`. A script does so at once.
#[derive(Clone, Debug, Default)]
pub struct DoorEntryPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The ticket's id, part of the address.
    pub id: String,
    /// The form; the key is never shown again.
    pub form: Form<()>,
}

/// Renders the entry of a door link.
#[must_use]
pub fn door_entry_page(page: DoorEntryPage) -> String {
    let title = page.form.title("Open a door");
    let here = page.shell.base.at(&format!("{}/enter", door_address(&page.id)));
    let script = page.shell.base.at(door_script_path());
    let key = Field {
        name: "key",
        label: "Key of the door",
        error: page.form.message("key"),
        hint: Some("The whole link that you were given, or what stands behind the # in it."),
        required: true,
        maxlength: Some("500"),
        ..Field::default()
    };
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Open a door"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post" action=here data-door-enter="">
                {input_field(Kind::Text, key)}
                <button class="button button-primary button-wide" type="submit">"Open"</button>
            </form>
            <script type="module" src=script></script>
        </div>
    };
    document(page.shell, &title, content)
}
