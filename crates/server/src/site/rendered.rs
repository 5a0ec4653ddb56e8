//! The catalogue, rendered once for each answer of the API.
//!
//! What it shows is a function of what was found and of nothing else: who looks
//! is in the shell. So as long as the same tickets are found, the content is the
//! same, and for visitors, whose shells are equal, the whole document is.
//! Nothing expires and nothing is invalidated: the API is asked every time.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use parking_lot::Mutex;

use ticketing_api::tickets::TicketsFound;
use ticketing_web::{Content, Shell};

/// The most pages to keep.
const PAGES: usize = 64;

/// Keeps the last content of each address. A clone keeps the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Rendered(Arc<Mutex<HashMap<String, Arc<Page>>>>);

/// What was found, and how it looks.
#[derive(Debug)]
pub(super) struct Page {
    found: TicketsFound,
    content: Content,
    /// The document that a visitor got last, and its shell.
    visited: Mutex<Option<(Shell, Bytes)>>,
}

impl Page {
    /// The whole document. One that is somebody's own is rendered for each of them and not kept.
    pub(super) fn within(&self, shell: Shell) -> Bytes {
        if !shell.is_visitors() {
            return self.content.within(shell).into();
        }
        let last = self.visited.lock().as_ref().filter(|(of, _)| *of == shell).map(|(_, document)| document.clone());
        last.unwrap_or_else(|| {
            let document = Bytes::from(self.content.within(shell.clone()));
            *self.visited.lock() = Some((shell, document.clone()));
            document
        })
    }
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
        let page = Arc::new(Page { content: render(found.clone()), found, visited: Mutex::default() });
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
    use ticketing_web::{CatalogPage, Done, Viewer, catalog_page};

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
    fn visitors_share_a_document_and_nobody_gets_what_is_anothers() {
        let page = Rendered::default().page("/", found(None), render);
        let at = |path: &str| Shell { path: path.to_owned(), ..Shell::default() };
        let of =
            |email: &str| Shell { viewer: Some(Viewer { email: email.to_owned(), ..Viewer::default() }), ..at("/") };

        let first = page.within(at("/"));
        assert_eq!(page.within(at("/")).as_ptr(), first.as_ptr(), "it is kept");
        let [ada, gus] = ["ada@example.org", "gus@example.org"].map(|email| page.within(of(email)));
        assert!(ada.windows(3).any(|part| part == b"ada") && !gus.windows(3).any(|part| part == b"ada"));
        let told = page.within(Shell { flash: Some(Done::SignedOut.into()), ..at("/") });
        assert_eq!(page.within(at("/")), first, "nothing of {told:?} or of those who are signed in is kept");
        assert_ne!(page.within(at("/?q=x")), first, "it leads back to another page");
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
