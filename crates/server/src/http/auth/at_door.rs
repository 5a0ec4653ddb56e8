//! By what somebody stands at a door: the key of a door link, or else their account.

use axum::extract::FromRequestParts;
use http::request::Parts;

use ticketing_api::headers::DOOR_KEY;
use ticketing_core::domain::door_links::{DoorAccess, DoorKey};
use ticketing_core::domain::pass::PassRefusal;
use ticketing_core::usecase::error::Error;
use ticketing_core::wire::Origin;

use crate::http::problem::Problem;
use crate::http::trace::RequestTrace;
use crate::state::{Actor, App};

/// Somebody at a door, who may or may not be let near it.
#[derive(Debug)]
pub(crate) struct AtDoor {
    /// By what.
    pub(crate) access: DoorAccess,
    /// Where their events come from.
    pub(crate) origin: Origin,
}

impl FromRequestParts<App> for AtDoor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let access = match parts.headers.get(DOOR_KEY) {
            Some(key) => {
                let key = key.to_str().ok().and_then(|key| key.parse::<DoorKey>().ok());
                key.ok_or(Error::Pass(PassRefusal::NotSeller))?.into()
            }
            None => <Actor as FromRequestParts<App>>::from_request_parts(parts, app).await?.account.into(),
        };
        Ok(Self { access, origin: RequestTrace::in_request(&parts.extensions)?.origin() })
    }
}
