//! The search: a read model of tickets and their sales, which owns nothing.

mod fill;
mod follow;

pub use fill::fill_index;
pub use follow::SearchFollows;
