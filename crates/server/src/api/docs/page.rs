//! `/api/docs`: the description of the API → a page.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_web::{ApiDocsPage, ApiOperation, ApiParameter, ApiResponse, Base, Shell, api_docs_page};

use super::shape::{kind, shape};
use crate::config::Gateway;
use crate::http::prefix::Prefix;
use crate::state::App;

/// For people.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(docs))
}

/// Describes the API for people.
#[utoipa::path(get, path = "/api/docs", tag = "operations",
    responses((status = 200, body = String, description = "A page", content_type = "text/html")))]
async fn docs(State(app): State<App>, prefix: Prefix) -> Response {
    ([(CACHE_CONTROL, "no-cache")], Html(render(&app.docs, shell(&app, &prefix)))).into_response()
}

fn shell(app: &App, prefix: &Prefix) -> Shell {
    Shell {
        base: Base::new(prefix.as_str()),
        path: "/api/docs".to_owned(),
        sandbox: app.gateway == Some(Gateway::Sandbox),
        ..Shell::default()
    }
}

/// Renders a description for people.
fn render(description: &Value, shell: Shell) -> String {
    let info = |name: &str| text(description.pointer(&format!("/info/{name}")));
    api_docs_page(ApiDocsPage {
        shell,
        title: info("title").unwrap_or_default(),
        version: info("version").unwrap_or_default(),
        description: info("description"),
        operations: operations(description),
    })
}

fn operations(description: &Value) -> Vec<ApiOperation> {
    let paths = description.get("paths").and_then(Value::as_object).into_iter().flatten();
    let each = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.filter(|(_, operation)| operation.is_object()).map(move |(method, operation)| (path, method, operation))
    });
    each.map(|(path, method, operation)| ApiOperation {
        tag: text(operation.pointer("/tags/0")).unwrap_or_default(),
        method: method.to_uppercase(),
        path: path.clone(),
        summary: text(operation.get("summary")).unwrap_or_default(),
        description: text(operation.get("description")),
        security: security(operation),
        parameters: list(operation.get("parameters")).map(parameter).collect(),
        request: operation.get("requestBody").and_then(|body| content(body, description)),
        responses: responses(operation, description),
    })
    .collect()
}

fn security(operation: &Value) -> Vec<String> {
    let schemes = list(operation.get("security")).filter_map(Value::as_object);
    schemes.flat_map(|scheme| scheme.keys().cloned()).collect()
}

fn parameter(parameter: &Value) -> ApiParameter {
    ApiParameter {
        name: text(parameter.get("name")).unwrap_or_default(),
        location: text(parameter.get("in")).unwrap_or_default(),
        required: parameter.get("required").and_then(Value::as_bool).unwrap_or_default(),
        schema: parameter.get("schema").map(kind).unwrap_or_default(),
        description: text(parameter.get("description")),
    }
}

fn responses(operation: &Value, description: &Value) -> Vec<ApiResponse> {
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    responses
        .map(|(status, response)| ApiResponse {
            status: status.clone(),
            description: text(response.get("description")).unwrap_or_default(),
            body: content(response, description).filter(|_| status.starts_with('2')),
        })
        .collect()
}

/// The shape of the first content that a body or a response has.
fn content(holder: &Value, description: &Value) -> Option<String> {
    let contents = holder.get("content")?.as_object()?;
    let schema = contents.values().next()?.get("schema")?;
    Some(shape(schema, description))
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
