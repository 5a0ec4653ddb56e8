//! The pages around an account, and the rest.

use ticketing_web::{
    AccountPage, AlertRow, AlertsPage, ApiDocsPage, ApiOperation, ApiParameter, ApiResponse, CatalogFilters,
    ConfirmAddressPage, DeleteAccountPage, EndAlertPage, ErrorPage, FlashKind, ForgotPage, Form, ResetPage, Session,
    SignInPage, SignInValues, SignUpPage, account_page, alerts_page, api_docs_page, confirm_address_page,
    delete_account_page, end_alert_page, error_page, forgot_page, reset_page, sign_in_page, sign_up_page,
};

use crate::samples::{member, texts, told, visitor};

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("sign-in", sign_in_page(sign_in())),
        ("sign-up", sign_up_page(sign_up())),
        ("forgot", forgot_page(ForgotPage { shell: visitor("/forgot"), form: Form::default() })),
        ("reset", reset_page(ResetPage { shell: visitor("/signin"), form: Form::default() })),
        (
            "confirm-address",
            confirm_address_page(ConfirmAddressPage { shell: visitor("/signin"), form: Form::default() }),
        ),
        (
            "delete-account",
            delete_account_page(DeleteAccountPage { shell: member("/account/delete"), form: Form::default() }),
        ),
        ("account", account_page(account())),
        ("alerts", alerts_page(alerts())),
        ("alerts-none", alerts_page(AlertsPage { shell: member("/account/alerts"), ..AlertsPage::default() })),
        ("alert-end", end_alert_page(EndAlertPage { shell: visitor("/"), form: Form::default() })),
        ("not-found", error_page(error())),
        ("api-docs", api_docs_page(api_docs())),
    ]
}

fn sign_in() -> SignInPage {
    let form = Form::new(SignInValues { email: "ada@example.org".into() })
        .alert("This e-mail and password do not go together.");
    SignInPage { shell: visitor("/signin"), form, next: "/sell".into() }
}

fn sign_up() -> SignUpPage {
    let form = Form::new(SignInValues { email: "ada@".into() })
        .refuse("email", "must be an e-mail address such as ada@example.org")
        .refuse("password", "is among those that are tried first");
    SignUpPage { shell: visitor("/signup"), form, next: "/sell".into() }
}

fn account() -> AccountPage {
    let session = |device: &str, current| Session {
        id: device.into(),
        device: device.into(),
        created_at: "2026-11-20T08:00:00Z".into(),
        refreshed_at: "2026-11-22T17:55:00Z".into(),
        current,
    };
    AccountPage {
        shell: told("/account", FlashKind::Success, "The session was revoked."),
        email: "ada.lovelace@example.org".into(),
        is_unconfirmed: true,
        has_alerts: true,
        name: Form::new("Ada Lovelace".into()),
        password: Form::default(),
        sessions: vec![session("Firefox on Linux", true), session("Safari on an iPhone", false)],
    }
}

fn alerts() -> AlertsPage {
    let row = |id: &str, filters| AlertRow { id: id.into(), filters, created_at: "2026-11-20T08:00:00Z".into() };
    let opera = CatalogFilters { q: "opera".into(), city: "Wien".into(), ..CatalogFilters::default() };
    let weekends = CatalogFilters { category: "Concert".into(), days: "weekends".into(), ..CatalogFilters::default() };
    let together = CatalogFilters { places: "4".into(), together: "true".into(), ..opera.clone() };
    AlertsPage {
        shell: member("/account/alerts"),
        is_unconfirmed: false,
        wanted: Some(Form::new(together)),
        alerts: vec![row("a", opera), row("b", weekends)],
    }
}

fn error() -> ErrorPage {
    ErrorPage {
        shell: member("/tickets/none"),
        status: 404,
        title: "There is no such page".into(),
        message: "It may have been moved, or it is not yours to see.".into(),
        reference: Some("0198f3a2-cccc-7ccc-8ccc-cccccccccccc".into()),
    }
}

fn api_docs() -> ApiDocsPage {
    ApiDocsPage {
        shell: visitor("/api/docs"),
        title: "Ticketing API".into(),
        version: "0.1.0".into(),
        description: Some("JSON in camelCase; errors are problem details with a stable code.".into()),
        operations: vec![
            operation("tickets", "GET", "/api/tickets"),
            operation("tickets", "POST", "/api/tickets"),
            operation("orders", "DELETE", "/api/orders/{id}"),
        ],
    }
}

fn operation(tag: &str, method: &str, path: &str) -> ApiOperation {
    let response = |status: &str, description: &str, body: Option<&str>| ApiResponse {
        status: status.into(),
        description: description.into(),
        body: body.map(Into::into),
    };
    ApiOperation {
        tag: tag.into(),
        method: method.into(),
        path: path.into(),
        summary: "Does what it says".into(),
        description: Some("More words about it, which may go on for a while.".into()),
        security: texts(&["cookie", "bearer"]),
        parameters: vec![ApiParameter {
            name: "limit".into(),
            location: "query".into(),
            required: false,
            schema: "integer, 1 to 100".into(),
            description: Some("How many at most.".into()),
        }],
        request: Some("{\n  \"title\": \"Comedy night\"\n}".into()),
        responses: vec![
            response("200", "The tickets", Some("{\n  \"items\": [],\n  \"nextCursor\": null\n}")),
            response("422", "A field is wrong", None),
        ],
    }
}
