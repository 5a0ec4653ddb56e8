//! Who visits the site, and what they were just told.

mod drafts;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, IF_MATCH, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;

use ticketing_api::accounts::{AccountBody, CurrentUserBody};
use ticketing_api::headers::{IDEMPOTENCY_KEY, X_REQUEST_ID};
use ticketing_api::paths;
use ticketing_web::{Done, Shell, Viewer as Shown, nothing_changed};

use crate::config::Gateway;
use crate::http::auth::cookies::{ACCESS, CookieName, REFRESH, cookies, cookies_named};
use crate::http::client;
use crate::http::edge::{Postponed, RequestTrace};
use crate::http::etag::offer_tag;
use crate::http::problem::Problem;
use crate::state::App;

use super::client::{Answer, ApiClient, Caller};
use super::draft::{cookie_of, forget_cookie};
use super::onward::{Onward, sign_in_address};
use super::refusal::Refusal;
use super::rendered::Rendered;

/// The cookie that carries what the next page has to tell.
const FLASH: CookieName = CookieName::new("flash", "__Host-flash");

/// Where visitors enter.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) app: App,
    pub(super) api: ApiClient,
    pub(super) rendered: Rendered,
}

/// Marks the answer to a form that was not carried out: what was typed before stays.
#[derive(Debug, Clone, Copy)]
struct KeptBack;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) id: String,
    pub(super) email: String,
}

impl From<AccountBody> for Viewer {
    fn from(AccountBody { id, email }: AccountBody) -> Self {
        Self { id: id.to_string(), email }
    }
}

/// A request of somebody, signed in or not, and the API to ask on their behalf.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) app: App,
    api: ApiClient,
    caller: Caller,
    viewer: Option<Viewer>,
    /// Why it is not known whether they are signed in.
    unsure: Option<Answer>,
    path: String,
    done: Option<Done>,
    rendered: Rendered,
    /// The cookies of this page that may find what was typed here before.
    draft_cookies: Vec<String>,
    /// Whether it is known that none of them does.
    draft_lost: Arc<AtomicBool>,
    /// Why nothing that is asked for is carried out now.
    postponed: Option<Problem>,
    network: IpAddr,
    https: bool,
}

/// A visit of somebody who is signed in; anybody else is sent to sign in.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) visit: Visit,
    pub(super) viewer: Viewer,
}

impl Visit {
    /// What every page knows.
    pub(super) fn shell(&self) -> Shell {
        Shell {
            viewer: self.viewer.clone().map(|Viewer { id, email }| Shown { id, email }),
            path: self.path.clone(),
            flash: self.done.map(|done| match (done, &self.viewer) {
                (Done::NothingChanged, Some(viewer)) => nothing_changed(&viewer.email),
                (done, _) => done.into(),
            }),
            sandbox: self.app.gateway == Some(Gateway::Sandbox),
        }
    }

    pub(super) const fn viewer(&self) -> Option<&Viewer> {
        self.viewer.as_ref()
    }

    /// What was done on the page before.
    pub(super) const fn done(&self) -> Option<Done> {
        self.done
    }

    /// The page that is visited, without its query.
    pub(super) fn page(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The same visit, under the name by which the API knows a request that comes twice.
    pub(super) fn with_key(&self, key: &str) -> Result<Self, Refusal> {
        if key.is_empty() {
            return Ok(self.clone());
        }
        let key = HeaderValue::from_str(key).map_err(|_| Problem::malformed("the key of the form is no text"))?;
        let caller = self.caller.clone().with_header(IDEMPOTENCY_KEY, key);
        Ok(Self { caller, ..self.clone() })
    }

    /// The same visit, for changes of this version alone.
    pub(super) fn for_version(&self, version: u64) -> Self {
        Self { caller: self.caller.clone().with_header(IF_MATCH, offer_tag(version)), ..self.clone() }
    }

    /// Reads something from the API.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        parsed(&self.ask(path).await?)
    }

    /// Asks the API for something.
    pub(super) async fn ask(&self, path: &str) -> Result<Answer, Refusal> {
        Refusal::unless_done(self.api.get(path, &self.caller).await)
    }

    /// The page that shows an answer; rendered anew only if somebody is signed in or the answer is another.
    pub(super) fn once_for_all<T: DeserializeOwned>(
        &self,
        answer: &Answer,
        show: impl FnOnce(T) -> String,
    ) -> Result<Bytes, Refusal> {
        let is_anybody = self.viewer.is_none() && self.done.is_none();
        if let Some(html) = self.rendered.find(&self.path, &answer.body).filter(|_| is_anybody) {
            return Ok(html);
        }
        let html = Bytes::from(show(parsed(answer)?));
        if is_anybody {
            self.rendered.keep(self.path.clone(), answer.body.clone(), html.clone());
        }
        Ok(html)
    }

