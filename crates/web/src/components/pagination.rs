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
    let [before, after] = paging.addresses(path, filters).map(|address| address.map(|address| base.at(&address)));
    (before.is_some() || after.is_some()).then(|| {
        let number = format!("Page {}", paging.number());
        view! {
            <nav class="pagination" aria-label="Pages">
                {before.map(|address| view! { <a class="button" rel="prev" href=address>"Previous page"</a> })}
                <span class="muted">{number}</span>
                {after.map(|address| view! { <a class="button" rel="next" href=address>"Next page"</a> })}
            </nav>
        }
    })
}

/// The title of a page of a list: all but the first are numbered.
pub(crate) fn numbered(title: &str, paging: &Paging) -> String {
    match paging.number() {
        1 => title.to_owned(),
        number => format!("{title}, page {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Paging;

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
}
