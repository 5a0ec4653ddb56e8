//! What an event is now, if that is not what was ordered.

use leptos::prelude::*;

use super::event_time::event_time;
use crate::format::EventTime;

/// An event that was rescheduled after it was ordered.
#[derive(Clone, Debug, Default)]
pub struct NewEvent {
    /// The title.
    pub title: String,
    /// When it starts now.
    pub starts_at: Option<EventTime>,
    /// Where it is now.
    pub place: Option<String>,
    /// The seats now.
    pub seats: Option<String>,
    /// Whether the buyer can give the order back: it is paid, and the event has yet to begin.
    pub may_give_back: bool,
}

/// The event, and what the buyer may do about it.
pub(crate) fn new_event(event: NewEvent, choice: Option<AnyView>) -> AnyView {
    let when = event.starts_at.map(|at| view! { <li>{event_time(at)}</li> });
    let line = |text: Option<String>| text.map(|text| view! { <li>{text}</li> });
    view! {
        <div class="message" data-kind="notice">
            <p>"The event has changed since you ordered. It is now:"</p>
            <ul><li>{event.title}</li> {when} {line(event.place)} {line(event.seats)}</ul>
            {choice}
        </div>
    }
    .into_any()
}
