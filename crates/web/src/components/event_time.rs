//! When an event begins, on the clocks of its place; the script adds the reader's own time where it differs.

use leptos::prelude::*;

use crate::format::EventTime;

pub(crate) fn event_time(EventTime { utc, zone, text }: EventTime) -> impl IntoView {
    view! { <time datetime=utc data-zone=zone.unwrap_or_else(|| "UTC".to_owned())>{text}</time> }
}
