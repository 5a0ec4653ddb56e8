//! `/api/users/*`: signing up, in and out, and the sessions of an account.

mod letters;
mod owner;

use axum::Extension;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::accounts::{AccountBody, Credentials, CurrentUserBody, PasswordChange, SessionBody, SessionList};
use ticketing_core::domain::account::{DisplayName, EmailAddress, Password};
use ticketing_core::domain::ids::SessionId;
use ticketing_core::usecase::accounts::{ChangePassword, Renewal, SignIn, SignUp, SignedIn};
use ticketing_core::usecase::error::Error;

use crate::http::auth::actor::{Bearer, Change};
use crate::http::auth::cookies::SessionCookies;
use crate::http::auth::renew::renew;
use crate::http::client::ClientInfo;
use crate::http::extract::{Json, Named};
use crate::http::limits::{LetterRequest, SignInTry};
use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::state::{Actor, App};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(current_user))
        .routes(routes!(refresh))
        .routes(routes!(change_password))
        .routes(routes!(list_sessions, revoke_other_sessions))
        .routes(routes!(revoke_session))
        .routes(routes!(jwks))
        .merge(letters::routes())
        .merge(owner::routes())
}

/// Opens an account and signs its owner in.
#[utoipa::path(post, path = "/api/users/signup", tag = "accounts", request_body = Credentials, responses(
    (status = 201, body = AccountBody, description = "The account, and the cookies of a session"),
    (status = 409, description = "`email_taken`"),
    (status = 422, description = "`invalid`: no e-mail address, or a password that is easy to guess"),
    (status = 429, description = "`rate_limited`"),
))]
async fn sign_up(
    State(app): State<App>,
    attempt: SignInTry,
    letter: LetterRequest,
    trace: RequestTrace,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<Response, Problem> {
    let email = email.parse::<EmailAddress>();
    let bounds = Password::new(password.clone());
    let email = match (email, bounds) {
        (Ok(email), Ok(_)) => email,
        (email, bounds) => {
            let wrong = [email.err(), bounds.err()];
            return Err(Error::Invalid(wrong.into_iter().flatten().collect()).into());
        }
    };
    let _admitted = attempt.admit_sign_up(&app, &email).await?;
    if app.accounts()?.store.account_by_email(&email).await.map_err(Error::from)?.is_none() {
        letter.admit_first(&app, &email).await?;
    }
    let command = SignUp::new(email, password).device(attempt.device());
    let signed_in = app.metrics.use_case("sign_up", app.accounts()?.sign_up(command, trace.origin())).await?;
    Ok(welcome(StatusCode::CREATED, &signed_in, &app, &attempt))
}

/// Signs somebody in who has an account.
#[utoipa::path(post, path = "/api/users/signin", tag = "accounts", request_body = Credentials, responses(
    (status = 200, body = AccountBody, description = "The account, and the cookies of a session"),
    (status = 401, description = "`wrong_credentials`"),
    (status = 429, description = "`rate_limited`"),
))]
async fn sign_in(
    State(app): State<App>,
    attempt: SignInTry,
    trace: RequestTrace,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<Response, Problem> {
    // What is no address has no account, and more need not be said.
    let email: EmailAddress = email.parse().map_err(|_| Error::WrongCredentials)?;
    let _admitted = attempt.admit(&app, &email).await?;
    let accounts = app.accounts()?;
    let signing_in = async {
        let proved = accounts.prove(SignIn::new(email.clone(), password).device(attempt.device())).await?;
        // Only now: who guesses wrong must not use up the letters by which the owner is told.
        let is_news = attempt.is_news(&app, &email).await;
        accounts.let_in(if is_news { proved.with_new_browser() } else { proved }, trace.origin()).await
    };
    let signed_in = app.metrics.use_case("sign_in", signing_in).await?;
    Ok(welcome(StatusCode::OK, &signed_in, &app, &attempt))
}

fn welcome(status: StatusCode, signed_in: &SignedIn, app: &App, attempt: &SignInTry) -> Response {
    let cookies = SessionCookies::begin(signed_in, app.env.now(), attempt.is_https());
    let cookies = cookies.with(attempt.remember(app, &signed_in.email));
    let body = AccountBody {
        display_name: signed_in.display_name.as_ref().map(DisplayName::to_string),
        confirmed: signed_in.access.claims.confirmed,
        ..AccountBody::new(signed_in.account, &signed_in.email)
    };
    (status, cookies, Json(body)).into_response()
}

/// Ends the session everywhere.
#[utoipa::path(post, path = "/api/users/signout", tag = "accounts",
    security(("cookie" = []), ("bearer" = [])),
    responses((status = 204, description = "The session is over"), (status = 401, description = "`not_signed_in`, `session_over`")))]
async fn sign_out(
    State(app): State<App>,
    actor: Option<Actor>,
    client: ClientInfo,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // A browser that comes back late has only a refresh token, and is to be signed out all the same.
    let actor = match actor {
        Some(actor) => actor,
        None => renew(&app, &headers, &client).await?.access.claims.into(),
    };
    app.metrics.use_case("sign_out", app.accounts()?.sign_out(actor.account, actor.session()?)).await?;
    Ok((StatusCode::NO_CONTENT, SessionCookies::end(client.https), ()).into_response())
}

