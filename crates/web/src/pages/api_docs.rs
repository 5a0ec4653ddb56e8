//! The HTTP API, described for people.

use leptos::prelude::*;

use crate::shell::{Shell, document};

/// The description of the HTTP API at `/api/docs`.
#[derive(Clone, Debug, Default)]
pub struct ApiDocsPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The title of the API.
    pub title: String,
    /// Its version.
    pub version: String,
    /// Its purpose.
    pub description: Option<String>,
    /// The operations, grouped by tag in the order in which tags first appear.
    pub operations: Vec<ApiOperation>,
}

/// An operation: a method on a path.
#[derive(Clone, Debug, Default)]
pub struct ApiOperation {
    /// The tag it belongs to.
    pub tag: String,
    /// The method, in upper case.
    pub method: String,
    /// The path, with parameters in braces.
    pub path: String,
    /// A short summary.
    pub summary: String,
    /// The description; line breaks are kept.
    pub description: Option<String>,
    /// Who may call it, such as `cookie` or `bearer`; empty means anybody.
    pub security: Vec<String>,
    /// The parameters in path, query and headers.
    pub parameters: Vec<ApiParameter>,
    /// The schema or an example of the body; line breaks are kept.
    pub request: Option<String>,
    /// The responses.
    pub responses: Vec<ApiResponse>,
}

/// A parameter of an operation.
#[derive(Clone, Debug, Default)]
pub struct ApiParameter {
    /// The name.
    pub name: String,
    /// Its location: `path`, `query` or `header`.
    pub location: String,
    /// Whether it is required.
    pub required: bool,
    /// The type, such as `string (uuid)`.
    pub schema: String,
    /// The description.
    pub description: Option<String>,
}

/// A response of an operation.
#[derive(Clone, Debug, Default)]
pub struct ApiResponse {
    /// The status code.
    pub status: String,
    /// The description.
    pub description: String,
    /// The schema or an example of the body; line breaks are kept.
    pub body: Option<String>,
}

/// Renders the description of the HTTP API.
#[must_use]
pub fn api_docs_page(page: ApiDocsPage) -> String {
    let title = page.title.clone();
    let groups = grouped(page.operations);
    let contents = groups.iter().enumerate().map(group_link).collect_view();
    let groups = groups.into_iter().enumerate().map(group).collect_view();
    let content = view! {
        <div class="title-row">
            <h1 class="title">{page.title}</h1>
            <span class="badge" data-status="version">{page.version}</span>
        </div>
        {page.description.map(|text| view! { <p class="prose">{text}</p> })}
        <p><a class="link" href=page.shell.base.at("/api/openapi.json")>"OpenAPI document"</a></p>
        <nav class="contents" aria-label="Groups"><ul>{contents}</ul></nav>
        {groups}
    };
    document(page.shell, &title, content)
}

type Group = (String, Vec<ApiOperation>);

fn grouped(operations: Vec<ApiOperation>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for operation in operations {
        match groups.iter_mut().find(|(tag, _)| *tag == operation.tag) {
            Some((_, members)) => members.push(operation),
            None => groups.push((operation.tag.clone(), vec![operation])),
        }
    }
    groups
}

fn group_link((index, (tag, _)): (usize, &Group)) -> AnyView {
    view! { <li><a class="link" href=format!("#group-{index}")>{tag.clone()}</a></li> }.into_any()
}

fn group((index, (tag, operations)): (usize, Group)) -> AnyView {
    let operations = operations.into_iter().map(operation).collect_view();
    view! {
        <section class="api-group" aria-labelledby=format!("group-{index}")>
            <h2 class="subtitle" id=format!("group-{index}")>{tag}</h2>
            {operations}
        </section>
    }
    .into_any()
}

fn operation(operation: ApiOperation) -> AnyView {
    let method = operation.method.clone();
    let security = if operation.security.is_empty() { "anyone".to_owned() } else { operation.security.join(" or ") };
    view! {
        <details class="api-operation">
            <summary>
                <span class="api-method" data-method=method>{operation.method}</span>
                <code class="api-path">{operation.path}</code>
                <span class="api-summary">{operation.summary}</span>
            </summary>
            <div class="api-body">
                {operation.description.map(|text| view! { <p class="prose">{text}</p> })}
                <p class="muted">"Who may call it: " {security}</p>
                {parameters(operation.parameters)}
                {operation.request.map(|text| view! { <h3>"Request"</h3> <pre>{text}</pre> })}
                {responses(operation.responses)}
            </div>
        </details>
    }
    .into_any()
}

fn parameters(parameters: Vec<ApiParameter>) -> Option<AnyView> {
    if parameters.is_empty() {
        return None;
    }
    let rows = parameters.into_iter().map(parameter).collect_view();
    Some(view! { <h3>"Parameters"</h3> <dl class="api-list">{rows}</dl> }.into_any())
}

fn parameter(parameter: ApiParameter) -> AnyView {
    let required = if parameter.required { "required" } else { "optional" };
    let kind = format!("{} · {} · {required}", parameter.location, parameter.schema);
    view! {
        <div>
            <dt><code>{parameter.name}</code> <span class="muted">{kind}</span></dt>
            <dd>{parameter.description}</dd>
        </div>
    }
    .into_any()
}

fn responses(responses: Vec<ApiResponse>) -> AnyView {
    let rows = responses.into_iter().map(response).collect_view();
    view! { <h3>"Responses"</h3> <dl class="api-list">{rows}</dl> }.into_any()
}

fn response(response: ApiResponse) -> AnyView {
    view! {
        <div>
            <dt><code>{response.status}</code> <span class="muted">{response.description}</span></dt>
            {response.body.map(|text| view! { <dd><pre>{text}</pre></dd> })}
        </div>
    }
    .into_any()
}
