//! A browser with JavaScript off: it keeps cookies, follows redirects, and sends forms as they stand on the page.

use std::collections::BTreeMap;

use http::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use scraper::{ElementRef, Html, Selector};

use crate::call::Reply;
use crate::market::Market;

/// A browser and the page it shows.
pub(crate) struct Browser<'a> {
    market: &'a Market,
    pub(crate) jar: BTreeMap<String, String>,
    /// Where the page came from.
    pub(crate) path: String,
    pub(crate) status: u16,
    html: String,
}

impl<'a> Browser<'a> {
    pub(crate) const fn new(market: &'a Market) -> Self {
        Self { market, jar: BTreeMap::new(), path: String::new(), status: 0, html: String::new() }
    }

    /// Opens a page, and whichever it leads to.
    pub(crate) async fn open(&mut self, path: &str) {
        let reply = self.send("GET", path, None).await;
        self.show(path, reply).await;
    }

    /// Fills in a form of this page, sends it, and goes where it leads.
    pub(crate) async fn submit(&mut self, action: &str, filled: &[(&str, &str)]) {
        let fields = self.filled_form(action, filled);
        let body = serde_urlencoded::to_string(fields).expect("texts can be encoded");
        let reply = self.send("POST", action, Some(body)).await;
        self.show(action, reply).await;
    }

    async fn show(&mut self, path: &str, first: Reply) {
        let (mut path, mut reply) = (path.to_owned(), first);
        for _ in 0..5 {
            if reply.status != 303 {
                break;
            }
            path = reply.header(LOCATION.as_str()).to_owned();
            assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
            reply = self.send("GET", &path, None).await;
        }
        assert_ne!(reply.status, 303, "redirects without end");
        (self.path, self.status, self.html) = (path, reply.status.as_u16(), reply.text);
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<String>) -> Reply {
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let call = match body {
            Some(body) => {
                let call = self.market.post(path).header(ORIGIN.as_str(), &self.market.base);
                call.bytes("application/x-www-form-urlencoded", body)
            }
            None => crate::call::Call::new(self.market, method, path),
        };
        let reply = call.header(COOKIE.as_str(), &cookies.join("; ")).send().await;
        self.keep_cookies(&reply);
        reply
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for value in reply.headers.get_all(SET_COOKIE) {
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
        let forms = select(&page, &format!("form[method=post][action='{action}']"));
        assert!(!forms.is_empty(), "no form {action} at {}: {}", self.path, self.html);
        let controls = Selector::parse("input, textarea, select").expect("a selector");
        let mut fields: Vec<_> = forms[0].select(&controls).filter_map(sent).collect();
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
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

/// The name and the value that a control sends, if it sends one.
fn sent(control: ElementRef<'_>) -> Option<(String, String)> {
    let chosen = Selector::parse("option[selected]").expect("a selector");
    let value = match control.value().name() {
        "textarea" => control.text().collect::<String>().trim_start_matches('\n').to_owned(),
        "select" => control.select(&chosen).next()?.attr("value")?.to_owned(),
        _ if control.attr("type") == Some("radio") && control.attr("checked").is_none() => return None,
        _ => control.attr("value").unwrap_or_default().to_owned(),
    };
    Some((control.attr("name")?.to_owned(), value))
}
