//! `/forgot`, `/reset/{token}` and `/confirm/{token}`: what has a letter sent, and where its link leads.
//!
//! An address with a token is a secret: no other site is told it, no page repeats it, and looking at it changes
//! nothing, because programs that look through mail do.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::accounts::{Confirmation, ForgottenPassword, PasswordReset};
use ticketing_api::paths;
use ticketing_web::{
    ConfirmAddressPage, Done, ForgotPage, Form, ResetPage, Shell, SignInValues, confirm_address_page, forgot_page,
    reset_page,
};

use super::context::{ActorContext, PageContext};
use super::form::{Fields, NoFields, Sent, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;

/// Who forgot a password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ForgotForm {
    email: String,
}

impl Fields for ForgotForm {
    const KEPT: &'static [&'static str] = &["email"];
}

pub(super) async fn forgot_form(context: PageContext) -> Html<String> {
    let (context, draft) = context.with_draft().await;
    let typed: ForgotForm = draft.form().unwrap_or_default();
    let form = draft.onto(Form::new(SignInValues { email: typed.email }));
    Html(forgot_page(ForgotPage { shell: context.shell(), form }))
}

pub(super) async fn forgot(context: PageContext, sent: Sent<ForgotForm>) -> Result<Response, Refusal> {
    let forgotten = ForgottenPassword { email: sent.form.email };
    match context.post(paths::FORGOT, &forgotten).await {
        Ok(_) => Ok(Onward::to("/signin").telling(Done::ResetSent).into_response()),
        Err(refusal) => context.ask_again("/forgot", sent.typed, refusal).await,
    }
}

/// Another password.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ResetForm {
    password: String,
}

impl Fields for ResetForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn reset_form(context: PageContext) -> Html<String> {
    Html(reset_page(ResetPage { shell: context.shell_of_link(), form: Form::default() }))
}

pub(super) async fn reset(
    Path(token): Path<String>,
    context: PageContext,
    sent: Sent<ResetForm>,
) -> Result<Response, Refusal> {
    let reset = PasswordReset { token, password: sent.form.password };
    match context.post(paths::RESET, &reset).await {
        Ok(_) => Ok(Onward::to("/signin").telling(Done::PasswordReset).into_response()),
        Err(refusal) if refusal.suits_a_form() => {
            let form = refusal.reason().onto(Form::default());
            let page = reset_page(ResetPage { shell: context.shell_of_link(), form });
            Ok(refusal.page(page).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn confirm_form(context: PageContext) -> Html<String> {
    Html(confirm_address_page(ConfirmAddressPage { shell: context.shell_of_link(), form: Form::default() }))
}

pub(super) async fn confirm(
    Path(token): Path<String>,
    context: PageContext,
    _: Sent<NoFields>,
) -> Result<Response, Refusal> {
    match context.post(paths::CONFIRM, &Confirmation { token }).await {
        Ok(_) => Ok(context.confirmed().await.into_response()),
        Err(refusal) if refusal.suits_a_form() => {
            let form = refusal.reason().onto(Form::default());
            let page = confirm_address_page(ConfirmAddressPage { shell: context.shell_of_link(), form });
            Ok(refusal.page(page).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn send_again(sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    match context.post(paths::CONFIRM_AGAIN, &()).await {
        Ok(_) => Ok(Onward::to("/account").telling(Done::LetterSent).into_response()),
        Err(refusal) => context.ask_again("/account", typed, refusal).await,
    }
}

impl PageContext {
    /// Where somebody goes who confirmed an address; one who is signed in gets a token that knows it.
    async fn confirmed(&self) -> Onward {
        let Some(_) = self.viewer() else {
            return Onward::to("/signin").telling(Done::AddressConfirmed);
        };
        let renewed = self.api.post(paths::REFRESH, &()).await;
        // Without an answer the token of now stays, which knows it in a few minutes.
        let onward = Onward::to("/account").telling(Done::AddressConfirmed);
        if renewed.status.is_success() { onward.with_cookies(&renewed.headers) } else { onward }
    }

    /// The shell of a page whose own address is a secret: no link of it leads back there.
    pub(super) fn shell_of_link(&self) -> Shell {
        Shell { path: "/signin".to_owned(), ..self.shell() }
    }
}
