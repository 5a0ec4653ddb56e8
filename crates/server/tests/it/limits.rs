//! Nobody does too much of anything, and nobody keeps anybody else out.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::join;
use futures::stream::FuturesUnordered;
use http::StatusCode;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use ticketing_core::domain::account::{Password, PasswordAttempt, PasswordHash};
use ticketing_core::ports::identity::{IdentityError, PasswordHasher};
use ticketing_core::ports::limits::Quota;
use ticketing_memory::{FaultPlan, ManualClock, MemoryLimiter};
use ticketing_server::config::{Config, Limits};

use crate::app::{Call, PASSWORD, Reply, TestApp, User, id};

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);
const TWO_A_MINUTE: Option<Quota> = Some(Quota { burst: 2, per: Duration::from_secs(60) });

fn guess_at<'a>(app: &'a TestApp, email: &str, address: &str) -> Call<'a> {
    app.post("/api/users/signin").at_address(address).json(&json!({"email": email, "password": "a guess"}))
}

async fn guess(app: &TestApp, name: &str, address: &str) -> Reply {
    guess_at(app, &format!("{name}@example.org"), address).send().await
}

/// The statuses of so many tries, one after the other.
async fn statuses<'a>(count: usize, attempt: impl Fn(usize) -> Call<'a>) -> Vec<StatusCode> {
    let mut statuses = Vec::new();
    for n in 0..count {
        statuses.push(attempt(n).send().await.status);
    }
    statuses
}

fn refused(statuses: &[StatusCode]) -> usize {
    statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count()
}

#[tokio::test]
async fn one_network_guesses_the_password_of_an_account_slowly_and_locks_nobody_out() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_account_and_address = TWO_A_MINUTE).await;
    let ada = app.sign_up("ada").await;
    for _ in 0..2 {
        assert_eq!(guess(&app, "ada", "203.0.113.2").await.problem(), (401, "wrong_credentials"));
    }

    let refused = guess(&app, "ada", "203.0.113.2").await;

    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "rate_limited"), "60"));
    assert!(refused.body["detail"].as_str().unwrap().contains("60 seconds"), "{refused:?}");
    assert_eq!(guess(&app, "ben", "203.0.113.2").await.status, 401);
    let body = json!({"email": ada.email, "password": PASSWORD});
    let owner = app.post("/api/users/signin").at_address("198.51.100.7").json(&body).send().await;
    assert_eq!(owner.status, 200);
    app.pass(Duration::from_secs(60)).await;
    assert_eq!(guess(&app, "ada", "203.0.113.2").await.status, 401);
}

#[tokio::test]
async fn spellings_of_an_address_are_one_account_and_unknown_ones_count_too() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_account = TWO_A_MINUTE).await;
    app.sign_up("ada").await;
    app.pass(Duration::from_secs(600)).await;

    for name in ["ada", "nobody"] {
        let spellings = [format!("{name}@example.org"), format!("{}@Example.ORG", name.to_uppercase())];
        for (n, spelling) in spellings.iter().enumerate() {
            let tried = guess_at(&app, spelling, &format!("203.0.113.{n}")).send().await;
            assert_eq!(tried.problem(), (401, "wrong_credentials"), "{spelling}");
        }
        let refused = guess_at(&app, &spellings[1], "203.0.113.9").send().await;
        assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "rate_limited"), "60"), "{name}");
    }
}

#[tokio::test]
async fn a_browser_that_signed_in_before_comes_in_while_everybody_guesses() {
    let app = TestApp::start_with(|config| {
        config.http.limits.sign_in_per_account = TWO_A_MINUTE;
        config.http.limits.sign_in_per_address = TWO_A_MINUTE;
        config.http.limits.sign_in_of_known_browsers = TWO_A_MINUTE;
    })
    .await;
    let home = "198.51.100.7";
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let sign_up = app.post("/api/users/signup").at_address(home).json(&body).send().await;
    let known = sign_up.cookie("known");
    app.settle().await;
    for address in ["203.0.113.1", "203.0.113.2", home, home] {
        guess(&app, "ada", address).await;
    }
    let sign_in = |cookie: &str| {
        let call = app.post("/api/users/signin").at_address(home).header("cookie", &format!("known={cookie}"));
        call.header("sec-fetch-site", "same-origin").json(&body).send()
    };

    assert_eq!(sign_in("").await.problem(), (429, "rate_limited"));
    assert_eq!(sign_in(&known.replace('-', "-1")).await.problem(), (429, "rate_limited"));
    assert_eq!((sign_in(&known).await.status, sign_in(&known).await.status), (StatusCode::OK, StatusCode::OK));
    // A thief of the cookie guesses no faster.
    assert_eq!(sign_in(&known).await.problem(), (429, "rate_limited"));
}

