//! The pages around an account, and the rest.

use ticketing_web::{
    AccountPage, AlertRow, AlertsPage, ApiDocsPage, ApiOperation, ApiParameter, ApiResponse, AskPage,
    ConfirmAddressPage, DeleteAccountPage, EndAlertPage, ErrorPage, ForgotPage, Question, ResetPage, Session,
    SignInPage, SignInValues, SignUpPage, account_page, alerts_page, api_docs_page, ask_page, confirm_address_page,
    delete_account_page, end_alert_page, error_page, forgot_page, reset_page, sign_in_page, sign_up_page,
};

use super::trade::filters;
use super::{shell, visitor, wrong};

pub(crate) fn pages(text: &'static str) -> Vec<(&'static str, String)> {
    vec![
        ("sign in", sign_in_page(sign_in(text))),
        ("sign up", sign_up_page(sign_up(text))),
        ("link asked for", forgot_page(forgot(text))),
        ("link that resets", reset_page(ResetPage { shell: visitor(text), form: wrong((), text, &["password"]) })),
        (
            "link that confirms",
            confirm_address_page(ConfirmAddressPage { shell: visitor(text), form: wrong((), text, &[]) }),
        ),
        (
            "delete an account",
            delete_account_page(DeleteAccountPage { shell: shell(text), form: wrong((), text, &["password"]) }),
        ),
        ("account", account_page(account(text))),
        ("alerts", alerts_page(alerts(text))),
        ("no alerts", alerts_page(AlertsPage { alerts: Vec::new(), ..alerts(text) })),
        ("link that ends an alert", end_alert_page(EndAlertPage { shell: visitor(text), form: wrong((), text, &[]) })),
        ("ask to sign out a device", ask(text, Question::RevokeSession { id: text.into(), device: text.into() })),
        ("ask to sign out others", ask(text, Question::RevokeOtherSessions { count: 2 })),
        ("error", error_page(error(text))),
        ("api docs", api_docs_page(api_docs(text))),
    ]
}

fn sign_in(text: &str) -> SignInPage {
    let values = SignInValues { email: text.into() };
    SignInPage { shell: visitor(text), form: wrong(values, text, &["email", "password"]), next: text.into() }
}

fn forgot(text: &str) -> ForgotPage {
    let SignInPage { shell, form, .. } = sign_in(text);
    ForgotPage { shell, form }
}

fn sign_up(text: &str) -> SignUpPage {
    let SignInPage { shell, form, next } = sign_in(text);
    SignUpPage { shell, form, next }
}

fn account(text: &str) -> AccountPage {
    let session = |current| Session {
        id: text.into(),
        device: text.into(),
        created_at: text.into(),
        refreshed_at: text.into(),
        current,
    };
    AccountPage {
        shell: shell(text),
        email: text.into(),
        is_unconfirmed: true,
        has_alerts: true,
        name: wrong(text.into(), text, &["displayName"]),
        password: wrong((), text, &["currentPassword", "newPassword"]),
        sessions: vec![session(true), session(false)],
    }
}

fn alerts(text: &'static str) -> AlertsPage {
    let row = AlertRow { id: text.into(), filters: filters(text), created_at: text.into() };
    let wanted = Some(wrong(filters(text), text, &["q"]));
    AlertsPage { shell: shell(text), is_unconfirmed: true, wanted, alerts: vec![row] }
}

fn ask(text: &str, question: Question) -> String {
    ask_page(AskPage { shell: shell(text), question })
}

fn error(text: &str) -> ErrorPage {
    ErrorPage {
        shell: shell(text),
        status: 500,
        title: text.into(),
        message: text.into(),
        reference: Some(text.into()),
    }
}

fn api_docs(text: &str) -> ApiDocsPage {
    let operation = ApiOperation {
        tag: text.into(),
        method: text.into(),
        path: text.into(),
        summary: text.into(),
        description: Some(text.into()),
        security: vec![text.into(), text.into()],
        parameters: vec![parameter(text)],
        request: Some(text.into()),
        responses: vec![ApiResponse { status: text.into(), description: text.into(), body: Some(text.into()) }],
    };
    ApiDocsPage {
        shell: shell(text),
        title: text.into(),
        version: text.into(),
        description: Some(text.into()),
        operations: vec![operation.clone(), ApiOperation { tag: "other".into(), ..operation }],
    }
}

fn parameter(text: &str) -> ApiParameter {
    ApiParameter {
        name: text.into(),
        location: text.into(),
        required: true,
        schema: text.into(),
        description: Some(text.into()),
    }
}
