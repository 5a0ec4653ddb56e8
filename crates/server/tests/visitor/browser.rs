//! A browser with JavaScript off: it keeps cookies, follows redirects, and sends forms as they stand on the page.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use scraper::{ElementRef, Html, Selector};

use crate::call::{Call, Site};
use crate::marketplace::Marketplace;

/// A browser and the page it shows.
pub(crate) struct Browser<'a, S> {
    site: &'a S,
    pub(crate) jar: BTreeMap<String, String>,
    /// Where the page came from.
    pub(crate) path: String,
    pub(crate) status: u16,
    /// What a form was answered with, before any redirect.
    pub(crate) posted: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
    /// From which site forms are sent.
    pub(crate) origin: String,
}

impl<'a, S: Site> Browser<'a, S> {
    pub(crate) fn new(marketplace: &'a Marketplace<S>) -> Self {
        let site = &marketplace.0;
        let origin = site.origin().to_owned();
        let (path, html, headers) = (String::new(), String::new(), HeaderMap::new());
        Self { site, jar: BTreeMap::new(), path, status: 0, posted: 0, headers, html, origin }
    }

    /// Opens a page, and whichever it leads to.
    pub(crate) async fn open(&mut self, path: &str) {
        self.send("GET", path, String::new()).await;
        self.follow().await;
    }

    /// Fills in a form of this page, sends it, and goes where it leads.
    pub(crate) async fn submit(&mut self, action: &str, filled: &[(&str, &str)]) {
        let fields = self.filled_form(action, filled);
        self.post(action, &fields).await;
        self.follow().await;
    }

    /// Sends fields that no form of this page need have, and stays.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(String, String)]) {
        let body = serde_urlencoded::to_string(fields).expect("texts can be encoded");
        self.send("POST", path, body).await;
        self.posted = self.status;
    }

    async fn follow(&mut self) {
        for _ in 0..5 {
            if self.status != 303 {
                return;
            }
            let next = self.headers[LOCATION].to_str().expect("an address").to_owned();
            assert!(next.starts_with('/') && !next.starts_with("//"), "{next}");
            self.send("GET", &next, String::new()).await;
        }
        assert_ne!(self.status, 303, "redirects without end");
    }

    async fn send(&mut self, method: &str, path: &str, body: String) {
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = path.split('#').next().unwrap_or_default();
        let mut call = Call::new(self.site, method, path);
        if !cookies.is_empty() {
            call = call.header(COOKIE.as_str(), &cookies.join("; "));
        }
        if method == "POST" {
            call = call.header(ORIGIN.as_str(), &self.origin).bytes("application/x-www-form-urlencoded", body);
        }
        let reply = call.send().await;
        self.keep_cookies(&reply.headers);
        self.html = reply.text();
        (self.path, self.status, self.headers) = (path.to_owned(), reply.status.as_u16(), reply.headers);
        self.site.settled().await;
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let text = value.to_str().expect("a cookie is text");
            let (name, value) = text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if text.contains("Max-Age=0;") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// What a browser would send of a form.
    fn filled_form(&self, action: &str, filled: &[(&str, &str)]) -> Vec<(String, String)> {
        let page = Html::parse_document(&self.html);
        let form = select(&page, &format!("form[method=post][action='{action}']"));
        assert!(!form.is_empty(), "no form {action} at {}: {}", self.path, self.html);
        let mut fields: Vec<_> = controls(form[0]).into_iter().filter_map(sent).collect();
        for (name, value) in filled {
            let field = fields.iter_mut().find(|(field, _)| field == name);
            let (_, sent) = field.expect(name);
            (*value).clone_into(sent);
        }
        fields
    }

    /// The texts of all elements that match.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.html);
        let found = select(&page, selector).into_iter();
        found.map(|element| element.text().collect::<String>().trim().to_owned()).collect()
    }

    /// What the page tells of what was just done.
    pub(crate) fn told(&self) -> Vec<String> {
        self.texts("main > .message")
    }

    /// An attribute of all elements that match.
    pub(crate) fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let page = Html::parse_document(&self.html);
        let found = select(&page, selector);
        found.into_iter().filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// What a field of the page shows.
    pub(crate) fn value(&self, name: &str) -> String {
        let page = Html::parse_document(&self.html);
        let found = select(&page, &format!("[name={name}]"));
        let shown = found.into_iter().filter_map(sent).map(|(_, value)| value).next();
        assert!(shown.is_some(), "no field {name} at {}: {}", self.path, self.html);
        shown.expect(name)
    }

    /// What is wrong with a field of the page.
    pub(crate) fn error(&self, name: &str) -> String {
        self.texts(&format!("#{name}-error")).concat()
    }
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn controls(form: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    form.select(&Selector::parse("input, textarea, select").expect("a selector")).collect()
}

/// The name and the value that a control sends, if it sends one.
fn sent(control: ElementRef<'_>) -> Option<(String, String)> {
    let chosen = Selector::parse("option[selected]").expect("a selector");
    let value = match control.value().name() {
        // A browser drops the line break at the beginning; the parser of fragments may not.
        "textarea" => control.text().collect::<String>().trim_start_matches('\n').to_owned(),
        "select" => control.select(&chosen).next()?.attr("value")?.to_owned(),
        _ if control.attr("type") == Some("radio") && control.attr("checked").is_none() => return None,
        _ => control.attr("value").unwrap_or_default().to_owned(),
    };
    Some((control.attr("name")?.to_owned(), value))
}