    /// Asks the API to do something.
    pub(super) async fn post<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<Answer, Refusal> {
        self.unless_postponed()?;
        Refusal::unless_done(self.api.post(path, &self.caller, body).await)
    }

    /// Asks the API to replace something.
    pub(super) async fn put<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<Answer, Refusal> {
        self.unless_postponed()?;
        Refusal::unless_done(self.api.put(path, &self.caller, body).await)
    }

    /// Asks the API to take something away.
    pub(super) async fn delete(&self, path: &str) -> Result<Answer, Refusal> {
        self.unless_postponed()?;
        Refusal::unless_done(self.api.delete(path, &self.caller).await)
    }
}

impl Visit {
    /// Whether this browser speaks TLS.
    pub(super) const fn is_https(&self) -> bool {
        self.https
    }

    /// Goes on only if it is known whether they are signed in.
    pub(super) fn unless_unsure(&self) -> Result<(), Refusal> {
        self.unsure.clone().map_or(Ok(()), |answer| Err(Refusal::of(answer)))
    }

    fn unless_postponed(&self) -> Result<(), Refusal> {
        self.postponed.clone().map_or(Ok(()), |problem| Err(problem.into()))
    }
}

/// What the API answered, in the shape that is known of it.
pub(super) fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, Refusal> {
    serde_json::from_slice(&answer.body).map_err(|error| Problem::broken(error).into())
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.remove().ok_or_else(|| Problem::broken(NoDoor))
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        match (visit.viewer.clone(), &visit.unsure) {
            (Some(viewer), _) => Ok(Self { visit, viewer }),
            (None, Some(unsure)) => Err(Refusal::of(unsure.clone()).into_response()),
            (None, None) => Err(Onward::to(sign_in_address(&visit.path)).into_response()),
        }
    }
}

/// Finds out who comes, lets them pass, and keeps their cookies up to date.
pub(super) async fn enter(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let https = client::is_https(request.headers(), request.extensions(), &door.app);
    let done = cookies(request.headers(), FLASH, https).into_iter().find_map(Done::of_word);
    let visit = door.visit(&request, done);
    let (page, had_draft) = (visit.page().to_owned(), !visit.draft_cookies.is_empty());
    let draft_lost = Arc::clone(&visit.draft_lost);
    let is_form = request.method() == Method::POST;
    let Recognised { visit, renewed } = visit.recognised(request.headers(), https).await;
    let shell = visit.shell();
    request.extensions_mut().insert(visit);

    let mut response = next.run(request).await;

    put_first(renewed, response.headers_mut());
    let told = done.is_some() && !response.status().is_redirection();
    match response.extensions_mut().remove::<Done>() {
        Some(done) => set_flash(Some(done), https, &mut response),
        None if told => set_flash(None, https, &mut response),
        None => {}
    }
    let was_kept_back = response.extensions_mut().remove::<KeptBack>().is_some();
    let accepted = is_form && had_draft && response.status() == StatusCode::SEE_OTHER && !was_kept_back;
    if draft_lost.load(Ordering::Relaxed) || (accepted && !sets_cookie(&response, &cookie_of(&page, https))) {
        response.headers_mut().extend(forget_cookie(&page, https).map(|cookie| (SET_COOKIE, cookie)));
    }
    if !response.status().is_success() {
        response.extensions_mut().insert(shell);
    }
    response
}

fn sets_cookie(response: &Response, name: &str) -> bool {
    let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.filter_map(|cookie| cookie.split_once('=')).any(|(known, _)| known == name)
}

struct Recognised {
    visit: Visit,
    /// Cookies of a session that goes on.
    renewed: Vec<HeaderValue>,
}

impl Door {
    fn visit(&self, request: &Request, done: Option<Done>) -> Visit {
        let (headers, extensions) = (request.headers(), request.extensions());
        let mut caller = Caller::of(headers, extensions);
        if let Some(id) = extensions.get::<RequestTrace>().and_then(|trace| trace.id.to_string().parse().ok()) {
            caller = caller.with_header(X_REQUEST_ID, id);
        }
        let https = client::is_https(headers, extensions, &self.app);
        let path = page_of(request.method(), request.uri());
        let page = path.split('?').next().unwrap_or_default();
        Visit {
            app: App::clone(&self.app),
            api: self.api.clone(),
            caller,
            viewer: None,
            unsure: None,
            draft_cookies: cookies_named(headers, &cookie_of(page, https)).into_iter().map(str::to_owned).collect(),
            draft_lost: Arc::default(),
            postponed: extensions.get::<Postponed>().map(|postponed| postponed.0.clone()),
            network: client::address(headers, extensions, &self.app),
            https,
            path,
            done,
            rendered: self.rendered.clone(),
        }
    }
}

