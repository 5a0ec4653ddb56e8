//! What a visitor typed before, and where they go when a form is not carried out.

use std::sync::atomic::Ordering;

use axum::response::{IntoResponse, Response};

use ticketing_web::Done;

use crate::http::auth::cookies::CANDIDATES;
use crate::site::draft::{Draft, Keeper, Typed};
use crate::site::onward::{Onward, sign_in_address};
use crate::site::refusal::Refusal;

use super::{KeptBack, PageContext};

impl PageContext {
    /// What was typed at this page before and not accepted, if it is kept; and the context that says so if it is not.
    pub(in crate::site) async fn with_draft(mut self) -> (Self, Draft) {
        if self.draft_cookies.is_empty() {
            return (self, Draft::default());
        }
        let found = Draft::find(&self.app, self.page(), &self.draft_cookies).await;
        // Of more cookies than are tried the good one may be left; and what cannot be found now is not gone.
        if matches!(found, Ok(None)) && self.draft_cookies.len() < CANDIDATES {
            self.draft_lost.store(true, Ordering::Relaxed);
            self.done = self.done.or(Some(Done::EntriesLost));
        }
        let found = found.inspect_err(|error| tracing::debug!(%error, "a form could not be found")).ok().flatten();
        let account = self.viewer.as_ref().map(|viewer| &viewer.id);
        let draft = found.filter(|draft| draft.account.is_none() || draft.account.as_ref() == account);
        (self, draft.unwrap_or_default())
    }

    /// Sends the browser back to the page of a form that was not accepted, and keeps what was typed.
    ///
    /// # Errors
    ///
    /// The refusal, if a form is not the place to tell it, or nothing can be kept now.
    pub(in crate::site) async fn ask_again(
        &self,
        page: &str,
        typed: Typed,
        refusal: Refusal,
    ) -> Result<Response, Refusal> {
        if !refusal.suits_a_form() {
            return Err(refusal);
        }
        let account = self.viewer.as_ref().map(|viewer| viewer.id.clone());
        let path = page.split('?').next().unwrap_or_default().to_owned();
        let draft = Draft { page: path, account, typed, reason: Some(refusal.reason().clone()) };
        match draft.keep(&self.app, self.keeper()).await {
            Some(cookie) => Ok(kept_back(Onward::to(page).with_cookie(cookie))),
            None => Err(refusal),
        }
    }

    /// Asks somebody who is not signed in to do so, and keeps what they typed for the account that opened the form.
    pub(in crate::site) async fn sign_in_first(&self, typed: Typed, opened_by: Option<String>) -> Response {
        if let Err(unsure) = self.unless_unsure() {
            return unsure.into_response();
        }
        let onward = Onward::to(sign_in_address(&self.path));
        self.keeping(onward, typed, opened_by.filter(|account| !account.is_empty())).await
    }

    /// Tells somebody that they are not who opened the form; it is kept for them to look at.
    pub(in crate::site) async fn nothing_changed(&self, typed: Typed, opened_by: Option<String>) -> Response {
        let onward = Onward::to(self.page());
        let onward = match opened_by.as_deref() {
            // Nobody had opened it: they only have to send it again, now that they know who they are.
            Some("") => onward,
            _ => onward.telling(Done::NothingChanged),
        };
        self.keeping(onward, typed, self.viewer.as_ref().map(|viewer| viewer.id.clone())).await
    }

    async fn keeping(&self, onward: Onward, typed: Typed, account: Option<String>) -> Response {
        let draft = Draft { page: self.page().to_owned(), account, typed, reason: None };
        let is_empty = draft.typed.0.is_empty();
        kept_back(match draft.keep(&self.app, self.keeper()).await {
            Some(cookie) => onward.with_cookie(cookie),
            None if is_empty => onward,
            None => onward.telling(Done::EntriesLost),
        })
    }

    fn keeper(&self) -> Keeper<'_> {
        let client = self.api.client();
        Keeper { base: &self.base, network: client.address, https: client.https, cookies: &self.draft_cookies }
    }
}

fn kept_back(onward: Onward) -> Response {
    let mut response = onward.into_response();
    response.extensions_mut().insert(KeptBack);
    response
}
