//! Pages that are the same for anybody, rendered once for each answer of the API.
//!
//! A page is a function of what the API answered and of nothing else, so as long
//! as the answer is the same, byte for byte, so is the page. Nothing expires and
//! nothing is invalidated: the API is asked every time.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

/// The most pages to keep.
const PAGES: usize = 64;

/// Keeps the last page of each address. A clone keeps the same pages.
#[derive(Debug, Clone, Default)]
pub(super) struct Rendered(Arc<Mutex<HashMap<String, Page>>>);

#[derive(Debug)]
struct Page {
    answer: Bytes,
    html: Bytes,
}

impl Rendered {
    /// The page at an address for this answer, if it was rendered before.
    pub(super) fn find(&self, address: &str, answer: &Bytes) -> Option<Bytes> {
        let pages = self.0.lock();
        pages.get(address).filter(|page| page.answer == *answer).map(|page| page.html.clone())
    }

    /// Keeps a page, in the place of an older one.
    pub(super) fn keep(&self, address: String, answer: Bytes, html: Bytes) {
        let mut pages = self.0.lock();
        if pages.len() >= PAGES && !pages.contains_key(&address) {
            pages.clear();
        }
        pages.insert(address, Page { answer, html });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_for_the_very_answer_it_shows() {
        let rendered = Rendered::default();
        rendered.keep("/".to_owned(), Bytes::from("{}"), Bytes::from("<p>"));

        assert_eq!(rendered.find("/", &Bytes::from("{}")), Some(Bytes::from("<p>")));
        assert_eq!(rendered.find("/", &Bytes::from("{ }")), None);
        assert_eq!(rendered.find("/?q=x", &Bytes::from("{}")), None);
    }

    #[test]
    fn no_more_than_a_few_pages_are_kept() {
        let rendered = Rendered::default();
        for n in 0..10 * PAGES {
            rendered.keep(format!("/?q={n}"), Bytes::new(), Bytes::new());
        }

        assert!(rendered.0.lock().len() <= PAGES);
    }
}
