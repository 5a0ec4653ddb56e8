//! Entity tags, and the conditions of a request that name them (RFC 9110, sections 8.8.3 and 13.1).
//!
//! Whether a tag is weak is read and not kept: `If-None-Match` compares weakly
//! by definition, and of `If-Match` we ask for the version a tag names, which a
//! proxy that compresses, and therefore weakens the tag, leaves as it was.

use axum::extract::FromRequestParts;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::problem::Problem;
use crate::state::App;

/// The entity tag of a ticket: it moves with all that is shown of it, the offer and how much of it is left.
pub(crate) fn etag(version: u64, sales_version: u64) -> HeaderValue {
    tag(&format!("{version}.{sales_version}"))
}

/// The same once its sales have ended, which moves no version.
pub(crate) fn etag_ended(version: u64, sales_version: u64) -> HeaderValue {
    tag(&format!("{version}.{sales_version}.ended"))
}

/// Names an offer whatever was sold of it, for `If-Match`.
pub(crate) fn offer_tag(version: u64) -> HeaderValue {
    tag(&version.to_string())
}

fn tag(text: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{text}\"")).expect("digits and letters between quotes are a header value")
}

/// The versions that `If-Match` names; `None` if any will do.
///
/// A tag that names no version of ours is well formed and matches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(pub Option<Vec<u64>>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let wrong = || Problem::malformed("If-Match must be entity tags such as \"3\", with commas between, or *");
        match Condition::of(&parts.headers, &IF_MATCH).ok_or_else(wrong)? {
            Condition::Any => Ok(Self(None)),
            Condition::Tags(tags) => Ok(Self(Some(tags.iter().filter_map(|tag| version_of(tag)).collect()))),
        }
    }
}

/// The tags that `If-None-Match` names: what the caller has already.
///
/// One that cannot be read is as good as none: the caller gets the whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(Condition);

impl IfNoneMatch {
    /// Whether the caller has what this tag stands for.
    #[must_use]
    pub fn has(&self, tag: &HeaderValue) -> bool {
        match (&self.0, one_tag(tag.as_bytes())) {
            (Condition::Any, _) => true,
            (Condition::Tags(tags), Some((tag, _))) => tags.iter().any(|known| known == tag),
            (Condition::Tags(_), None) => false,
        }
    }
}

impl FromRequestParts<App> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let is_there = parts.headers.contains_key(IF_NONE_MATCH);
        let known = is_there.then(|| Condition::of(&parts.headers, &IF_NONE_MATCH)).flatten();
        Ok(Self(known.unwrap_or(Condition::Tags(Vec::new()))))
    }
}

/// What a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// `*`, or no condition at all.
    Any,
    /// What stands between the quotes of each tag.
    Tags(Vec<Vec<u8>>),
}

impl Condition {
    /// Reads all lines of a header as one list; `None` if they are none.
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii()).collect();
        if matches!(lines.as_slice(), [] | [b"*"]) {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        for mut rest in lines {
            while let Some(next) = next_element(rest) {
                let (tag, behind) = one_tag(next)?;
                tags.push(tag.to_vec());
                rest = behind.trim_ascii_start();
                if !matches!(rest.first(), None | Some(b',')) {
                    return None;
                }
            }
        }
        (!tags.is_empty()).then_some(Self::Tags(tags))
    }
}

/// What follows commas and spaces. An empty element of a list counts for nothing (RFC 9110, section 5.6.1).
fn next_element(text: &[u8]) -> Option<&[u8]> {
    let begin = text.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
    text.get(begin..)
}

/// What stands between the quotes of the first tag, and what follows it.
fn one_tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"W/").unwrap_or(text).strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    let (tag, rest) = text.split_at_checked(end)?;
    let is_well_formed = tag.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7E | 0x80..));
    is_well_formed.then_some((tag, rest.get(1..)?))
}

/// The version of an offer that a tag names: all of it, or what stands before its first point.
fn version_of(tag: &[u8]) -> Option<u64> {
    let version = str::from_utf8(tag).ok()?.split('.').next()?;
    // Not "+3", which would parse.
    version.bytes().all(|byte| byte.is_ascii_digit()).then(|| version.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(lines: &[&'static [u8]]) -> Option<Condition> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line).unwrap());
        }
        Condition::of(&headers, &IF_MATCH)
    }

    fn tags(tags: &[&[u8]]) -> Option<Condition> {
        Some(Condition::Tags(tags.iter().map(|tag| tag.to_vec()).collect()))
    }

    #[test]
    fn a_condition_is_a_list_of_tags_over_all_its_lines() {
        assert_eq!(condition(&[b"\"1\""]), tags(&[b"1"]));
        assert_eq!(condition(&[b"W/\"1\",\"a,b\" ,\t\"\""]), tags(&[b"1", b"a,b", b""]));
        assert_eq!(condition(&[b"\"1\"", b", ,\"2\","]), tags(&[b"1", b"2"]));
        assert_eq!(condition(&[b"\"\xC3\xBC\""]), tags(&[b"\xC3\xBC"]));
        assert_eq!((condition(&[b" * "]), condition(&[])), (Some(Condition::Any), Some(Condition::Any)));
    }

    #[test]
    fn what_is_no_list_of_tags_is_no_condition() {
        let wrong: [&[u8]; 11] =
            [b"1", b"", b",", b"\"", b"\"1", b"w/\"1\"", b"W/1", b"\"1\"2", b"\"1\" \"2\"", b"*, \"1\"", b"\"a b\""];
        for line in wrong {
            assert_eq!(condition(&[line]), None, "{line:?}");
        }
        assert_eq!(condition(&[b"*", b"*"]), None);
    }

    #[test]
    fn a_tag_names_a_version_of_ours_or_none() {
        for (tag, version) in [("12", Some(12)), ("3.17", Some(3)), ("", None), ("+1", None), ("one", None)] {
            assert_eq!(version_of(tag.as_bytes()), version, "{tag:?}");
        }
        assert_eq!(version_of(b"99999999999999999999"), None);
    }

    #[test]
    fn what_the_caller_has_is_compared_weakly() {
        let known = IfNoneMatch(condition(&[b"\"7\", W/\"3.17\""]).unwrap());

        assert!(known.has(&HeaderValue::from_static("\"3.17\"")));
        assert!(known.has(&HeaderValue::from_static("W/\"7\"")));
        assert!(known.has(&etag(3, 17)));
        assert!(!known.has(&etag(3, 18)) && !known.has(&offer_tag(3)));
    }
}
