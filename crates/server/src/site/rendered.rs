//! The catalogue, rendered once for each answer of the API.
//!
//! What it shows is a function of what was found and of nothing else: who looks
//! is in the shell. So as long as the same tickets are found, the content is the
//! same. Nothing expires and nothing is invalidated: the API is asked every time.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use ticketing_api::tickets::TicketsFound;
use ticketing_web::Content;

/// The most pages to keep.
const PAGES: usize = 64;

/// Keeps the last content of each address. A clone keeps the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Rendered(Arc<Mutex<HashMap<String, Arc<Page>>>>);

/// What was found, and how it looks.
#[derive(Debug)]
pub(super) struct Page {
    found: TicketsFound,
    pub(super) content: Content,
}

impl Rendered {
    /// What was found at an address, rendered only if it is not what was found there before.
    pub(super) fn page(
        &self,
        address: &str,
        found: TicketsFound,
        render: impl FnOnce(TicketsFound) -> Content,
    ) -> Arc<Page> {
        let last = self.0.lock().get(address).cloned();
        if let Some(page) = last.filter(|page| page.found == found) {
            return page;
        }
        let page = Arc::new(Page { content: render(found.clone()), found });
        self.keep(address.to_owned(), Arc::clone(&page));
        page
    }

    fn keep(&self, address: String, page: Arc<Page>) {
        let mut pages = self.0.lock();
        if pages.len() >= PAGES && !pages.contains_key(&address) {
            pages.clear();
        }
        pages.insert(address, page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_web::{CatalogPage, catalog_page};

    fn found(next_cursor: Option<&str>) -> TicketsFound {
        TicketsFound { next_cursor: next_cursor.map(str::to_owned), ..TicketsFound::default() }
    }

    fn render(_: TicketsFound) -> Content {
        catalog_page(CatalogPage::default())
    }

    #[test]
    fn what_was_found_before_is_not_rendered_again() {
        let rendered = Rendered::default();
        let first = rendered.page("/", found(None), render);

        let again = rendered.page("/", found(None), |_| unreachable!("it is kept"));
        assert!(Arc::ptr_eq(&first, &again));
        for (address, found) in [("/?q=x", found(None)), ("/", found(Some("c"))), ("/", found(None))] {
            assert!(!Arc::ptr_eq(&first, &rendered.page(address, found, render)), "{address}");
        }
    }

    #[test]
    fn no_more_than_a_few_pages_are_kept() {
        let rendered = Rendered::default();
        for n in 0..10 * PAGES {
            rendered.page(&format!("/?q={n}"), found(None), render);
        }

        assert!(rendered.0.lock().len() <= PAGES);
    }
}
