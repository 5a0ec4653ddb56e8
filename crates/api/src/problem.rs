//! Why a request was refused, as problem+json (RFC 9457).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::invalid::Invalid;
use uuid::Uuid;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A field that is wrong, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field, as the request spells it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Cow<'static, str>,
    /// What is expected of it.
    pub message: String,
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// The kind of problem: `urn:ticketing:problem:` and the code.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(example = "urn:ticketing:problem:sold_out"))]
    pub kind: String,
    /// What the status means.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "The state forbids it"))]
    pub title: Cow<'static, str>,
    /// The status code of the answer.
    #[cfg_attr(feature = "openapi", schema(example = 409))]
    pub status: u16,
    /// What is wrong, in a sentence for a person.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "this ticket is sold out"))]
    pub detail: Cow<'static, str>,
    /// A word that never changes, for programs.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "sold_out"))]
    pub code: Cow<'static, str>,
    /// The fields that are wrong; empty if no field is to blame.
    pub errors: Vec<FieldError>,
    /// Identifies the request in the log.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub request_id: Uuid,
}

impl FieldError {
    /// A field, and what is expected of it.
    #[must_use]
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl From<Invalid> for FieldError {
    fn from(invalid: Invalid) -> Self {
        Self::new(invalid.field, invalid.message)
    }
}
