//! Where a request for a page enters: who visits is found out, and their cookies are kept up to date.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{Method, StatusCode};

use ticketing_web::{Base, Done};

use crate::http::auth::cookies::cookies_named;
use crate::http::client::ClientInfo;
use crate::http::edge::Postponed;
use crate::http::prefix::Prefix;
use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::state::App;

use super::client::ApiClient;
use super::context::{KeptBack, PageContext, page_of, without_query};
use super::draft::{cookie_of, forget_cookie};
use super::flash::Told;
use super::held::Held;
use super::rendered::Rendered;
use super::session::{Session, put_first};

/// What every page begins with.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) app: App,
    pub(super) api: Router,
    pub(super) rendered: Rendered,
}

/// Finds out who comes, lets them pass, and keeps their cookies up to date.
pub(super) async fn enter(State(entry): State<Entry>, request: Request, next: Next) -> Response {
    passed(&entry, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn passed(entry: &Entry, mut request: Request, next: Next) -> Result<Response, Problem> {
    let client = ClientInfo::in_request(request.extensions())?.clone();
    let trace = RequestTrace::in_request(request.extensions())?.clone();
    let https = client.https;
    let session = Session::find(ApiClient::new(&entry.api, request.headers(), client, trace), request.headers()).await;
    let held = Held::find(&session.api, request.headers(), session.viewer.is_some()).await;
    let path = page_of(request.method(), request.uri());
    let told = Told::read(&request, without_query(&path), https);
    let is_form = request.method() == Method::POST;
    let renewed = session.renewed.clone();
    let context = entry.context(&request, session, Held::clone(&held), told.done);
    let leaving = Leaving { page: context.base.at(context.page()), https, draft_lost: Arc::clone(&context.draft_lost) };
    let takes_draft = is_form && !context.draft_cookies.is_empty();
    let shell = context.shell();
    request.extensions_mut().insert(context);

    let mut response = next.run(request).await;

    put_first(renewed, &mut response);
    told.hand_on(&mut response);
    leaving.forget_draft(takes_draft, &mut response);
    held.forget(https, &mut response);
    if !response.status().is_success() {
        response.extensions_mut().insert(shell);
    }
    Ok(response)
}

/// What is known of the draft of a page when the page is answered.
struct Leaving {
    /// Its address.
    page: String,
    https: bool,
    draft_lost: Arc<AtomicBool>,
}

impl Leaving {
    /// A draft is over once its form was carried out, or it turned out to be lost.
    fn forget_draft(&self, takes_draft: bool, response: &mut Response) {
        let was_kept_back = response.extensions_mut().remove::<KeptBack>().is_some();
        let is_accepted = takes_draft && response.status() == StatusCode::SEE_OTHER && !was_kept_back;
        if is_accepted || self.draft_lost.load(Ordering::Relaxed) {
            let forgotten = forget_cookie(&self.page, self.https);
            response.headers_mut().extend(forgotten.map(|cookie| (SET_COOKIE, cookie)));
        }
    }
}

impl Entry {
    fn context(&self, request: &Request, session: Session, held: Held, done: Option<Done>) -> PageContext {
        let base = Base::new(Prefix::of(request.uri(), request.extensions()).as_str());
        let path = page_of(request.method(), request.uri());
        let cookie = cookie_of(&base.at(without_query(&path)), session.api.client().https);
        let draft_cookies = cookies_named(request.headers(), &cookie).into_iter().map(str::to_owned).collect();
        PageContext {
            base,
            app: App::clone(&self.app),
            api: session.api,
            viewer: session.viewer,
            held,
            unsure: session.unsure,
            draft_cookies,
            draft_lost: Arc::default(),
            postponed: request.extensions().get::<Postponed>().map(|postponed| postponed.0.clone()),
            path,
            done,
            rendered: self.rendered.clone(),
        }
    }
}
