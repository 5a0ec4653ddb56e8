//! A time, which the script formats for the reader's locale and time zone.

use leptos::prelude::*;

use crate::format::utc_text;

/// Shows an RFC 3339 time in UTC.
pub(crate) fn moment(rfc3339: String) -> impl IntoView {
    let text = utc_text(&rfc3339);
    view! { <time datetime=rfc3339>{text}</time> }
}