#[tokio::test]
async fn a_browser_is_known_only_for_its_own_account() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_account = TWO_A_MINUTE).await;
    app.sign_up("ada").await;
    let body = json!({"email": "eve@example.org", "password": PASSWORD});
    let known = app.post("/api/users/signup").json(&body).send().await.cookie("known");
    app.settle().await;
    let as_eve = |n: usize| {
        let call = guess_at(&app, "ada@example.org", &format!("203.0.113.{n}"));
        call.header("cookie", &format!("known={known}")).header("sec-fetch-site", "same-origin")
    };

    assert_eq!(refused(&statuses(5, as_eve).await), 4, "one try was Ada's sign-up");
}

#[tokio::test]
async fn the_current_password_is_guessed_no_faster_than_at_sign_in() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_account_and_address = TWO_A_MINUTE).await;
    let ada = app.sign_up("ada").await;
    let change = json!({"currentPassword": "a guess", "password": "another lantern 42 quay"});
    let change = |_| app.post("/api/users/password").at_address("203.0.113.1").by(&ada).json(&change);

    let statuses = statuses(4, change).await;

    assert_eq!(statuses, [422, 422, 429, 429].map(|status| StatusCode::from_u16(status).unwrap()));
}

#[tokio::test]
async fn one_address_guesses_slowly() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_address = TWO_A_MINUTE).await;
    for name in ["ada", "ben"] {
        assert_eq!(guess(&app, name, "203.0.113.1").await.status, 401);
    }

    assert_eq!(guess(&app, "eve", "203.0.113.1").await.problem(), (429, "rate_limited"));
    assert_eq!(guess(&app, "eve", "203.0.113.2").await.status, 401);
}

#[tokio::test]
async fn changes_of_one_address_are_limited_and_reading_is_not() {
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = TWO_A_MINUTE).await;
    let write = || app.post("/api/users/refresh").at_address("203.0.113.1").send();

    assert_eq!((write().await.status.as_u16(), write().await.status.as_u16()), (401, 401));
    assert_eq!(write().await.problem(), (429, "rate_limited"));
    assert_eq!(app.get("/api/tickets").at_address("203.0.113.1").send().await.status, 200);
}

#[tokio::test]
async fn a_customer_with_many_networks_is_limited_as_one() {
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = TWO_A_MINUTE).await;
    let write = |network: &str| {
        let peer = format!("[2001:db8:{network}::1]");
        app.post("/api/users/refresh").at_address(&peer)
    };

    let statuses = statuses(100, |n| write(&format!("1:{n:x}"))).await;

    assert_eq!(statuses.len() - refused(&statuses), 8, "a /48 may do four times what each /64 may");
    assert_eq!(write("2:1").send().await.status, 401);
}

#[tokio::test]
async fn what_one_network_is_denied_uses_up_nothing_of_its_neighbours() {
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = TWO_A_MINUTE).await;
    let write = |network: usize| app.post("/api/users/refresh").at_address(&format!("[2001:db8:1:{network:x}::1]"));
    assert_eq!(refused(&statuses(50, |_| write(1)).await), 48);

    for neighbour in 2..5 {
        assert_eq!(refused(&statuses(2, |_| write(neighbour)).await), 0, "{neighbour}");
    }
    assert_eq!(write(5).send().await.problem(), (429, "rate_limited"), "the /48 has done four times as much");
}

#[tokio::test]
async fn what_one_account_is_denied_uses_up_nothing_of_its_network() {
    let app = TestApp::start_with(|config| {
        config.http.limits.payments_per_account = TWO_A_MINUTE;
        config.http.limits.payments_per_address = Some(Quota { burst: 4, per: Duration::from_secs(60) });
    })
    .await;
    let (ben, eve) = (app.sign_up("ben").await, app.sign_up("eve").await);
    let body = json!({"orderId": uuid::Uuid::nil(), "token": "tok_visa"});
    let pay = |user: &User| app.post("/api/payments").by(user).at_address("203.0.113.1").json(&body);

    assert_eq!(refused(&statuses(10, |_| pay(&eve)).await), 8);
    assert_eq!(refused(&statuses(2, |_| pay(&ben)).await), 0);
}