/// Returns who is signed in.
#[utoipa::path(get, path = "/api/users/currentuser", tag = "accounts",
    responses((status = 200, body = CurrentUserBody, description = "The account, or null")))]
async fn current_user(State(app): State<App>, actor: Option<Actor>) -> Result<Response, Problem> {
    let Some(actor) = actor else { return Ok(Json(CurrentUserBody { current_user: None }).into_response()) };
    let account = app.metrics.use_case("account", app.accounts()?.account(actor.account)).await?;
    let account = AccountBody::from(&account);
    Ok((Extension(actor), Json(CurrentUserBody { current_user: Some(account) })).into_response())
}

/// Exchanges the refresh cookie for the next pair of tokens.
///
/// A refresh token works once; for ten seconds it gives the same pair again, because an answer may be lost.
/// One that comes again later was copied, so its session ends.
#[utoipa::path(post, path = "/api/users/refresh", tag = "accounts", security(("refresh" = [])), responses(
    (status = 204, description = "The next cookies"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
))]
async fn refresh(State(app): State<App>, client: ClientInfo, headers: HeaderMap) -> Result<Response, Problem> {
    let refreshed = renew(&app, &headers, &client).await?;
    let token = Extension(Bearer::new(&refreshed.access.token));
    let cookies = SessionCookies::renew(&refreshed, app.env.now(), client.https);
    Ok((StatusCode::NO_CONTENT, token, cookies, ()).into_response())
}

/// Replaces the password, renews the session and ends all others.
///
/// Tokens of before are worth nothing from then on, but for the access token that was shown, until it runs out.
#[utoipa::path(post, path = "/api/users/password", tag = "accounts", request_body = PasswordChange,
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The password is another now, and the next cookies; none, if an earlier answer to the same change brought them, or if sessions are away: then sign in"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 422, description = "`invalid`: `currentPassword` or `password`"),
    (status = 429, description = "`rate_limited`"),
))]
async fn change_password(
    State(app): State<App>,
    Change { actor, origin }: Change,
    attempt: SignInTry,
    Json(body): Json<PasswordChange>,
) -> Result<Response, Problem> {
    let (account, session) = (actor.account, actor.session()?);
    let (accounts, metrics) = (app.accounts()?.clone(), app.metrics.clone());
    // A session does not make guessing faster.
    let admitted = attempt.admit(&app, &accounts.account(account).await?.email).await?;
    let command = ChangePassword { account, session, current: body.current_password, new: body.password };
    // A separate task, which goes on if the browser goes away: what was begun ends the other sessions, too.
    let change = tokio::spawn(async move {
        let changed = metrics.use_case("change_password", accounts.change_password(command, origin)).await;
        drop(admitted);
        changed
    });
    let renewed = change.await.map_err(Problem::broken)??;
    let secure = attempt.is_https();
    let cookies = match renewed {
        Renewal::Tokens(refreshed) => SessionCookies::renew(&refreshed, app.env.now(), secure),
        Renewal::Kept => return Ok(StatusCode::NO_CONTENT.into_response()),
        Renewal::Over => SessionCookies::end(secure),
    };
    Ok((StatusCode::NO_CONTENT, cookies, ()).into_response())
}

/// Lists the sessions of the account.
#[utoipa::path(get, path = "/api/users/sessions", tag = "accounts",
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = SessionList, description = "The sessions that are alive, newest first"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
))]
async fn list_sessions(State(app): State<App>, actor: Actor) -> Result<Json<SessionList>, Problem> {
    let sessions = app.metrics.use_case("sessions", app.accounts()?.sessions(actor.account)).await?;
    let current = actor.session()?;
    let items = sessions.into_iter().map(|session| SessionBody::new(session, current)).collect();
    Ok(Json(SessionList { items }))
}

/// Ends every session of the account but this one.
#[utoipa::path(delete, path = "/api/users/sessions", tag = "accounts",
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The others are over"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
))]
async fn revoke_other_sessions(State(app): State<App>, actor: Actor) -> Result<StatusCode, Problem> {
    app.metrics
        .use_case("revoke_other_sessions", app.accounts()?.revoke_other_sessions(actor.account, actor.session()?))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one session of the account.
#[utoipa::path(delete, path = "/api/users/sessions/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The id of the session", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "It is over"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`session_not_found`"),
))]
async fn revoke_session(
    State(app): State<App>,
    actor: Actor,
    Named(session): Named<SessionId>,
) -> Result<StatusCode, Problem> {
    app.metrics.use_case("revoke_session", app.accounts()?.revoke_session(actor.account, session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys that verify access tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "accounts",
    responses((status = 200, body = serde_json::Value, description = "A JSON Web Key Set")))]
async fn jwks(State(app): State<App>) -> Result<Response, Problem> {
    let headers = [("content-type", "application/jwk-set+json"), (CACHE_CONTROL.as_str(), "public, max-age=300")];
    Ok((headers, app.accounts()?.signer.jwks()).into_response())
}
