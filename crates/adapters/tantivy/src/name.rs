//! What is compared as a whole: each kind of name has a letter before it, so that all share one field.

use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::search::{attributes_to_find, name_to_find};

/// A ticket that questions find.
pub(crate) const SHOWN: &str = "+";

pub(crate) fn category(name: &str) -> String {
    format!("c{}", name_to_find(name))
}

pub(crate) fn city(name: &str) -> String {
    format!("l{}", name_to_find(name))
}

pub(crate) fn country(name: &str) -> String {
    format!("n{}", name_to_find(name))
}

pub(crate) fn currency(code: &str) -> String {
    format!("m{code}")
}

pub(crate) fn event(digest: &str) -> String {
    format!("e{digest}")
}

pub(crate) fn attributes(attributes: &Attributes) -> impl Iterator<Item = String> {
    attributes_to_find(attributes).into_iter().map(|attribute| format!("a{attribute}"))
}

pub(crate) fn sign(sign: &str) -> String {
    format!("s{sign}")
}

pub(crate) fn whole_title(whole: &str) -> String {
    format!("w{whole}")
}

/// A name in a facet: how it is compared, and how it is written.
pub(crate) fn choice(name: &str) -> String {
    format!("{}\0{name}", name_to_find(name))
}

/// What all spellings of a name in a facet begin with.
pub(crate) fn choice_prefix(name: &str) -> String {
    format!("{}\0", name_to_find(name))
}

/// How a name in a facet is written.
pub(crate) fn written(choice: &str) -> &str {
    choice.split_once('\0').map_or(choice, |(_, written)| written)
}
