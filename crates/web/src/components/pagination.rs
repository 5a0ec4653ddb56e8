//! The way on and back in a list that is read page by page.

use leptos::prelude::*;

use crate::base::Base;
use crate::format::with_query;

/// The place of a page in a list, and the way back from it.
///
/// # Examples
///
/// ```
/// use ticketing_web::Paging;
///
/// let third = Paging { cursor: "c3".into(), trail: vec!["c2".into()], next: None };
///
/// assert_eq!(third.number(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The cursor of this page; empty on the first.
    pub cursor: String,
    /// The cursors of the pages between the first and this one.
    pub trail: Vec<String>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// What stands between two cursors of a trail; no cursor has one.
const BETWEEN: char = '.';

impl Paging {
    /// The most cursors of a trail: from further on the way back is shorter than the way there.
    pub const LONGEST_TRAIL: usize = 40;

    /// The place that a request names.
    #[must_use]
    pub fn of(cursor: String, trail: &str, next: Option<String>) -> Self {
        let trail = trail.split(BETWEEN).filter(|cursor| !cursor.is_empty()).map(str::to_owned).collect();
        Self { cursor, trail, next }
    }

    /// The number of this page.
    #[must_use]
    pub const fn number(&self) -> usize {
        if self.cursor.is_empty() { 1 } else { self.trail.len() + 2 }
    }

    /// Two addresses: of the page before, and of the page after.
    fn addresses(&self, path: &str, filters: &[(&str, &str)]) -> [Option<String>; 2] {
        let at = |cursor: &str, trail: &[String]| {
            let trail = trail.join(&BETWEEN.to_string());
            with_query(path, &[filters, &[("cursor", cursor), ("trail", &*trail)][..]].concat())
        };
        let before = || match self.trail.split_last() {
            Some((cursor, trail)) => at(cursor, trail),
            None => at("", &[]),
        };
        let way = || self.trail.iter().chain((!self.cursor.is_empty()).then_some(&self.cursor));
        let after = |next: &String| {
            let gone = way().count().saturating_sub(Self::LONGEST_TRAIL);
            at(next, &way().skip(gone).cloned().collect::<Vec<_>>())
        };
        [(!self.cursor.is_empty()).then(before), self.next.as_ref().map(after)]
    }
}

/// Links to the page before and to the page after, as far as there are such.
pub(crate) fn page_links(
    paging: &Paging,
    base: &Base,
    path: &str,
    filters: &[(&str, &str)],
) -> Option<impl IntoView + use<>> {
    links(paging.addresses(path, filters), paging.number(), base)
}

fn links(addresses: [Option<String>; 2], number: usize, base: &Base) -> Option<impl IntoView + use<>> {
    let [before, after] = addresses.map(|address| address.map(|address| base.at(&address)));
    (before.is_some() || after.is_some()).then(|| {
        let number = format!("Page {number}");
        view! {
            <nav class="pagination" aria-label="Pages">
                {before.map(|address| view! { <a class="button" rel="prev" href=address>"Previous page"</a> })}
                <span class="muted">{number}</span>
                {after.map(|address| view! { <a class="button" rel="next" href=address>"Next page"</a> })}
            </nav>
        }
    })
}

/// The place of a page in a list that is read both ways.
///
/// # Examples
///
/// ```
/// use ticketing_web::Turning;
///
/// let third = Turning::of("3", Some("c3".into()), None);
/// assert_eq!(third.number(), 3);
/// assert_eq!(Turning::of("3", None, Some("c1".into())).number(), 1, "nothing is before it");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turning {
    page: usize,
    previous: Option<String>,
    next: Option<String>,
}

impl Turning {
    /// A page with the number that its address says, and the cursors of the pages around it.
    #[must_use]
    pub fn of(page: &str, previous: Option<String>, next: Option<String>) -> Self {
        // An address may say anything, and is only a number to show.
        let page = page.parse().unwrap_or(1).clamp(1, 1_000_000);
        Self { page, previous, next }
    }

    /// The number of this page.
    #[must_use]
    pub fn number(&self) -> usize {
        if self.previous.is_none() { 1 } else { self.page.max(2) }
    }

    /// Two addresses: of the page before, and of the page after.
    fn addresses(&self, path: &str, filters: &[(&str, &str)]) -> [Option<String>; 2] {
        let at = |name: &str, cursor: &str, page: usize| {
            with_query(path, &[filters, &[(name, cursor), ("page", &page.to_string())][..]].concat())
        };
        // The first page begins with what is new since then.
        let previous = |cursor: &String| match self.number() - 1 {
            0 | 1 => with_query(path, filters),
            page => at("before", cursor, page),
        };
        [self.previous.as_ref().map(previous), self.next.as_ref().map(|next| at("cursor", next, self.number() + 1))]
    }
}

/// Links to the page before and to the page after, as far as there are such.
pub(crate) fn turning_links(
    turning: &Turning,
    base: &Base,
    path: &str,
    filters: &[(&str, &str)],
) -> Option<impl IntoView + use<>> {
    links(turning.addresses(path, filters), turning.number(), base)
}

/// The title of a page of a list: all but the first are numbered.
pub(crate) fn numbered(title: &str, paging: &Paging) -> String {
    numbered_as(title, paging.number())
}

/// The same by its number.
pub(crate) fn numbered_as(title: &str, number: usize) -> String {
    match number {
        1 => title.to_owned(),
        number => format!("{title}, page {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Paging, Turning};

    fn step(paging: &Paging, way: usize, next: Option<&str>) -> Option<Paging> {
        let address = paging.addresses("/", &[("q", "x")]).into_iter().nth(way)??;
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(value("q").as_deref(), Some("x"));
        let trail = value("trail").unwrap_or_default();
        Some(Paging::of(value("cursor").unwrap_or_default(), &trail, next.map(str::to_owned)))
    }

    #[test]
    fn a_list_is_read_forwards_and_back_to_its_first_page() {
        let first = Paging { next: Some("b".into()), ..Paging::default() };
        let second = step(&first, 1, Some("c")).unwrap();
        let third = step(&second, 1, None).unwrap();

        assert_eq!([first.number(), second.number(), third.number()], [1, 2, 3]);
        assert_eq!(step(&third, 1, None), None);
        assert_eq!(step(&third, 0, Some("c")), Some(second.clone()));
        assert_eq!(step(&second, 0, Some("b")), Some(first.clone()));
        assert_eq!(step(&first, 0, None), None);
    }

    #[test]
    fn a_trail_is_bounded() {
        let mut paging = Paging { next: Some("next".into()), ..Paging::default() };
        for _ in 0..100 {
            paging = step(&paging, 1, Some("next")).unwrap();
        }

        assert_eq!(paging.trail.len(), Paging::LONGEST_TRAIL);
    }

    #[test]
    fn a_list_is_turned_both_ways() {
        let addresses = |page, previous: Option<&str>, next: Option<&str>| {
            let [previous, next] = [previous, next].map(|cursor| cursor.map(str::to_owned));
            Turning::of(page, previous, next).addresses("/", &[("q", "x")])
        };
        let some = |address: &str| Some(address.to_owned());

        assert_eq!(addresses("", None, Some("b")), [None, some("/?q=x&cursor=b&page=2")]);
        assert_eq!(addresses("2", Some("a"), None), [some("/?q=x"), None]);
        assert_eq!(
            addresses("3", Some("a"), Some("c")),
            [some("/?q=x&before=a&page=2"), some("/?q=x&cursor=c&page=4")]
        );
        assert_eq!(addresses("none", Some("a"), None), [some("/?q=x"), None]);
    }
}
