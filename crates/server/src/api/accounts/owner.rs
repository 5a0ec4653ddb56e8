//! What the owner of an account does with it: a name, a copy of all that is known, and its end.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::accounts::{Deletion, ExportBody, Renaming};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::usecase::accounts::{DeleteAccount, Rename};
use ticketing_core::usecase::error::Error;

use crate::http::auth::actor::Change;
use crate::http::auth::cookies::SessionCookies;
use crate::http::extract::Json;
use crate::http::limits::SignInTry;
use crate::http::problem::Problem;
use crate::state::{Actor, App};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rename)).routes(routes!(export)).routes(routes!(delete_account))
}

/// Changes what the owner of the account is called.
#[utoipa::path(put, path = "/api/users/name", tag = "accounts", request_body = Renaming,
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The name is this one"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 422, description = "`invalid`: `displayName`"),
))]
async fn rename(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Json(Renaming { display_name }): Json<Renaming>,
) -> Result<StatusCode, Problem> {
    let name = display_name.as_deref().map(DisplayName::parse).transpose().map_err(Error::from)?.flatten();
    let command = Rename { account: actor.account, name };
    app.metrics.use_case("rename", app.accounts()?.rename(command, origin)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns all that the accounts service knows about the owner of the account.
///
/// What somebody sold, ordered and paid is in the lists of tickets, orders and payments.
#[utoipa::path(get, path = "/api/users/export", tag = "accounts",
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = ExportBody, description = "The account and its sessions, as a file"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
))]
async fn export(State(app): State<App>, actor: Actor) -> Result<Response, Problem> {
    let session = actor.session()?;
    let known = app.metrics.use_case("export_data", app.accounts()?.export_data(actor.account)).await?;
    let as_file = [(CONTENT_DISPOSITION, "attachment; filename=\"account.json\"")];
    Ok((as_file, Json(ExportBody::new(known, session))).into_response())
}

/// Deletes the account for good, with all that is known about its owner, and ends its sessions.
///
/// Access tokens that services cannot check against a session are good until they run out.
#[utoipa::path(post, path = "/api/users/delete", tag = "accounts", request_body = Deletion,
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The account is gone, and its address is free"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 422, description = "`invalid`: `password`"),
    (status = 429, description = "`rate_limited`"),
))]
async fn delete_account(
    State(app): State<App>,
    Change { actor, origin }: Change,
    attempt: SignInTry,
    Json(Deletion { password }): Json<Deletion>,
) -> Result<Response, Problem> {
    let (accounts, metrics) = (app.accounts()?.clone(), app.metrics.clone());
    // A session does not make guessing faster.
    let admitted = attempt.admit(&app, &accounts.account(actor.account).await?.email).await?;
    let command = DeleteAccount { account: actor.account, password };
    // A separate task, which goes on if the browser goes away: what was begun ends the sessions, too.
    let deletion = tokio::spawn(async move {
        let deleted = metrics.use_case("delete_account", accounts.delete_account(command, origin)).await;
        drop(admitted);
        deleted
    });
    deletion.await.map_err(Problem::broken)??;
    Ok((StatusCode::NO_CONTENT, SessionCookies::end(attempt.is_https()), ()).into_response())
}
