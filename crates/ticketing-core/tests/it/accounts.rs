//! Accounts survive a crash at any await: whole, or not there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::assembly::Settings;
use ticketing_core::domain::account::{
    Account, EmailAddress, LinkBinding, LinkClaims, LinkPurpose, Password, PasswordAttempt, PasswordHash,
};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::shutdown::shutdown;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::contacts::LinkToken;
use ticketing_core::ports::identity::{Claims, IdentityError, PasswordHasher, SessionStore, TokenSigner};
use ticketing_core::ports::link_signer::{InvalidLinkToken, LinkSigner};
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::usecase::accounts::{Accounts, ChangePassword, Renewal, SignIn, SignUp};
use ticketing_core::usecase::error::Error;
use ticketing_core::wire::Origin;
use ticketing_memory::FaultPlan;
use uuid::Uuid;

use crate::market::Engines;

/// Keeps passwords as they are, so that nothing but the flow is tested.
#[derive(Debug)]
pub(crate) struct Plain;

#[async_trait]
impl PasswordHasher for Plain {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError> {
        Ok(PasswordHash::new(password.expose().to_owned()))
    }

    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError> {
        Ok(hash.is_some_and(|hash| attempt.spellings().any(|spelling| hash.expose() == spelling)))
    }

    async fn weakness(&self, _: &Password, _: &[String]) -> Result<Option<String>, IdentityError> {
        Ok(None)
    }
}

impl TokenSigner for Plain {
    fn sign(&self, claims: Claims) -> String {
        claims.session.to_string()
    }

    fn jwks(&self) -> String {
        "{\"keys\":[]}".to_owned()
    }
}

impl LinkSigner for Plain {
    fn sign_link(&self, claims: LinkClaims) -> LinkToken {
        let (purpose, binding) = (claims.purpose as u8, u128::from_be_bytes(*claims.binding.bytes()));
        LinkToken::new(&format!("{}_{purpose}_{}_{binding}", claims.account, claims.expires_at.millis()))
    }

    fn verify_link(&self, token: &LinkToken) -> Result<LinkClaims, InvalidLinkToken> {
        read_link(token.expose()).ok_or(InvalidLinkToken)
    }
}

fn read_link(token: &str) -> Option<LinkClaims> {
    let mut parts = token.split('_');
    let account = parts.next()?.parse().ok()?;
    let purpose = match parts.next()? {
        "0" => LinkPurpose::ConfirmAddress,
        _ => LinkPurpose::ResetPassword,
    };
    let expires_at = Timestamp::from_millis(parts.next()?.parse().ok()?);
    let binding = LinkBinding::from_bytes(parts.next()?.parse::<u128>().ok()?.to_be_bytes());
    Some(LinkClaims { account, purpose, expires_at, binding })
}

pub(crate) fn accounts(engines: &Engines, faults: &FaultPlan) -> Accounts {
    let mine = engines.with_faults(faults);
    mine.service_context(Settings::default())
        .accounts(mine.account_ports(Arc::new(Plain), Arc::new(Plain)))
        .expect("they fit together")
        .0
}

pub(crate) fn sign_up() -> SignUp {
    let email = "ada@example.org".parse().expect("an address");
    SignUp::new(email, "brass lantern").device("a test")
}

pub(crate) fn sign_in(password: &str) -> SignIn {
    SignIn::new(sign_up().email, password).device("a test")
}

pub(crate) fn origin() -> Origin {
    Origin::new(Uuid::nil())
}

#[tokio::test]
async fn an_account_of_an_earlier_release_signs_in_and_gets_no_second_one() {
    let engines = Engines::new();
    let accounts = accounts(&engines, &FaultPlan::none());
    for (kept, typed) in [("ada@xn--mnchen-3ya.de", "ada@münchen.de"), ("οδος@example.org", "ΟΔΟΣ@example.org")]
    {
        let (id, hash) = (engines.env.uuid(engines.env.now()), PasswordHash::new("brass lantern".into()));
        let email = EmailAddress::from_stored(kept.to_owned());
        let account = Account::register(AccountId::new(id), email, hash, engines.env.now()).0;
        engines.accounts.commit(UnitOfWork::default().with(Write::insert(account))).await.expect("it is new");
        let email: EmailAddress = typed.parse().expect("an address");

        let signed_in = accounts.sign_in(SignIn::new(email.clone(), "brass lantern"), origin()).await;

        assert_eq!(signed_in.expect("it is their account").account, AccountId::new(id));
        let second = accounts.sign_up(SignUp::new(email, "brass lantern"), origin()).await;
        assert!(matches!(second, Err(Error::EmailTaken)), "{typed}");
    }
    let [small, capital] = ["σσ@example.org", "ΣΣ@example.org"]
        .map(|email| SignUp::new(email.parse().expect("an address"), "brass lantern"));
    accounts.sign_up(small, origin()).await.expect("it is free");
    assert!(matches!(accounts.sign_up(capital, origin()).await, Err(Error::EmailTaken)), "one mailbox, one account");
}

