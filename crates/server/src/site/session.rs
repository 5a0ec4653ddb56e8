//! Who visits: asked of the API once for a page, and gone on with when the access token ran out.

use axum::response::Response;
use http::header::{AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

use ticketing_api::accounts::{AccountBody, CurrentUserBody};
use ticketing_api::paths;
use ticketing_web::Viewer;

use crate::http::auth::actor::Bearer;
use crate::http::auth::cookies::{ACCESS, REFRESH, cookies};
use crate::state::Actor;

use super::client::{Answer, ApiClient};

/// What is known of who visits.
#[derive(Debug)]
pub(super) struct Session {
    /// The API, asked on their behalf.
    pub(super) api: ApiClient,
    /// `None` if nobody is signed in, or it is not known.
    pub(super) viewer: Option<Viewer>,
    /// Why it is not known whether they are signed in.
    pub(super) unsure: Option<Answer>,
    /// Cookies of a session that goes on.
    pub(super) renewed: Vec<HeaderValue>,
}

impl Session {
    /// Finds out who it is that visits.
    pub(super) async fn find(api: ApiClient, headers: &HeaderMap) -> Self {
        let https = api.client().https;
        let session = Self { api, viewer: None, unsure: None, renewed: Vec::new() };
        let session = if has_token(headers, https) { session.identified().await } else { session };
        if session.viewer.is_some() || session.unsure.is_some() || cookies(headers, REFRESH, https).is_empty() {
            return session;
        }
        session.gone_on_with().await
    }

    async fn identified(self) -> Self {
        let mut answer = self.api.get(paths::CURRENT_USER).await;
        match answer.value::<CurrentUserBody>() {
            Ok(known) if answer.status.is_success() => {
                let api = self.api.acting(answer.actor());
                Self { api, viewer: known.current_user.map(viewer), ..self }
            }
            Ok(_) | Err(_) => Self { unsure: Some(answer), ..self },
        }
    }

    /// Goes on with a session whose access token ran out, or is behind the account.
    pub(super) async fn gone_on_with(self) -> Self {
        let answer = self.api.post(paths::REFRESH, &()).await;
        if answer.status == StatusCode::UNAUTHORIZED {
            // Its cookies stay: an answer that comes late would take away those that a newer one has set meanwhile.
            return self;
        }
        let renewed = answer.headers.get_all(SET_COOKIE).iter().cloned().collect();
        let Some(Bearer(token)) = answer.bearer() else {
            return Self { unsure: Some(answer), renewed, ..self };
        };
        let api = self.api.with_header(AUTHORIZATION, token);
        Self { api, renewed, ..self }.identified().await
    }
}

impl Answer {
    /// Who is signed in, if this process found out.
    fn actor(&self) -> Option<Actor> {
        self.extensions.get().copied()
    }

    /// The token of a session that was renewed. From another process it comes in the cookie alone.
    fn bearer(&self) -> Option<Bearer> {
        let in_cookie = || self.headers.get_all(SET_COOKIE).iter().find_map(|cookie| ACCESS.set_by(cookie));
        self.extensions.get().cloned().or_else(|| in_cookie().map(Bearer::new))
    }
}

fn viewer(AccountBody { id, email, display_name, confirmed }: AccountBody) -> Viewer {
    Viewer { id: id.to_string(), email, display_name, confirmed }
}

fn has_token(headers: &HeaderMap, https: bool) -> bool {
    !cookies(headers, ACCESS, https).is_empty() || headers.contains_key(AUTHORIZATION)
}

/// Cookies of a session that was renewed go before what a handler sets: it knows better.
pub(super) fn put_first(renewed: Vec<HeaderValue>, response: &mut Response) {
    let headers = response.headers_mut();
    if renewed.is_empty() {
        return;
    }
    let own: Vec<_> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for value in renewed.into_iter().chain(own) {
        headers.append(SET_COOKIE, value);
    }
}
