//! `/search/rebuild` for operators: builds the search index of this process again, and tells how far that is.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use ticketing_core::usecase::search::{NoRebuild, RebuildStatus};

use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::state::App;

/// Where a rebuild is asked for and looked at, on the operators' listener.
pub(crate) const PATH: &str = "/search/rebuild";

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(look).post(ask))
}

/// A rebuild, as it is told to an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub(crate) enum Rebuild {
    /// There was none since the process began.
    None,
    /// It is about to begin.
    Asked,
    /// The index is built beside the one in use.
    Building { told: usize },
    /// It is in use, with so many tickets.
    Done { told: usize },
    /// The former index is in use.
    Failed { cause: String },
}

impl From<RebuildStatus> for Rebuild {
    fn from(status: RebuildStatus) -> Self {
        match status {
            RebuildStatus::Asked => Self::Asked,
            RebuildStatus::Building { told } => Self::Building { told },
            RebuildStatus::Done { told } => Self::Done { told },
            RebuildStatus::Failed { cause } => Self::Failed { cause },
            // A status to come says nothing that this release knows.
            _ => Self::None,
        }
    }
}

/// The body of a request: an object without fields. A page of another site cannot send one.
#[derive(Debug, Deserialize)]
struct Nothing {}

async fn look(State(app): State<App>) -> Result<Response, Problem> {
    Ok(Json(Rebuild::from(app.search()?.rebuild_status())).into_response())
}

async fn ask(State(app): State<App>, Json(Nothing {}): Json<Nothing>) -> Result<Response, Problem> {
    let search = app.search()?;
    match search.rebuild() {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(Rebuild::from(search.rebuild_status()))).into_response()),
        Err(error @ NoRebuild) => {
            Ok((StatusCode::CONFLICT, Json(Rebuild::Failed { cause: error.to_string() })).into_response())
        }
    }
}
