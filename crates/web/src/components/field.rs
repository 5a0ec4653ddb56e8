//! Fields: a control with its label, a hint and an error message.

use leptos::prelude::*;

/// One field of a form; its name is also its id.
#[derive(Debug, Default)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) error: Option<String>,
    pub(crate) hint: Option<&'static str>,
    pub(crate) required: bool,
    pub(crate) autocomplete: Option<&'static str>,
    pub(crate) maxlength: Option<&'static str>,
    pub(crate) list: Option<String>,
    /// Whether a script fills its list while somebody types.
    pub(crate) suggests: bool,
}

/// The kind of a one-line control.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Search,
    Email,
    Password,
    Date,
    DateTime,
    /// A decimal amount, typed as text so that any keyboard works.
    Decimal,
    /// A whole number from one to this maximum.
    Count(u32),
}

/// One choice of a list.
pub(crate) struct Choice {
    /// Its value.
    pub(crate) value: String,
    /// Its label.
    pub(crate) label: String,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Decimal => "text",
            Self::Search => "search",
            Self::Email => "email",
            Self::Password => "password",
            Self::Date => "date",
            Self::DateTime => "datetime-local",
            Self::Count(_) => "number",
        }
    }

    const fn keyboard(self) -> Option<&'static str> {
        match self {
            Self::Decimal => Some("decimal"),
            Self::Count(_) => Some("numeric"),
            Self::Text | Self::Search | Self::Email | Self::Password | Self::Date | Self::DateTime => None,
        }
    }

    /// What people write may go either way.
    const fn direction(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Search => Some("auto"),
            Self::Decimal | Self::Count(_) | Self::Email | Self::Password | Self::Date | Self::DateTime => None,
        }
    }

    const fn bounds(self) -> Option<(u32, u32)> {
        match self {
            Self::Count(most) => Some((1, most)),
            Self::Text | Self::Search | Self::Email | Self::Password => None,
            Self::Date | Self::DateTime | Self::Decimal => None,
        }
    }
}

/// A one-line control.
pub(crate) fn input_field(kind: Kind, mut field: Field) -> AnyView {
    let value = std::mem::take(&mut field.value);
    let list = field.list.take();
    let control = view! {
        <input
            class="control"
            type=kind.name()
            id=field.name
            name=field.name
            value=(!value.is_empty()).then_some(value)
            required=field.required
            inputmode=kind.keyboard()
            dir=kind.direction()
            min=kind.bounds().map(|(least, _)| least)
            max=kind.bounds().map(|(_, most)| most)
            list=list
            data-suggest=field.suggests.then_some("")
            autocomplete=field.autocomplete
            maxlength=field.maxlength
            aria-invalid=invalid(&field)
            aria-describedby=described_by(&field)
        />
    };
    labelled(field, control.into_any())
}

/// A one-line control with suggestions.
pub(crate) fn proposing_field(field: Field, proposals: Vec<String>) -> AnyView {
    let id = format!("{}-proposals", field.name);
    let options = proposals.into_iter().map(|proposal| view! { <option value=proposal></option> }).collect_view();
    let list = view! { <datalist id=id.clone()>{options}</datalist> };
    let field = Field { list: Some(id), ..field };
    view! { {input_field(Kind::Text, field)} {list} }.into_any()
}

/// A multi-line control.
pub(crate) fn area_field(field: Field) -> AnyView {
    let control = view! {
        <textarea
            class="control"
            rows="5"
            dir="auto"
            id=field.name
            name=field.name
            required=field.required
            maxlength=field.maxlength
            aria-invalid=invalid(&field)
            aria-describedby=described_by(&field)
        >
            {area_text(&field.value)}
        </textarea>
    };
    labelled(field, control.into_any())
}

/// A drop-down list.
pub(crate) fn select_field(field: Field, choices: Vec<Choice>) -> AnyView {
    let options = choices.into_iter().map(|choice| option(choice, &field.value)).collect_view();
    let control = view! {
        <select
            class="control"
            id=field.name
            name=field.name
            required=field.required
            aria-invalid=invalid(&field)
            aria-describedby=described_by(&field)
        >
            {options}
        </select>
    };
    labelled(field, control.into_any())
}

fn labelled(field: Field, control: AnyView) -> AnyView {
    let hint_id = format!("{}-hint", field.name);
    let hint = field.hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> });
    let error_id = format!("{}-error", field.name);
    let error = field.error.map(|error| view! { <p class="field-error" id=error_id>{error}</p> });
    view! {
        <div class="field">
            <label class="field-label" for=field.name>{field.label}</label>
            {hint}
            {control}
            {error}
        </div>
    }
    .into_any()
}

fn option(Choice { value, label }: Choice, chosen: &str) -> impl IntoView + use<> {
    let selected = value == chosen;
    view! { <option value=value selected=selected>{label}</option> }
}

fn invalid(field: &Field) -> Option<&'static str> {
    field.error.is_some().then_some("true")
}

fn described_by(field: &Field) -> Option<String> {
    let name = field.name;
    match (field.hint.is_some(), field.error.is_some()) {
        (true, true) => Some(format!("{name}-hint {name}-error")),
        (true, false) => Some(format!("{name}-hint")),
        (false, true) => Some(format!("{name}-error")),
        (false, false) => None,
    }
}

/// The text of a `textarea`, whose children the renderer does not escape.
// Browsers drop the first line break: so this is the one before the text, not one in it.
fn area_text(value: &str) -> String {
    format!("\n{}", value.replace('&', "&amp;").replace('<', "&lt;"))
}
