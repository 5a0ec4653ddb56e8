//! What is done with each document that has the words and the names.

mod block;
mod choices;
mod columns;
mod hits;

pub(crate) use choices::ChoicesCollector;
pub(crate) use hits::HitsCollector;

pub(crate) use columns::Bounds;
