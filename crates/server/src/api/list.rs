//! Lists that are read page by page.
//!
//! A cursor is opaque to clients. It holds the place where a page ended and a
//! digest of what was asked for, so that a cursor of one list is not taken for
//! a place in another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use ticketing_api::page::PageQuery;
use ticketing_core::ports::store::Page;
use uuid::Uuid;

use crate::http::problem::{FieldError, Problem};

/// How many entries a page has if nobody says.
pub const STANDARD_LIMIT: usize = 20;
/// How many entries a page has at most.
pub const MOST: usize = 100;

/// The kind of cursors that are made here; another kind is no cursor of ours.
const KIND: u8 = 1;

/// Which list: distinguishes the cursors of different lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListId([u8; 8]);

impl ListId {
    /// A list, by its name and whatever filters or sorts it.
    pub(crate) fn new(name: &str, parts: &[Option<&str>]) -> Self {
        let mut digest = Sha256::new_with_prefix(name);
        for part in parts {
            // Its length distinguishes an absent part from an empty one, and shows where one ends.
            digest.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
            digest.update(part.unwrap_or_default());
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(digest.finalize());
        Self([a, b, c, d, e, f, g, h])
    }

    /// A page of this list, whose entries are ordered by their ids alone.
    pub(crate) fn page<C>(self, query: &PageQuery, id: impl FnOnce(Uuid) -> C) -> Result<Page<C>, Problem> {
        let limit = limit(query.limit.as_deref()).map_err(|wrong| Problem::invalid(vec![wrong]))?;
        let place = given(query.cursor.as_deref()).map(|cursor| self.place(cursor)).transpose()?;
        Ok(Page { after: place.map(|(_, cursor)| id(cursor)), limit })
    }

    /// A place in this list, as text.
    pub(crate) fn cursor(self, rank: u64, id: Uuid) -> String {
        let mut bytes = Vec::with_capacity(33);
        bytes.push(KIND);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&rank.to_be_bytes());
        bytes.extend_from_slice(id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a cursor of this list names.
    pub(crate) fn place(self, cursor: &str) -> Result<(u64, Uuid), Problem> {
        self.read(cursor).ok_or_else(Problem::bad_cursor)
    }

    fn read(self, cursor: &str) -> Option<(u64, Uuid)> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (list, rest) = rest.split_first_chunk::<8>()?;
        let (rank, rest) = rest.split_first_chunk::<8>()?;
        let id = Uuid::from_slice(rest).ok()?;
        (*kind == KIND && *list == self.0).then_some((u64::from_be_bytes(*rank), id))
    }
}

/// A parameter that is there and not empty. Forms send empty ones for what nobody filled in.
pub(crate) fn given(parameter: Option<&str>) -> Option<&str> {
    parameter.map(str::trim).filter(|text| !text.is_empty())
}

/// How many entries a page is to have.
pub(crate) fn limit(parameter: Option<&str>) -> Result<usize, FieldError> {
    let Some(text) = given(parameter) else { return Ok(STANDARD_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| FieldError::new("limit", format!("must be between 1 and {MOST}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_place_in_its_own_list_alone() {
        let cheap = ListId::new("tickets", &[Some("cheapest"), None]);
        let cursor = cheap.cursor(7, Uuid::from_u128(9));

        assert_eq!(cheap.read(&cursor), Some((7, Uuid::from_u128(9))));
        assert_eq!(ListId::new("tickets", &[None, Some("cheapest")]).read(&cursor), None);
        assert_eq!(ListId::new("orders", &[Some("cheapest"), None]).read(&cursor), None);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let list = ListId::new("tickets", &[]);
        let cursor = list.cursor(7, Uuid::from_u128(9));

        for wrong in ["", "tomato", "====", "AAAA", cursor.get(1..).unwrap(), &format!("{cursor}AA")] {
            assert_eq!(list.read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_limit_is_bounded() {
        assert_eq!(limit(None), Ok(20));
        assert_eq!(limit(Some("")), Ok(20));
        assert_eq!(limit(Some("100")), Ok(100));
        for wrong in ["0", "101", "-1", "x", "99999999999999999999999"] {
            assert!(limit(Some(wrong)).is_err(), "{wrong:?}");
        }
    }
}
