//! Forms that keep the input and show a message beside each field.

use leptos::prelude::*;

/// A form: its input and its errors.
///
/// `V` holds the values of the fields as typed.
///
/// # Examples
///
/// ```
/// use ticketing_web::{Form, SignInValues};
///
/// let form = Form::new(SignInValues { email: "ada@".into() }).refuse("email", "must be a whole address");
///
/// assert_eq!(form.errors.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form<V> {
    /// The values of the fields.
    pub values: V,
    /// Errors of single fields, in the order in which to correct them.
    pub errors: Vec<FieldError>,
    /// An error of the whole form.
    pub alert: Option<String>,
}

/// An error of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: String,
    /// What is expected, as a phrase after the field's name: `must not be empty`.
    pub message: String,
}

impl<V> Form<V> {
    /// A form without errors.
    #[must_use]
    pub const fn new(values: V) -> Self {
        Self { values, errors: Vec::new(), alert: None }
    }

    /// Adds an error of one field.
    #[must_use]
    pub fn refuse(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    /// Adds an error of the whole form.
    #[must_use]
    pub fn alert(mut self, alert: impl Into<String>) -> Self {
        self.alert = Some(alert.into());
        self
    }

    pub(crate) fn message(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == field).map(FieldError::sentence)
    }

    /// The title of its page, prefixed with `Error:` if there is one.
    pub(crate) fn title(&self, title: &str) -> String {
        if self.errors.is_empty() && self.alert.is_none() {
            return title.to_owned();
        }
        format!("Error: {title}")
    }
}

impl FieldError {
    fn sentence(&self) -> String {
        format!("{} {}.", label(&self.field), self.message)
    }
}

/// Lists the errors, with a link to each field.
// Every message is listed here, so one about a field that the form does not show
// is not lost. A reader goes on from here: the page was loaded again.
pub(crate) fn form_alert<V>(form: &Form<V>) -> Option<AnyView> {
    if form.errors.is_empty() && form.alert.is_none() {
        return None;
    }
    let alert = form.alert.clone().unwrap_or_else(|| "Please check what you entered.".to_owned());
    let errors = form.errors.iter().map(error_link).collect_view();
    let list = (!form.errors.is_empty()).then(|| view! { <ul class="alert-list">{errors}</ul> });
    Some(view! { <div class="alert" role="alert" tabindex="-1" autofocus><p>{alert}</p>{list}</div> }.into_any())
}

fn error_link(error: &FieldError) -> impl IntoView + use<> {
    let address = format!("#{}", error.field);
    view! { <li><a class="link" href=address>{error.sentence()}</a></li> }
}

/// The label of a field in a sentence; an unknown field keeps its name.
fn label(field: &str) -> &str {
    match field {
        "title" => "Title",
        "description" => "Description",
        "venue" => "Venue",
        "city" => "City",
        "category" => "Category",
        "startsAt" => "Start",
        "timeZone" => "Time zone",
        "salesEndAt" => "Sales end",
        "section" => "Section",
        "row" => "Row",
        "seats" => "Seats",
        "price" => "Price",
        "currency" => "Currency",
        "quantity" => "Quantity",
        "maxPerBuyer" => "Places per buyer",
        "email" => "E-mail",
        "password" => "Password",
        "currentPassword" => "Current password",
        "displayName" => "Name",
        "newPassword" => "New password",
        "country" => "Country",
        "places" => "Places wanted",
        "from" => "From day",
        "to" => "To day",
        "minPrice" => "Lowest price",
        "maxPrice" => "Highest price",
        "token" => "Card",
        other => other,
    }
}
