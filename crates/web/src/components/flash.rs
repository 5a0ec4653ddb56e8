//! A message about what was just done, shown once at the top of the next page.

use leptos::prelude::*;

/// A message about what was just done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// How it is to be taken.
    pub kind: FlashKind,
    /// One sentence.
    pub text: String,
}

/// How a message is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlashKind {
    /// It worked.
    #[default]
    Success,
    /// Something to know.
    Notice,
    /// It did not work.
    Failure,
}

pub(crate) fn flash_message(flash: Flash) -> impl IntoView {
    let (kind, role) = match flash.kind {
        FlashKind::Success => ("success", "status"),
        FlashKind::Notice => ("notice", "status"),
        FlashKind::Failure => ("failure", "alert"),
    };
    view! { <p class="message" data-kind=kind role=role>{flash.text}</p> }
}
