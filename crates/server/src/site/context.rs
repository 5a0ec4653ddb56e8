//! What a page works with: who visits, what they were just told, and the API to ask on their behalf.

mod drafts;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::IF_MATCH;
use http::request::Parts;
use http::{HeaderValue, Method, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;

use ticketing_api::headers::IDEMPOTENCY_KEY;
use ticketing_web::{Base, Done, Shell, Viewer, nothing_changed};

use crate::config::{ConfirmAddress, Gateway};
use crate::http::etag::offer_tag;
use crate::http::problem::Problem;
use crate::state::App;

use super::client::{Answer, ApiClient};
use super::held::Held;
use super::onward::{Onward, sign_in_address};
use super::refusal::Refusal;
use super::rendered::Rendered;
use super::session::Session;

/// Marks the answer to a form that was not carried out: what was typed before stays.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptBack;

/// Who asks for a page, signed in or not, and the API to ask on their behalf.
#[derive(Debug, Clone)]
pub(super) struct PageContext {
    /// Where the site is mounted.
    pub(super) base: Base,
    pub(super) app: App,
    pub(super) api: ApiClient,
    pub(super) viewer: Option<Viewer>,
    /// What is held for them until they pay.
    pub(super) held: Held,
    /// Why it is not known whether they are signed in.
    pub(super) unsure: Option<Answer>,
    pub(super) path: String,
    pub(super) done: Option<Done>,
    pub(super) rendered: Rendered,
    /// The cookies of this page that may find what was typed here before.
    pub(super) draft_cookies: Vec<String>,
    /// Whether it is known that none of them does.
    pub(super) draft_lost: Arc<AtomicBool>,
    /// Why nothing that is asked for is carried out now.
    pub(super) postponed: Option<Problem>,
}

/// The context of a page that somebody signed in asks for; anybody else is sent to sign in.
#[derive(Debug, Clone)]
pub(super) struct ActorContext {
    pub(super) context: PageContext,
    pub(super) viewer: Viewer,
}

impl PageContext {
    /// What every page knows.
    pub(super) fn shell(&self) -> Shell {
        Shell {
            base: self.base.clone(),
            viewer: self.viewer.clone(),
            path: self.path.clone(),
            flash: self.done.map(|done| match (done, &self.viewer) {
                (Done::NothingChanged, Some(viewer)) => nothing_changed(&viewer.email),
                (done, _) => done.into(),
            }),
            origin: self.origin(),
            held: self.held.first(self.app.env.now()),
            sandbox: self.app.gateway == Some(Gateway::Sandbox),
        }
    }

    /// Where browsers find the site: as it is set, or else as this one asked for it.
    pub(super) fn origin(&self) -> Option<String> {
        if let Some(origin) = self.app.http.public_origins.first() {
            return Some(origin.as_str().to_owned());
        }
        let is_plain = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        let scheme = if self.is_https() { "https" } else { "http" };
        self.api.client().host().filter(is_plain).map(|host| format!("{scheme}://{host}"))
    }

    pub(super) const fn viewer(&self) -> Option<&Viewer> {
        self.viewer.as_ref()
    }

    /// Whether somebody has to confirm their address before they sell.
    pub(super) fn has_to_confirm(&self, viewer: &Viewer) -> bool {
        self.app.confirm_address == ConfirmAddress::Required && !viewer.confirmed
    }

    /// What was done on the page before.
    pub(super) const fn done(&self) -> Option<Done> {
        self.done
    }

    /// The page that is visited, without its query.
    pub(super) fn page(&self) -> &str {
        without_query(&self.path)
    }

    /// The same, under the key by which the API knows a request that comes twice.
    pub(super) fn with_key(&self, key: &str) -> Result<Self, Refusal> {
        if key.is_empty() {
            return Ok(self.clone());
        }
        let key = HeaderValue::from_str(key).map_err(|_| Problem::malformed("the key of the form is no text"))?;
        Ok(Self { api: self.api.clone().with_header(IDEMPOTENCY_KEY, key), ..self.clone() })
    }

    /// The same, for changes of this version alone.
    pub(super) fn for_version(&self, version: u64) -> Self {
        Self { api: self.api.clone().with_header(IF_MATCH, offer_tag(version)), ..self.clone() }
    }

    /// The same with a token that knows how the account is now, and the cookies that the browser has to get.
    pub(super) async fn renewed(&self) -> (Self, Vec<HeaderValue>) {
        let session = Session { api: self.api.clone().acting(None), viewer: None, unsure: None, renewed: Vec::new() };
        let Session { api, renewed, .. } = session.gone_on_with().await;
        (Self { api, ..self.clone() }, renewed)
    }

    /// Reads something from the API.
    pub(super) async fn read<T>(&self, path: &str) -> Result<T, Refusal>
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        answered(Refusal::unless_done(self.api.get(path).await)?)
    }

    /// Asks the API to do something.
    pub(super) async fn post<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<Answer, Refusal> {
        self.unless_postponed()?;
        Refusal::unless_done(self.api.post(path, body).await)
    }

    /// Asks the API to replace something.
    pub(super) async fn put<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<Answer, Refusal> {
        self.unless_postponed()?;
        Refusal::unless_done(self.api.put(path, body).await)
    }

    /// Asks the API to take something away.
    pub(super) async fn delete(&self, path: &str) -> Result<Answer, Refusal> {
        self.unless_postponed()?;
        Refusal::unless_done(self.api.delete(path).await)
    }
}