#[tokio::test]
async fn guesses_at_one_account_that_are_denied_use_up_nothing_of_their_network() {
    let app = TestApp::start_with(|config| {
        config.http.limits.sign_in_per_account_and_address = TWO_A_MINUTE;
        config.http.limits.sign_in_per_address = Some(Quota { burst: 3, per: Duration::from_secs(60) });
    })
    .await;
    let guesses = statuses(10, |_| guess_at(&app, "eve@example.org", "203.0.113.1")).await;

    assert_eq!(refused(&guesses), 8);
    assert_eq!(guess(&app, "ada", "203.0.113.1").await.status, 401);
    assert_eq!(guess(&app, "ben", "203.0.113.1").await.status, 429);
}

#[tokio::test]
async fn a_door_lets_a_crowd_in_by_the_limits_that_bind_by_default() {
    let app = TestApp::start_with(|config| config.http.limits = Limits::default()).await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 5).await;
    app.pass(Duration::from_secs(120)).await;
    let path = format!("/api/doors/{}/checks", id(&ticket));
    let check = |_| app.post(&path).at_address("203.0.113.9").by(&sally).json(&json!({"pass": "ZZZ-ZZZ"}));

    let checks = statuses(250, check).await;

    assert_eq!(checks.len() - refused(&checks), 240, "as many as an account may try at once");
    let change = app.post("/api/users/refresh").at_address("203.0.113.9").send().await;
    assert_eq!(change.status, 401, "and none of them is a change of the network");
}

#[tokio::test]
async fn a_door_lets_in_while_its_network_floods_changes_and_who_has_no_account_is_limited() {
    let limit = |config: &mut Config| {
        config.http.limits.writes_per_address = TWO_A_MINUTE;
        config.http.limits.reads_per_address = Some(Quota { burst: 5, per: Duration::from_secs(60) });
    };
    let app = TestApp::start_with(limit).await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 5).await;
    let home = "203.0.113.1";
    assert_eq!(refused(&statuses(5, |_| app.post("/api/users/refresh").at_address(home)).await), 3);

    let path = format!("/api/doors/{}/checks", id(&ticket));
    let shown = app.post(&path).at_address(home).by(&sally).json(&json!({"pass": "ZZZ-ZZZ"})).send().await;
    let strangers = statuses(9, |_| app.post(&path).at_address(home).json(&json!({"pass": "ZZZ-ZZZ"}))).await;

    assert_eq!(shown.body, json!({"result": "unknown"}));
    assert_eq!(refused(&strangers), 5, "{strangers:?}");
}

#[tokio::test]
async fn signing_in_or_up_or_changing_a_password_is_possible_while_its_network_floods_changes() {
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = TWO_A_MINUTE).await;
    let home = "203.0.113.1";
    let write = || app.post("/api/users/refresh").at_address(home);
    assert_eq!(refused(&statuses(5, |_| write()).await), 3);

    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let up = app.post("/api/users/signup").at_address(home).json(&body).send().await;
    let change = json!({"currentPassword": "a guess", "password": "another lantern 42 quay"});
    app.settle().await;
    let ada = User { email: "ada@example.org".into(), access: up.cookie("access"), refresh: up.cookie("refresh") };
    let signed_in = app.post("/api/users/signin").at_address(home).json(&body).send().await;
    let changed = app.post("/api/users/password").at_address(home).by(&ada).json(&change).send().await;

    assert_eq!((up.status.as_u16(), signed_in.status.as_u16(), changed.status.as_u16()), (201, 200, 422));
    let form = format!("email=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
    for path in ["/signin", "/signin/", "/signup"] {
        let call = app.post(path).at_address(home).header("sec-fetch-site", "same-origin");
        let sent = call.bytes("application/x-www-form-urlencoded", form.clone()).send().await;
        assert!(matches!(sent.status.as_u16(), 303 | 308), "{path}: {sent:?}");
        assert_eq!(sent.cookie("access").is_empty(), path != "/signin", "{path}: {sent:?}");
    }
    assert_eq!(write().send().await.status, 429, "nothing else is free");
    app.settle().await;
}

/// A line of passwords that stands still until it is moved.
#[derive(Debug, Clone)]
struct StandingLine {
    hasher: Arc<dyn PasswordHasher>,
    came: watch::Sender<usize>,
    moves: Arc<Semaphore>,
}

#[async_trait]
impl PasswordHasher for StandingLine {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError> {
        self.hasher.hash(password).await
    }

    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError> {
        self.came.send_modify(|came| *came += 1);
        self.moves.acquire().await.expect("nobody closes it").forget();
        self.hasher.verify(attempt, hash).await
    }

