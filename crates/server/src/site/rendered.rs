//! The catalogue, rendered once for each answer of the API.
//!
//! What it shows is a function of what was found and of nothing else: who looks
//! is in the shell. So as long as the same tickets are found, the content is the
//! same, and for visitors, whose shells are equal, the whole document is,
//! compressed or not.
//! Nothing expires and nothing is invalidated: the API is asked every time.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::response::{Html, IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use parking_lot::Mutex;

use ticketing_api::tickets::TicketsFound;
use ticketing_web::{Content, Shell};

/// The most pages to keep.
const PAGES: usize = 64;

/// The one encoding that every browser takes.
const GZIP: &str = "gzip";

/// Keeps the last content of each address. A clone keeps the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Rendered(Arc<Mutex<HashMap<String, Arc<Page>>>>);

/// What was found, and how it looks.
#[derive(Debug)]
pub(super) struct Page {
    found: TicketsFound,
    content: Content,
    /// The document that a visitor got last, and its shell.
    visited: Mutex<Option<(Shell, Arc<Document>)>>,
}

/// What a visitor gets.
#[derive(Debug)]
struct Document {
    html: Bytes,
    packed: OnceLock<Option<Bytes>>,
}

impl Page {
    /// The whole document. One that is somebody's own is rendered for each of them and not kept.
    pub(super) fn answer(&self, shell: Shell, headers: &HeaderMap) -> Response {
        if !shell.is_visitors() {
            return Html(self.content.within(shell)).into_response();
        }
        let document = self.document(shell);
        match take_gzip(headers).then(|| document.packed()).flatten() {
            Some(packed) => {
                ([(CONTENT_ENCODING, GZIP), (VARY, ACCEPT_ENCODING.as_str())], Html(packed)).into_response()
            }
            None => Html(document.html.clone()).into_response(),
        }
    }

    fn document(&self, shell: Shell) -> Arc<Document> {
        let last =
            self.visited.lock().as_ref().filter(|(of, _)| *of == shell).map(|(_, document)| Arc::clone(document));
        last.unwrap_or_else(|| {
            let html = self.content.within(shell.clone()).into();
            let document = Arc::new(Document { html, packed: OnceLock::new() });
            *self.visited.lock() = Some((shell, Arc::clone(&document)));
            document
        })
    }
}

impl Document {
    /// The same compressed, once for all who take it so; none if that fails.
    fn packed(&self) -> Option<Bytes> {
        let pack = || {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(&self.html).ok()?;
            packed.finish().ok().map(Bytes::from)
        };
        self.packed.get_or_init(pack).clone()
    }
}

/// Whether they say so plainly; who has more to say of it is left to the layer that compresses everything else.
fn take_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| coding.trim().eq_ignore_ascii_case(GZIP))
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
    use std::io::Read;

    use axum::body::to_bytes;
    use flate2::read::GzDecoder;
    use http::HeaderValue;

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

    #[tokio::test]
    async fn visitors_share_a_document_and_nobody_gets_what_is_anothers() {
        let page = Rendered::default().page("/", found(None), render);
        let at = |path: &str| Shell { path: path.to_owned(), ..Shell::default() };
        let of =
            |email: &str| Shell { viewer: Some(Viewer { email: email.to_owned(), ..Viewer::default() }), ..at("/") };

        let first = page.document(at("/"));
        assert!(Arc::ptr_eq(&page.document(at("/")), &first), "it is kept");
        let told = Shell { flash: Some(Done::SignedOut.into()), ..at("/") };
        for (shell, own) in
            [(of("ada@example.org"), "ada@"), (of("gus@example.org"), "gus@"), (told, "You are signed out.")]
        {
            let body = to_bytes(page.answer(shell, &HeaderMap::new()).into_body(), usize::MAX).await.unwrap();
            assert!(String::from_utf8_lossy(&body).contains(own), "{own}");
            assert!(Arc::ptr_eq(&page.document(at("/")), &first), "what is somebody's own takes its place");
        }
        assert_ne!(page.document(at("/?q=x")).html, first.html, "it leads back to another page");
    }

    #[test]
    fn what_is_taken_compressed_is_the_same() {
        let page = Rendered::default().page("/", found(None), render);
        let document = page.document(Shell::default());
        let mut html = String::new();
        let packed = document.packed().expect("it is compressed");
        GzDecoder::new(&*packed).read_to_string(&mut html).expect("it is gzip");
        assert_eq!(html.as_bytes(), document.html);

        let encoding = |accepted: &'static str| {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            page.answer(Shell::default(), &headers).headers().get(CONTENT_ENCODING).cloned()
        };
        for plainly in ["gzip", "br, GZIP", "gzip, deflate, br, zstd"] {
            assert_eq!(encoding(plainly), Some(HeaderValue::from_static(GZIP)), "{plainly}");
        }
        for otherwise in ["", "identity", "gzip;q=0", "br, gzip;q=0.5", "*", "xgzip"] {
            assert_eq!(encoding(otherwise), None, "{otherwise}");
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
