//! What was done, told on the page that comes next.

use std::time::Duration;

use axum::response::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;

use ticketing_web::Done;

use crate::http::auth::cookies::{CookieName, cookies};

/// The cookie that carries it.
const FLASH: CookieName = CookieName::new("flash", "__Host-flash");

/// What was done on the page before.
pub(super) fn read(headers: &HeaderMap, https: bool) -> Option<Done> {
    cookies(headers, FLASH, https).into_iter().find_map(Done::of_word)
}

/// Takes what a handler says was done to the next page, and takes away what was told on this one.
pub(super) fn hand_on(told: Option<Done>, https: bool, response: &mut Response) {
    let is_told = told.is_some() && !response.status().is_redirection();
    match response.extensions_mut().remove::<Done>() {
        Some(done) => set(Some(done), https, response),
        None if is_told => set(None, https, response),
        None => {}
    }
}

fn set(done: Option<Done>, https: bool, response: &mut Response) {
    const LASTS: Duration = Duration::from_secs(60);
    let cookie = done.map_or_else(|| FLASH.remove(https), |done| FLASH.set(done.word(), LASTS, https));
    response.headers_mut().append(SET_COOKIE, cookie);
}
