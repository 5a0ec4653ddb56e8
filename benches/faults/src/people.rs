//! People with accounts, who sign in again when their session is over.

use std::time::Duration;

use ticketing_api::accounts::Credentials;
use ticketing_api::client::{Client, ClientError, Refusal, SignedIn, Tokens};
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::market::{Door, Errand, Market};

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
    tokens: Tokens,
    since: Instant,
}

/// An answer, and whether requests before it had none, so that it may be the answer to one of those.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub(crate) outcome: Result<T, Refusal>,
    pub(crate) unsure: bool,
}

impl Person {
    /// Opens an account; `None` if nobody answered for much too long.
    pub(crate) async fn sign_up(market: &Market, email: String) -> Option<Self> {
        let (client, who) = (market.client(Door::Front), &credentials(&email));
        let answer = patiently(|_| async move { market.counted("sign up", client.sign_up(who).await) }).await?;
        let signed_in = match (answer.outcome, answer.unsure) {
            (Ok(signed_in), _) => signed_in,
            // The account was opened by a request whose answer was lost.
            (Err(refusal), true) if refusal.problem.status == 409 => Self::sign_in(market, &email).await?,
            (Err(_), _) => return None,
        };
        let id = signed_in.account.id.uuid();
        Some(Self { email, id, session: Mutex::new(Session::begun(signed_in)) })
    }

    /// Signs in once more; earlier sessions go on.
    pub(crate) async fn sign_in(market: &Market, email: &str) -> Option<SignedIn> {
        let (client, who) = (market.client(Door::Front), &credentials(email));
        let answer = patiently(|_| async move { market.counted("sign in", client.sign_in(who).await) }).await?;
        answer.outcome.ok()
    }

    /// Asks until there is an answer, through both doors in turn where there are two.
    ///
    /// `None` if nobody answered for much too long.
    pub(crate) async fn insist<T, F>(
        &self,
        market: &Market,
        errand: Errand,
        ask: impl Fn(Client) -> F + Send + Sync,
    ) -> Option<Answer<T>>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let ask = &ask;
        patiently(|attempt| self.ask(market, if attempt % 2 == 0 { errand } else { errand.elsewhere() }, ask)).await
    }

    /// Asks once, and once more with a new session if the old one is over.
    async fn ask<T, F>(
        &self,
        market: &Market,
        Errand { what, door, .. }: Errand,
        ask: impl Fn(Client) -> F + Send + Sync,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let session = self.session.lock().await.clone();
        let client = |tokens| market.client(door).with_tokens(tokens);
        let outcome = market.counted(what, ask(client(session.tokens.clone())).await);
        let code = match &outcome {
            Err(ClientError::Refused(refusal)) if refusal.problem.status == 401 => refusal.problem.code.to_string(),
            _ => return outcome,
        };
        if session.since.elapsed() < TOKEN_LASTS {
            // Nobody signed out, so the session was lost.
            market.tally.count("sessions lost", code.into());
        }
        match self.renewed(market, &session).await {
            Some(tokens) => market.counted(what, ask(client(tokens)).await),
            None => outcome,
        }
    }

    /// The tokens of a new session; of many who find the old one over, one signs in.
    async fn renewed(&self, market: &Market, over: &Session) -> Option<Tokens> {
        let mut session = self.session.lock().await;
        if session.tokens == over.tokens {
            *session = Session::begun(Self::sign_in(market, &self.email).await?);
        }
        Some(session.tokens.clone())
    }
}

impl Session {
    fn begun(signed_in: SignedIn) -> Self {
        Self { tokens: signed_in.tokens, since: Instant::now() }
    }
}

fn credentials(email: &str) -> Credentials {
    Credentials { email: email.to_owned(), password: PASSWORD.to_owned() }
}

/// Asks again, a little later each time, until somebody says something that is certain.
async fn patiently<T, F>(ask: impl Fn(usize) -> F) -> Option<Answer<T>>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let began = Instant::now();
    let mut attempt = 0;
    while began.elapsed() < PATIENCE {
        let outcome = ask(attempt).await;
        let unsure = attempt > 0;
        let wait = match outcome {
            Ok(done) => return Some(Answer { outcome: Ok(done), unsure }),
            Err(ClientError::Refused(refusal)) if !refusal.is_temporary() => {
                return Some(Answer { outcome: Err(*refusal), unsure });
            }
            Err(error) => error.retry_after().unwrap_or_default(),
        };
        attempt += 1;
        tokio::time::sleep(wait.clamp(Duration::from_millis(200), Duration::from_secs(10))).await;
    }
    None
}