    async fn weakness(&self, password: &Password, hints: &[String]) -> Result<Option<String>, IdentityError> {
        self.hasher.weakness(password, hints).await
    }
}

impl StandingLine {
    /// Begins a marketplace in which each network has two places in the line.
    async fn start() -> (TestApp, Self) {
        let mut line = None;
        let app = TestApp::start_over(
            |config| config.http.passwords_per_address = 2,
            |engines| {
                let accounts = engines.accounts.as_mut().expect("accounts runs here");
                let hasher = Arc::clone(&accounts.hasher);
                let standing = Self { hasher, came: watch::Sender::new(0), moves: Arc::new(Semaphore::new(0)) };
                accounts.hasher = Arc::new(line.insert(standing).clone());
            },
        )
        .await;
        (app, line.expect("the engines were exchanged"))
    }

    /// What somebody is answered who comes when a network fills its places, and who stands in line then.
    async fn admits_beside_a_crowd(&self, app: &TestApp, other: Call<'_>) -> Reply {
        let guesses = (0..10).map(|n| guess_at(app, &format!("eve{n}@example.org"), "203.0.113.1").send());
        let mut crowd: FuturesUnordered<_> = guesses.collect();
        let refused: Vec<_> = timeout(PATIENCE, crowd.by_ref().take(8).collect()).await.expect("eight find no place");
        for reply in refused {
            assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "rate_limited"), "1"));
        }

        let mut came = self.came.subscribe();
        let comes = async {
            came.wait_for(|came| *came == 3).await.expect("the line outlives the test");
            self.moves.add_permits(Semaphore::MAX_PERMITS);
        };
        let (reply, ()) = timeout(PATIENCE, join(other.send(), comes)).await.expect("another finds a place");

        assert!(crowd.all(async |guess| guess.status == StatusCode::UNAUTHORIZED).await);
        reply
    }
}

#[tokio::test]
async fn a_browser_that_signed_in_before_comes_in_while_its_network_fills_the_line_of_passwords() {
    let (app, line) = StandingLine::start().await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let known = app.post("/api/users/signup").json(&body).send().await.cookie("known");
    app.settle().await;
    let ada = app.post("/api/users/signin").at_address("203.0.113.1").header("cookie", &format!("known={known}"));
    let ada = ada.header("sec-fetch-site", "same-origin").json(&body);

    assert_eq!(line.admits_beside_a_crowd(&app, ada).await.status, 200);
}

#[tokio::test]
async fn one_network_opens_accounts_slowly() {
    let app = TestApp::start_with(|config| config.http.limits.sign_up_per_address = TWO_A_MINUTE).await;
    let sign_up = |name: String, address: &str| {
        let body = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
        app.post("/api/users/signup").at_address(address).json(&body)
    };

    let opened = statuses(4, |n| sign_up(format!("eve{n}"), "203.0.113.1")).await;
    let around = statuses(12, |n| sign_up(format!("ben{n}"), &format!("[2001:db8:1:{n:x}::1]"))).await;

    assert_eq!((refused(&opened), refused(&around)), (2, 4));
    assert_eq!(sign_up("ada".to_owned(), "203.0.113.2").send().await.status, 201);
    let body = json!({"email": "eve0@example.org", "password": PASSWORD});
    assert_eq!(app.post("/api/users/signin").at_address("203.0.113.1").json(&body).send().await.status, 200);
    app.settle().await;
}

#[tokio::test]
async fn a_look_is_limited_too_and_a_page_says_how_long_to_wait() {
    let app = TestApp::start_with(|config| config.http.limits.reads_per_address = TWO_A_MINUTE).await;
    let look = |path: &str, address: &str| app.get(path).at_address(address).send();

    for (address, first, second) in [("203.0.113.1", "/", "/?q=opera"), ("203.0.113.2", "/api/tickets", "/orders")] {
        assert_ne!(
            (look(first, address).await.status.as_u16(), look(second, address).await.status.as_u16()),
            (429, 429)
        );
        let page = look("/", address).await;
        assert_eq!((page.status.as_u16(), page.header("retry-after")), (429, "60"));
        assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
        assert!(page.body.as_str().unwrap().contains("Try again in 60 seconds."), "{page:?}");
        assert_eq!(look("/api/tickets?q=opera", address).await.problem(), (429, "rate_limited"));
        for free in ["/livez", "/favicon.ico", "/.well-known/jwks.json"] {
            assert_eq!(look(free, address).await.status, 200, "{free}");
        }
    }
    assert_eq!(look("/", "203.0.113.3").await.status, 200);
}

