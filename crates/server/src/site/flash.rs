//! What was done, told on the page that comes next, and on no other.

use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, Method};

use ticketing_web::Done;

use crate::http::auth::cookies::{CookieName, cookies};

use super::context::without_query;
use super::draft::mark_of;

/// The cookie that carries it: a word, a point, and the mark of the page that tells it.
const FLASH: CookieName = CookieName::new("flash", "__Host-flash");

/// A request, and what its page is to tell of what was done before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) done: Option<Done>,
    is_form: bool,
    https: bool,
}

impl Told {
    /// What was done on the page before, if it is to be told on this one.
    pub(super) fn read(request: &Request, page: &str, https: bool) -> Self {
        let mark = mark_of(page);
        let told = cookies(request.headers(), FLASH, https).into_iter().filter_map(|value| value.split_once('.'));
        let done = told.filter(|(_, place)| *place == mark).find_map(|(word, _)| Done::of_word(word));
        Self { done, is_form: request.method() == Method::POST, https }
    }

    /// Takes what a handler says was done to the next page, and takes away what was told on this one.
    ///
    /// What is still to be told goes with a redirect of its page. A form ends it: the page that told it may never have
    /// been looked at.
    pub(super) fn hand_on(self, response: &mut Response) {
        let done = response.extensions_mut().remove::<Done>();
        let cookie = match next_page(response) {
            Some(page) => match done.or(self.done.filter(|_| !self.is_form)) {
                Some(done) => Some(self.tell_on(&page, done)),
                None => self.is_form.then(|| self.tell_nothing()),
            },
            None => self.done.map(|_| self.tell_nothing()),
        };
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }

    fn tell_on(self, page: &str, done: Done) -> HeaderValue {
        const LASTS: Duration = Duration::from_secs(60);
        FLASH.set(&format!("{}.{}", done.word(), mark_of(page)), LASTS, self.https)
    }

    fn tell_nothing(self) -> HeaderValue {
        FLASH.remove(self.https)
    }
}

/// The page that a redirect leads to.
fn next_page(response: &Response) -> Option<String> {
    let address = response.headers().get(LOCATION).filter(|_| response.status().is_redirection())?;
    address.to_str().ok().map(|address| without_query(address).to_owned())
}