impl PageContext {
    /// Whether this browser speaks TLS.
    pub(super) const fn is_https(&self) -> bool {
        self.api.client().https
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
pub(super) fn answered<T>(mut answer: Answer) -> Result<T, Refusal>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    answer.value().map_err(|error| Problem::broken(error).into())
}

impl FromRequestParts<App> for PageContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.remove().ok_or_else(|| Problem::broken(NoEntry))
    }
}

impl FromRequestParts<App> for ActorContext {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let context = PageContext::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        match (context.viewer.clone(), &context.unsure) {
            (Some(viewer), _) => Ok(Self { context, viewer }),
            (None, Some(unsure)) => Err(Refusal::of(unsure.clone()).into_response()),
            (None, None) => Err(Onward::to(sign_in_address(&context.path)).into_response()),
        }
    }
}

/// There is nothing to see at the address of a form: a reload leads back to its page.
pub(super) async fn back_to_page(uri: Uri) -> Onward {
    Onward::to(page_of(&Method::POST, &uri))
}

/// The page at an address.
pub(super) fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

/// The page that a request is about; the one with the form, if a form was sent.
pub(super) fn page_of(method: &Method, uri: &Uri) -> String {
    if *method == Method::GET || *method == Method::HEAD {
        return uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    let path = uri.path();
    if path.starts_with("/account/alerts") {
        return "/account/alerts".to_owned();
    }
    if path.starts_with("/account/") && path != "/account/delete" {
        return "/account".to_owned();
    }
    let page = ["/order", "/withdraw", "/pay", "/give-up", "/give-back", "/cancel", "/approve", "/decline", "/checks"]
        .iter()
        .find_map(|form| path.strip_suffix(form));
    page.unwrap_or(path).to_owned()
}

#[derive(Debug, thiserror::Error)]
#[error("a page was asked for past the entry")]
struct NoEntry;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_belongs_to_a_page() {
        let page = |method: Method, uri: &str| page_of(&method, &uri.parse().unwrap());

        assert_eq!(page(Method::GET, "/?q=rock&cursor=x"), "/?q=rock&cursor=x");
        assert_eq!(page(Method::POST, "/tickets/7/order"), "/tickets/7");
        assert_eq!(page(Method::POST, "/tickets/7/edit"), "/tickets/7/edit");
        for form in ["pay", "give-up", "give-back", "cancel"] {
            assert_eq!(page(Method::POST, &format!("/orders/7/{form}")), "/orders/7");
        }
        assert_eq!(page(Method::POST, "/account/sessions/7/revoke"), "/account");
        assert_eq!(page(Method::POST, "/account/alerts/7/end"), "/account/alerts");
        assert_eq!(page(Method::POST, "/sell"), "/sell");
    }
}