#[tokio::test]
async fn a_service_that_follows_nobody_publishes_while_it_runs() {
    let engines = Engines::new();
    let context = engines.service_context(Settings::default());
    let (accounts, loops) =
        context.accounts(engines.account_ports(Arc::new(Plain), Arc::new(Plain))).expect("they fit together");
    let (stop, stopped) = shutdown();
    let running = tokio::spawn(loops.run(engines.env.clone(), stopped, &|task| drop(tokio::spawn(task))));
    tokio::task::yield_now().await;
    engines.clock.run(accounts.sign_up(sign_up(), origin())).await.expect("an account");

    let published = async {
        while !engines.accounts.outbox().is_empty() {
            engines.env.clock.sleep(Duration::from_millis(20)).await;
        }
    };
    engines.clock.run(published).await;
    stop.request();
    engines.clock.run(running).await.expect("it stops").expect("no loop ends early");
}

#[tokio::test]
async fn signing_up_survives_a_crash_anywhere() {
    let mut step = 0;
    loop {
        let engines = Engines::new();
        let crash = FaultPlan::crash_at(Arc::new(engines.clock.clone()), step);
        let told = engines.clock.run(accounts(&engines, &crash).sign_up(sign_up(), origin())).await;

        let kept = engines.accounts.account_by_email(&sign_up().email).await.unwrap();
        assert_eq!(
            engines.accounts.outbox().len(),
            usize::from(kept.is_some()),
            "state and event are one, at step {step}"
        );
        let healthy = accounts(&engines, &FaultPlan::none());
        match healthy.sign_up(sign_up(), origin()).await {
            Ok(_) => assert!(told.is_err() && kept.is_none(), "an acknowledged account is gone, at step {step}"),
            Err(error) => assert!(matches!(error, Error::EmailTaken) && kept.is_some(), "{error} at step {step}"),
        }
        assert!(healthy.sign_in(sign_in("brass lantern"), origin()).await.is_ok());
        if told.is_ok() {
            assert!(step > 4, "there is something to crash in");
            return;
        }
        step += 1;
    }
}

#[tokio::test]
async fn changing_a_password_survives_a_crash_anywhere() {
    let mut step = 0;
    loop {
        let engines = Engines::new();
        let healthy = accounts(&engines, &FaultPlan::none());
        let here = healthy.sign_up(sign_up(), origin()).await.unwrap();
        let elsewhere = healthy.sign_in(sign_in("brass lantern"), origin()).await.unwrap();
        let crash = FaultPlan::crash_at(Arc::new(engines.clock.clone()), step);
        let (account, session) = (here.account, here.access.claims.session);
        let (current, new) = ("brass lantern".to_owned(), "copper lantern".to_owned());
        let command = ChangePassword { account, session, current, new };
        let told = accounts(&engines, &crash).change_password(command, origin()).await;

        let works = [
            healthy.sign_in(sign_in("brass lantern"), origin()).await,
            healthy.sign_in(sign_in("copper lantern"), origin()).await,
        ];
        assert!(works[0].is_ok() != works[1].is_ok(), "one password at a time, at step {step}");
        let goes_on = healthy.refresh(&elsewhere.refresh).await.is_ok();
        assert!(works[0].is_ok() == goes_on, "a session ends with its password, at step {step}");
        if matches!(told, Ok(Renewal::Tokens(_))) {
            let alive = engines.sessions.sessions_of(account).await.unwrap();
            assert!(works[1].is_ok() && alive.len() == 2, "this session and the new one: {alive:?}");
            return;
        }
        step += 1;
    }
}
