//! How often somebody may try to sign in or up, or to give their current password.
//!
//! | counted by | so that |
//! | --- | --- |
//! | account and network together, tightly | nobody guesses the password of one, and locks its owner out elsewhere |
//! | network | nobody tries many accounts |
//! | account alone, widely | nor do many together |
//! | account, for browsers that signed in to it before, first of all | whatever others do, its owner comes in |
//!
//! An account that does not exist is counted like one that does. Signing up is counted by network besides, since
//! each account may hold places.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::HeaderValue;
use http::header::USER_AGENT;
use http::request::Parts;

use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::limits::{LimitError, Quota, Verdict};

use crate::http::auth::devices::{AccountMark, KnownAccounts};
use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::network::{Share, Shares};
use crate::state::{App, DeviceKey};

use super::counting::{allowed, by_network};
use super::letters::tells_of_browser;

/// When to come back to a line that one's own network fills: a hash takes some 30 ms.
const LINE_MOVES: Duration = Duration::from_secs(1);

/// A try to sign in or up, or to give the current password, from some network and some browser.
#[derive(Debug)]
pub(crate) struct SignInTry {
    client: ClientInfo,
    device: String,
    devices: DeviceKey,
    known: KnownAccounts,
}

/// A try that may go on. Its network has one place less in the line of passwords until this is dropped.
#[derive(Debug)]
#[must_use = "the network gets its place back when this is dropped"]
pub(crate) struct Admitted {
    _place: Share,
}

impl FromRequestParts<App> for SignInTry {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let client = ClientInfo::in_request(&parts.extensions)?.clone();
        let devices = app.own_sessions()?.devices.clone();
        let known = devices.known(&parts.headers, client.https, app.env.now());
        let device = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self { client, device: device.unwrap_or("unknown").to_owned(), devices, known })
    }
}

impl SignInTry {
    /// Lets a try for an account pass, unless there were too many.
    ///
    /// # Errors
    ///
    /// [`Problem::rate_limited`], or [`Problem::unavailable`] if the limiter does not answer.
    pub(crate) async fn admit(&self, app: &App, email: &EmailAddress) -> Result<Admitted, Problem> {
        let account = AccountMark::of(email);
        let line = match self.check_as_known(app, &account).await? {
            Verdict::Allowed => &app.guards.passwords_of_known,
            // Not the end: who stole the cookie must not keep its owner out either.
            Verdict::Denied { .. } => {
                self.check_as_stranger(app, &account).await?;
                &app.guards.passwords
            }
        };
        self.take_place(app, line)
    }

    fn take_place(&self, app: &App, line: &Shares) -> Result<Admitted, Problem> {
        let place = line.take(self.client.address).ok_or_else(|| {
            app.metrics.guarded("passwords");
            Problem::rate_limited(LINE_MOVES)
        })?;
        Ok(Admitted { _place: place })
    }

    /// Lets a try to open an account pass, unless there were too many.
    ///
    /// # Errors
    ///
    /// As [`SignInTry::admit`].
    pub(crate) async fn admit_sign_up(&self, app: &App, email: &EmailAddress) -> Result<Admitted, Problem> {
        self.check_network(app, "sign-up", app.http.limits.sign_up_per_address).await?;
        self.admit(app, email).await
    }

    /// Lets a try to replace the password of an account by a link pass, unless there were too many.
    ///
    /// A link that was used tells whether a password is the new one, so this is limited as guessing is.
    ///
    /// # Errors
    ///
    /// As [`SignInTry::admit`].
    pub(crate) async fn admit_reset(&self, app: &App, account: AccountId) -> Result<Admitted, Problem> {
        self.check_network(app, "sign-in", app.http.limits.sign_in_per_address).await?;
        check(app, &format!("reset:{account}"), app.http.limits.sign_in_per_account_and_address).await?;
        self.take_place(app, &app.guards.passwords)
    }

    /// Whether the owner of an account is to be told that this browser signed in.
    pub(crate) async fn is_news(&self, app: &App, email: &EmailAddress) -> bool {
        let account = AccountMark::of(email);
        !self.known.includes(&account) && tells_of_browser(app, &account).await
    }

    /// Whether the browser speaks TLS.
    pub(crate) const fn is_https(&self) -> bool {
        self.client.https
    }

    /// What the browser calls itself.
    pub(crate) fn device(&self) -> String {
        self.device.clone()
    }

    /// The cookie by which this browser is known from now on as one that signed in to an account.
    pub(crate) fn remember(&self, app: &App, email: &EmailAddress) -> HeaderValue {
        let known = self.known.and(AccountMark::of(email), app.env.now());
        self.devices.cookie(&known, self.client.https)
    }

    async fn check_as_known(&self, app: &App, account: &AccountMark) -> Result<Verdict, Problem> {
        if !self.known.includes(account) {
            return Ok(Verdict::Denied { retry_after: Duration::ZERO });
        }
        let Some(quota) = app.http.limits.sign_in_of_known_browsers else { return Ok(Verdict::Allowed) };
        app.limiters.shared.check(&format!("sign-in:known:{account}"), quota).await.map_err(silent)
    }

    /// From the narrowest to the widest, so that what one network is denied uses up nothing of others.
    async fn check_as_stranger(&self, app: &App, account: &AccountMark) -> Result<(), Problem> {
        let limits = &app.http.limits;
        let together = format!("sign-in:{account}");
        self.check_network(app, &together, limits.sign_in_per_account_and_address).await?;
        self.check_network(app, "sign-in", limits.sign_in_per_address).await?;
        check(app, &format!("sign-in:account:{account}"), limits.sign_in_per_account).await
    }

    async fn check_network(&self, app: &App, what: &str, quota: Option<Quota>) -> Result<(), Problem> {
        let Some(quota) = quota else { return Ok(()) };
        let verdict = by_network(&*app.limiters.shared, what, self.client.address, quota).await;
        allowed(app, "sign_ins", verdict.map_err(silent)?)
    }
}

async fn check(app: &App, key: &str, quota: Option<Quota>) -> Result<(), Problem> {
    let Some(quota) = quota else { return Ok(()) };
    allowed(app, "sign_ins", app.limiters.shared.check(key, quota).await.map_err(silent)?)
}

/// Without an answer nobody signs in: guessing passwords must stay limited.
fn silent(error: LimitError) -> Problem {
    Problem::unavailable(error)
}
