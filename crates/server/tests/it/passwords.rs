//! A change of password is whole or did not happen, whatever becomes of its caller.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use serde_json::{Value, json};
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::{IdentityError, Session, SessionStore, TokenDigest};
use ticketing_server::marketplace::Engines;
use tokio::sync::Semaphore;

use crate::app::{PASSWORD, TestApp};
use crate::sessions::{refresh, who};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends no session before it is let go.
#[derive(Debug)]
struct Slow {
    sessions: Arc<dyn SessionStore>,
    asked: Arc<Semaphore>,
    let_go: Arc<Semaphore>,
}

#[async_trait]
impl SessionStore for Slow {
    async fn create(&self, session: Session) -> Result<(), IdentityError> {
        self.sessions.create(session).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, IdentityError> {
        self.sessions.session(id).await
    }

    async fn refresh(&self, used: TokenDigest, next: Session) -> Result<bool, IdentityError> {
        self.sessions.refresh(used, next).await
    }

    async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, IdentityError> {
        self.sessions.revoke(account, id).await
    }

    async fn revoke_all(&self, account: AccountId, keep: Option<SessionId>) -> Result<(), IdentityError> {
        self.asked.add_permits(1);
        self.let_go.acquire().await.expect("it stays open").forget();
        self.sessions.revoke_all(account, keep).await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError> {
        self.sessions.sessions_of(account).await
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_behind_a_change_of_password_leaves_no_other_session() {
    let (asked, let_go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let exchange = |engines: &mut Engines| {
        let accounts = engines.accounts.as_mut().expect("accounts runs here");
        let sessions = Arc::clone(&accounts.sessions);
        accounts.sessions = Arc::new(Slow { sessions, asked: Arc::clone(&asked), let_go: Arc::clone(&let_go) });
    };
    let app = TestApp::start_over(|_| {}, exchange).await;
    let phone = app.sign_up("ada").await;
    let laptop = app.sign_in(&phone).await;
    let change = json!({"currentPassword": PASSWORD, "password": "velvet anchor tide 77"});

    let request = Box::pin(app.post("/api/users/password").by(&laptop).json(&change).send());
    match select(request, pin!(asked.acquire())).await {
        Either::Left((reply, _)) => panic!("nobody let it go: {reply:?}"),
        Either::Right((asked, request)) => {
            asked.expect("it stays open").forget();
            // The browser is closed between the change and the end of the other sessions.
            drop(request);
        }
    }
    let_go.add_permits(1);

    let ended = async {
        while who(&app, &phone).await != Value::Null {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the other session ends");
    let signed_in = |password: &str| {
        let body = json!({"email": "ada@example.org", "password": password});
        app.post("/api/users/signin").json(&body).send()
    };
    assert_eq!(signed_in("velvet anchor tide 77").await.status, 200, "the change is whole");
    assert_eq!(signed_in(PASSWORD).await.problem(), (401, "wrong_credentials"));
    app.settle().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_in_a_change_of_password_leaves_it_whole_or_undone() {
    for polls in 0..12 {
        let app = TestApp::start().await;
        let phone = app.sign_up("ada").await;
        let laptop = app.sign_in(&phone).await;
        let change = json!({"currentPassword": PASSWORD, "password": "velvet anchor tide 77"});
        let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();

        let mut request = Box::pin(app.post("/api/users/password").by(&laptop).json(&change).send());
        for _ in 0..polls {
            if futures::poll!(&mut request).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(request);
        // What goes on by itself comes to its end.
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > before {
            tokio::task::yield_now().await;
        }

        let old = app.post("/api/users/signin").json(&json!({"email": "ada@example.org", "password": PASSWORD}));
        let is_undone = old.send().await.status == 200;
        assert_eq!(who(&app, &phone).await != Value::Null, is_undone, "after {polls} polls");
        assert_eq!(refresh(&app, &phone).await.status == 204, is_undone, "after {polls} polls");
        assert!(is_undone || polls > 0, "nobody had asked");
        app.settle().await;
    }
}