#[tokio::test]
async fn cards_are_tried_slowly() {
    let app = TestApp::start_with(|config| config.http.limits.payments_per_account = TWO_A_MINUTE).await;
    let (sally, ben, eve) = (app.sign_up("sally").await, app.sign_up("ben").await, app.sign_up("eve").await);
    let ticket = app.sell(&sally, 9).await;
    let (order, other) = (app.buy(&ben, &ticket).await, app.buy(&eve, &ticket).await);
    let pay = |user: &User, order: &serde_json::Value, address: &str| {
        let body = json!({"orderId": id(order), "token": "tok_chargeDeclined"});
        app.post("/api/payments").by(user).at_address(address).json(&body).send()
    };

    for address in ["203.0.113.1", "203.0.113.2"] {
        assert_ne!(pay(&ben, &order, address).await.status, 429);
    }
    assert_eq!(pay(&ben, &order, "203.0.113.3").await.problem(), (429, "rate_limited"));
    assert_ne!(pay(&eve, &other, "203.0.113.1").await.status, 429);
    app.settle().await;
}

#[tokio::test]
async fn one_network_does_not_fill_the_line_of_passwords() {
    let (app, line) = StandingLine::start().await;
    let ada = guess_at(&app, "ada@example.org", "203.0.113.2");

    assert_eq!(line.admits_beside_a_crowd(&app, ada).await.status, 401);
    assert_eq!(guess(&app, "eve", "203.0.113.1").await.status, 401, "places are given back");
}

#[tokio::test]
async fn one_network_leaves_room_among_the_listeners() {
    let app = TestApp::start_with(|config| config.http.live_listeners_per_address = 2).await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 1).await;
    let path = format!("/api/tickets/{}/live", id(&ticket));
    let listen = |address: &str| app.get(&path).at_address(address).open();

    let (first, second) = (listen("203.0.113.1").await, listen("203.0.113.1").await);
    let third = listen("203.0.113.1").await;

    assert_eq!((first.status().as_u16(), second.status().as_u16(), third.status().as_u16()), (200, 200, 429));
    assert!(third.headers().contains_key("retry-after"));
    assert_eq!(listen("203.0.113.2").await.status(), 200);
    drop(first);
    assert_eq!(listen("203.0.113.1").await.status(), 200);
}

#[tokio::test]
async fn while_the_limiter_is_silent_each_process_counts_changes_and_nobody_guesses() {
    let away = FaultPlan::counting(Arc::new(ManualClock::default()));
    let limits = |config: &mut Config| {
        let [sign_in_per_address, writes_per_address, payments_per_account] = [TWO_A_MINUTE; 3];
        config.http.limits = Limits { sign_in_per_address, writes_per_address, payments_per_account, ..Limits::OFF };
    };
    let shared = MemoryLimiter::new(Arc::new(ManualClock::default())).with_faults(away.clone());
    let app = TestApp::start_over(limits, |engines| engines.edge.limiter = Arc::new(shared)).await;
    let ada = app.sign_up("ada").await;
    let send = |path: &str, n: usize, body: serde_json::Value| {
        app.post(path).at_address(&format!("203.0.113.{n}")).by(&ada).json(&body)
    };
    away.crash();

    let known = json!({"email": "ada@example.org", "password": PASSWORD});
    let new = json!({"email": "ben@example.org", "password": PASSWORD});
    let change = json!({"currentPassword": PASSWORD, "password": "velvet anchor tide 77"});
    for (n, (path, body)) in [("signin", known), ("signup", new), ("password", change)].into_iter().enumerate() {
        let refused = send(&format!("/api/users/{path}"), n, body).send().await;
        assert_eq!(refused.problem(), (503, "unavailable"), "{path}");
        assert!(!refused.header("retry-after").is_empty(), "{path}");
    }
    let writes = statuses(4, |_| send("/api/users/refresh", 9, json!({}))).await;
    assert_eq!(writes, [204, 204, 429, 429].map(|status| StatusCode::from_u16(status).unwrap()));
    let payment = json!({"orderId": uuid::Uuid::nil(), "token": "tok_visa"});
    let payments = statuses(4, |n| send("/api/payments", 100 + n, payment.clone())).await;
    assert_eq!(payments, [404, 404, 429, 429].map(|status| StatusCode::from_u16(status).unwrap()));
    assert_eq!(app.get("/api/tickets").send().await.status, 200, "who only looks is served");

    away.revive();
    let known = json!({"email": "ada@example.org", "password": PASSWORD});
    assert_eq!(send("/api/users/signin", 9, known).send().await.status, 200, "all count together again");
    app.settle().await;
}

