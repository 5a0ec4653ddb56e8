//! People with accounts, who sign in again when their session is over.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::market::{Ask, Market, Reply, Silence};

const PASSWORD: &str = "brass lantern quay 42";

/// How long somebody asks again who gets no answer: much longer than any fault lasts.
const PATIENCE: Duration = Duration::from_secs(300);

/// A little less than a token is believed.
const TOKEN_LASTS: Duration = Duration::from_secs(4 * 60 + 50);

/// Somebody with an account.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    /// The name of the account.
    pub(crate) id: Uuid,
    session: Mutex<Session>,
}

#[derive(Debug, Clone)]
struct Session {
    token: Arc<str>,
    since: Instant,
}

/// An answer, and whether requests before it had none, so that it may be the answer to one of those.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) unsure: bool,
}

impl Person {
    /// Opens an account; `None` if nobody answered for much too long.
    pub(crate) async fn sign_up(market: &Market, email: String) -> Option<Self> {
        let sign_up = credentials("sign up", "/api/users/signup", &email);
        let answer = patiently(|_| market.ask(&sign_up, None)).await?;
        let answer = match answer.reply.status {
            201 => answer,
            // The account was opened by a request whose answer was lost.
            409 if answer.unsure => Self::sign_in(market, &email).await?,
            _ => return None,
        };
        let id = answer.reply.text("id").parse().ok()?;
        Some(Self { email, id, session: Mutex::new(Session::begun(&answer.reply)?) })
    }

    /// Signs in once more, beside whoever is signed in.
    pub(crate) async fn sign_in(market: &Market, email: &str) -> Option<Answer> {
        let sign_in = credentials("sign in", "/api/users/signin", email);
        let answer = patiently(|_| market.ask(&sign_in, None)).await?;
        (answer.reply.status == 200).then_some(answer)
    }

    /// Asks until there is an answer, through both doors in turn where there are two.
    ///
    /// `None` if nobody answered for much too long.
    pub(crate) async fn insist(&self, market: &Market, ask: &Ask) -> Option<Answer> {
        let elsewhere = ask.clone().at(ask.door.other());
        let has_two_doors = ask.path.starts_with("/api/orders");
        patiently(|attempt| {
            let ask = if has_two_doors && attempt % 2 == 1 { &elsewhere } else { ask };
            self.ask(market, ask)
        })
        .await
    }

    /// Asks once, and once more with a new session if the old one is over.
    pub(crate) async fn ask(&self, market: &Market, ask: &Ask) -> Result<Reply, Silence> {
        let session = self.session.lock().await.clone();
        let reply = market.ask(ask, Some(&session.token)).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        if session.since.elapsed() < TOKEN_LASTS {
            // Nobody signed out, so the session was lost.
            market.tally.count("sessions lost", reply.code().to_owned().into());
        }
        let token = self.renewed(market, &session).await.ok_or(Silence::TimedOut)?;
        market.ask(ask, Some(&token)).await
    }

    /// The token of a new session; of many who find the old one over, one signs in.
    async fn renewed(&self, market: &Market, over: &Session) -> Option<Arc<str>> {
        let mut session = self.session.lock().await;
        if session.token == over.token {
            let answer = Self::sign_in(market, &self.email).await?;
            *session = Session::begun(&answer.reply)?;
        }
        Some(Arc::clone(&session.token))
    }
}

impl Session {
    fn begun(reply: &Reply) -> Option<Self> {
        Some(Self { token: reply.access_token()?.into(), since: Instant::now() })
    }
}

fn credentials(what: &'static str, path: &str, email: &str) -> Ask {
    Ask::post(what, path, json!({"email": email, "password": PASSWORD}))
}

/// Asks again, a little later each time, until somebody says something that is certain.
async fn patiently<F>(ask: impl Fn(usize) -> F) -> Option<Answer>
where
    F: Future<Output = Result<Reply, Silence>>,
{
    let began = Instant::now();
    let mut attempt = 0;
    while began.elapsed() < PATIENCE {
        let wait = match ask(attempt).await {
            Ok(reply) if !reply.is_unsure() => return Some(Answer { reply, unsure: attempt > 0 }),
            Ok(reply) => reply.retry_after().unwrap_or_default(),
            Err(_) => Duration::ZERO,
        };
        attempt += 1;
        tokio::time::sleep(wait.clamp(Duration::from_millis(200), Duration::from_secs(10))).await;
    }
    None
}
