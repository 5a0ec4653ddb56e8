//! What has a letter sent, and what its link does.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::accounts::{Confirmation, ForgottenPassword, PasswordReset};
use ticketing_core::domain::account::{EmailAddress, Password};
use ticketing_core::ports::contacts::LinkToken;
use ticketing_core::ports::error_chain;
use ticketing_core::usecase::accounts::{ConfirmAddress, RequestConfirmation, RequestReset, ResetPassword};
use ticketing_core::usecase::error::Error;

use crate::http::auth::actor::Change;
use crate::http::extract::Json;
use crate::http::limits::{LetterRequest, SignInTry};
use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::state::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(confirm_address))
        .routes(routes!(confirm_again))
        .routes(routes!(forgot_password))
        .routes(routes!(reset_password))
}

/// Confirms the address of an account by the link of a letter.
///
/// Nobody needs to be signed in. Access tokens of before do not know it: refresh them.
#[utoipa::path(post, path = "/api/users/confirm", tag = "accounts", request_body = Confirmation, responses(
    (status = 204, description = "The address is confirmed, now or before"),
    (status = 409, description = "`link_over`: it is an hour old, or not ours"),
    (status = 429, description = "`rate_limited`"),
))]
async fn confirm_address(
    State(app): State<App>,
    trace: RequestTrace,
    Json(Confirmation { token }): Json<Confirmation>,
) -> Result<StatusCode, Problem> {
    let command = ConfirmAddress { token: LinkToken::new(&token) };
    app.metrics.use_case("confirm_address", app.accounts()?.confirm_address(command, trace.origin())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has another letter sent that confirms the address of the account.
#[utoipa::path(post, path = "/api/users/confirm/again", tag = "accounts",
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 202, description = "A letter is on its way, unless the address is confirmed"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 429, description = "`rate_limited`: three letters an hour"),
))]
async fn confirm_again(
    State(app): State<App>,
    Change { actor, origin }: Change,
    letter: LetterRequest,
) -> Result<StatusCode, Problem> {
    letter.admit_confirmation(&app, actor.account).await?;
    let command = RequestConfirmation { account: actor.account };
    app.metrics.use_case("request_confirmation", app.accounts()?.request_confirmation(command, origin)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Has a letter sent with which a forgotten password is replaced, if the address has an account.
///
/// The answer is the same whether it has one, and comes before anybody looks.
#[utoipa::path(post, path = "/api/users/forgot", tag = "accounts", request_body = ForgottenPassword, responses(
    (status = 202, description = "If there is such an account, a letter is on its way"),
    (status = 422, description = "`invalid`: no e-mail address"),
    (status = 429, description = "`rate_limited`: three letters an hour"),
))]
async fn forgot_password(
    State(app): State<App>,
    letter: LetterRequest,
    trace: RequestTrace,
    Json(ForgottenPassword { email }): Json<ForgottenPassword>,
) -> Result<StatusCode, Problem> {
    let email: EmailAddress = email.parse().map_err(Error::from)?;
    letter.admit_reset(&app, &email).await?;
    let place = app.guards.answered_before.clone().try_acquire_owned().map_err(Problem::unavailable)?;
    let (accounts, metrics) = (app.accounts()?.clone(), app.metrics.clone());
    // Not awaited: how long it takes would tell who has an account. If the process ends first, nobody is written to,
    // and anybody who waits for the letter asks again.
    tokio::spawn(async move {
        let asked = metrics.use_case("request_reset", accounts.request_reset(RequestReset { email }, trace.origin()));
        if let Err(error) = asked.await {
            tracing::warn!(request_id = %trace.id, cause = error_chain(&error), "a letter was asked for and is not sent");
        }
        drop(place);
    });
    Ok(StatusCode::ACCEPTED)
}

/// Replaces a forgotten password by the link of a letter, once, and ends every session of the account.
#[utoipa::path(post, path = "/api/users/reset", tag = "accounts", request_body = PasswordReset, responses(
    (status = 204, description = "The password is another now, and the address is confirmed: sign in"),
    (status = 409, description = "`link_over`: it was used, is an hour old, or not ours"),
    (status = 422, description = "`invalid`: a password that is easy to guess"),
    (status = 429, description = "`rate_limited`"),
))]
async fn reset_password(
    State(app): State<App>,
    attempt: SignInTry,
    trace: RequestTrace,
    Json(PasswordReset { token, password }): Json<PasswordReset>,
) -> Result<Response, Problem> {
    let (accounts, metrics) = (app.accounts()?.clone(), app.metrics.clone());
    let token = LinkToken::new(&token);
    // What is no link of ours costs nothing more.
    let claims = accounts.links.verify_link(&token).map_err(|_| Error::LinkOver)?;
    Password::new(password.clone())?;
    let admitted = attempt.admit_reset(&app, claims.account).await?;
    // A separate task, which goes on if the browser goes away: what was begun ends the sessions, too.
    let reset = tokio::spawn(async move {
        let command = ResetPassword { token, password };
        let reset = metrics.use_case("reset_password", accounts.reset_password(command, trace.origin())).await;
        drop(admitted);
        reset
    });
    reset.await.map_err(Problem::broken)??;
    Ok(StatusCode::NO_CONTENT.into_response())
}