/// What anybody gets who sends as fast as they can.
#[tokio::test]
async fn every_default_binds() {
    let app = TestApp::start_with(|config| config.http.limits = Limits::default()).await;
    let passed = |statuses: Vec<StatusCode>| statuses.len() - refused(&statuses);

    let accounts = statuses(100, |n| guess_at(&app, &format!("ada{n}@example.org"), "203.0.113.1")).await;
    let account = statuses(100, |_| guess_at(&app, "ada@example.org", "203.0.113.2")).await;
    let writes = statuses(200, |_| app.post("/api/users/refresh").at_address("203.0.113.3")).await;
    let looks = statuses(1000, |n| app.get(&format!("/api/tickets?q={n}")).at_address("203.0.113.4")).await;
    let network = |n: usize| format!("[2001:db8:{:x}::1]", n % 1000);
    let ada = app.sign_up("ada").await;
    let payment = json!({"orderId": uuid::Uuid::nil(), "token": "tok_visa"});
    let payments =
        statuses(50, |n| app.post("/api/payments").by(&ada).at_address(&format!("203.0.114.{n}")).json(&payment)).await;
    let everywhere = statuses(1000, |n| guess_at(&app, "eve@example.org", &network(n))).await;
    let credentials = |n: usize| json!({"email": format!("ben{n}@example.org"), "password": PASSWORD});
    let opened = statuses(20, |n| app.post("/api/users/signup").at_address("203.0.113.5").json(&credentials(n))).await;

    let forgot = |email: &str| json!({ "email": email });
    let mailbox = forgot("nobody@example.org");
    let flooded =
        statuses(20, |n| app.post("/api/users/forgot").at_address(&format!("203.0.115.{n}")).json(&mailbox)).await;
    let scattered = statuses(20, |n| {
        app.post("/api/users/forgot").at_address("203.0.113.6").json(&forgot(&format!("nobody{n}@example.org")))
    });
    let scattered = scattered.await;
    let again =
        statuses(20, |n| app.post("/api/users/confirm/again").by(&ada).at_address(&format!("203.0.116.{n}"))).await;

    assert_eq!((passed(flooded), passed(scattered), passed(again)), (2, 5, 2));
    assert_eq!((passed(accounts), passed(account), passed(writes), passed(looks)), (20, 10, 60, 300));
    assert_eq!((passed(payments), passed(everywhere), passed(opened)), (10, 300, 5));
    app.settle().await;
}

#[tokio::test]
async fn only_a_trusted_proxy_speaks_for_others() {
    let app = TestApp::start_with(|config| {
        config.http.limits.writes_per_address = TWO_A_MINUTE;
        config.http.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let write = |peer: &str, client: &str| {
        app.post("/api/users/refresh").at_address(peer).header("x-forwarded-for", client).send()
    };

    for n in 0..4 {
        let through_proxy = write("10.0.0.1", &format!("198.51.100.7, 203.0.113.{n}:{}", 4000 + n)).await;
        assert_eq!(through_proxy.status, 401);
        let pretended = write("203.0.113.200", &format!("198.51.100.{n}")).await;
        assert_eq!(pretended.status.as_u16(), if n < 2 { 401 } else { 429 });
        // Whom the proxy does not name is counted with all whom it does not name.
        let unnamed = write("10.0.0.2", &format!("198.51.100.{n}, unknown")).await;
        assert_eq!(unnamed.status.as_u16(), if n < 2 { 401 } else { 429 });
    }
}

#[tokio::test]
async fn a_proxy_says_whether_the_browser_speaks_tls() {
    let app = TestApp::start_with(|config| {
        config.http.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let secure = async |peer: &str, proto: &str| {
        let reply = app.get("/livez").at_address(peer).header("x-forwarded-proto", proto).send().await;
        !reply.header("strict-transport-security").is_empty()
    };

    for proto in ["https", "HTTPS", "Https", "https, http", " https ,http", "\"https\""] {
        assert!(secure("10.0.0.1", proto).await, "{proto}");
        assert!(!secure("203.0.113.1", proto).await, "{proto}");
    }
    for proto in ["http", "http, https", "", ",https", "httpsx", "https http"] {
        assert!(!secure("10.0.0.1", proto).await, "{proto}");
    }
}