impl Visit {
    /// Finds out who it is that visits.
    async fn recognised(self, headers: &HeaderMap, https: bool) -> Recognised {
        let visit = if has_token(headers, https) { self.identified().await } else { self };
        if visit.viewer.is_some() || visit.unsure.is_some() || cookies(headers, REFRESH, https).is_empty() {
            return Recognised { visit, renewed: Vec::new() };
        }
        visit.renewed().await
    }

    async fn identified(self) -> Self {
        let answer = self.api.get(paths::CURRENT_USER, &self.caller).await;
        match answer.json::<CurrentUserBody>() {
            Some(known) if answer.status.is_success() => Self { viewer: known.current_user.map(Viewer::from), ..self },
            Some(_) | None => Self { unsure: Some(answer), ..self },
        }
    }

    /// Goes on with a session whose access token ran out.
    async fn renewed(self) -> Recognised {
        let answer = self.api.post(paths::REFRESH, &self.caller, &()).await;
        if answer.status == StatusCode::UNAUTHORIZED {
            // Its cookies stay: an answer that comes late would take away those that a newer one has set meanwhile.
            return Recognised { visit: self, renewed: Vec::new() };
        }
        let renewed: Vec<_> = answer.headers.get_all(SET_COOKIE).iter().cloned().collect();
        let Some(token) = renewed.iter().find_map(|cookie| ACCESS.set_by(cookie)) else {
            return Recognised { visit: Self { unsure: Some(answer), ..self }, renewed };
        };
        let caller = self.caller.with_access_token(token);
        Recognised { visit: Self { caller, ..self }.identified().await, renewed }
    }
}

fn has_token(headers: &HeaderMap, https: bool) -> bool {
    !cookies(headers, ACCESS, https).is_empty() || headers.contains_key(AUTHORIZATION)
}

/// Where a form is sent there is nothing to see: whoever reloads it comes back to its page.
pub(super) async fn back_to_page(OriginalUri(uri): OriginalUri) -> Onward {
    Onward::to(page_of(&Method::POST, &uri))
}

/// The page that a request is about; the one with the form, if a form was sent.
fn page_of(method: &Method, uri: &Uri) -> String {
    if *method == Method::GET || *method == Method::HEAD {
        return uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    let path = uri.path();
    if path.starts_with("/account/") {
        return "/account".to_owned();
    }
    let page = ["/order", "/withdraw", "/pay", "/cancel"].iter().find_map(|form| path.strip_suffix(form));
    page.unwrap_or(path).to_owned()
}

/// Cookies of a session that was renewed go before what a handler sets: it knows better.
fn put_first(renewed: Vec<HeaderValue>, headers: &mut HeaderMap) {
    if renewed.is_empty() {
        return;
    }
    let own: Vec<_> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for value in renewed.into_iter().chain(own) {
        headers.append(SET_COOKIE, value);
    }
}

fn set_flash(done: Option<Done>, https: bool, response: &mut Response) {
    const LASTS: Duration = Duration::from_secs(60);
    let cookie = done.map_or_else(|| FLASH.remove(https), |done| FLASH.set(done.word(), LASTS, https));
    response.headers_mut().append(SET_COOKIE, cookie);
}

#[derive(Debug, thiserror::Error)]
#[error("a page was asked for past the door")]
struct NoDoor;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_belongs_to_a_page() {
        let page = |method: Method, uri: &str| page_of(&method, &uri.parse().unwrap());

        assert_eq!(page(Method::GET, "/?q=rock&cursor=x"), "/?q=rock&cursor=x");
        assert_eq!(page(Method::POST, "/tickets/7/order"), "/tickets/7");
        assert_eq!(page(Method::POST, "/tickets/7/edit"), "/tickets/7/edit");
        assert_eq!(page(Method::POST, "/orders/7/pay"), "/orders/7");
        assert_eq!(page(Method::POST, "/account/sessions/7/revoke"), "/account");
        assert_eq!(page(Method::POST, "/sell"), "/sell");
    }
}
