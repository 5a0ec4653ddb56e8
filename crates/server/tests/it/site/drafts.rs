//! A form is answered by a redirect whatever becomes of it, and what was typed waits at its page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::ports::drafts::{DraftError, DraftStore};
use ticketing_core::ports::limits::Quota;
use ticketing_server::marketplace::Engines;

use super::{Browser, buyer, member, seller};
use crate::app::{PASSWORD, Reply, TestApp, id};

const OFFER: [(&str, &str); 4] =
    [("title", "Opera"), ("description", "Row 7\nand 8"), ("price", "12,50"), ("quantity", "2")];

async fn sign_in(browser: &mut Browser<'_>, name: &str) {
    let email = format!("{name}@example.org");
    browser.submit("/signin", &[("email", &email), ("password", PASSWORD)]).await;
}

/// What lies in the store for the drafts that a browser has cookies of.
async fn kept(app: &TestApp, browser: &Browser<'_>) -> Vec<String> {
    let mut kept = Vec::new();
    for (_, value) in browser.jar.iter().filter(|(name, _)| name.starts_with("draft-")) {
        let (slot, _) = value.split_once('.').expect("a slot and a secret");
        let draft = app.memory.drafts.find(slot).await.expect("memory answers");
        kept.extend(draft.map(|draft| String::from_utf8(draft).expect("JSON")));
    }
    kept
}

#[tokio::test]
async fn a_refused_form_is_answered_by_a_redirect_to_its_page() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    let mut sally = Browser::new(&app);
    sally.open("/signin").await;
    sign_in(&mut sally, "sally").await;
    ben.open("/").await;
    let (mut people, [sally, ben, eve]) = ([sally, ben, Browser::new(&app)], [0, 1, 2]);

    let (pay, edit) = (format!("{order}/pay"), format!("{ticket}/edit"));
    for (who, page, action, wrong) in [
        (ben, order.as_str(), pay.as_str(), ("token", "tok_chargeDeclined")),
        (sally, &edit, &edit, ("title", "")),
        (ben, "/sell", "/sell", ("title", "")),
        (ben, "/account", "/account/password", ("newPassword", "short")),
        (eve, "/signup?next=/sell", "/signup", ("email", "eve@")),
        (eve, "/signin?next=/sell", "/signin", ("email", "eve@")),
    ] {
        let browser = &mut people[who];
        browser.open(page).await;
        let shown = browser.path.clone();
        browser.submit(action, &[wrong]).await;

        let path = browser.path.replace("%2F", "/");
        assert_eq!((browser.posted, browser.status, path), (303, 200, shown), "{action}");
        assert_eq!(browser.texts(".alert").len(), 1, "{action}: {}", browser.html);
        assert!(browser.texts("title")[0].starts_with("Error: "), "{action}");
        // Looking again, or going back to it, asks for nothing to be sent again, and shows the same.
        browser.open(page).await;
        assert_eq!(browser.texts(".alert").len(), 1, "{action}");
    }
}

#[tokio::test]
async fn what_was_typed_survives_signing_in() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    sally.jar.clear();

    sally.submit("/sell", &OFFER).await;
    assert_eq!((sally.posted, sally.path.as_str()), (303, "/signin?next=%2Fsell"));
    sally.submit("/signin", &[("email", "sally@example.org"), ("password", "not the password")]).await;
    sign_in(&mut sally, "sally").await;

    assert_eq!((sally.status, sally.path.as_str(), sally.texts(".alert")), (200, "/sell", vec![]));
    for (field, value) in OFFER {
        assert_eq!(sally.value(field), value, "{field}");
    }
    sally.submit("/sell", &[]).await;
    assert_eq!(sally.texts("h1"), ["Opera"]);
    sally.open("/sell").await;
    assert_eq!((sally.value("title").as_str(), sally.told()), ("", vec![]), "what was accepted is no draft any more");
}

#[tokio::test]
async fn a_visitor_keeps_the_number_they_chose_when_they_sign_up() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = Browser::new(&app);
    ben.open(&ticket).await;

    ben.submit(&format!("{ticket}/order"), &[("quantity", "3")]).await;
    ben.open(&ben.attributes("main a[href^='/signup']", "href")[0].clone()).await;
    // Choosing a password takes a while.
    app.pass(Duration::from_secs(10 * 60)).await;
    ben.submit("/signup", &[("email", "ben@example.org"), ("password", PASSWORD)]).await;

    assert_eq!((ben.path.as_str(), ben.value("quantity").as_str()), (ticket.as_str(), "3"));
    ben.submit(&format!("{ticket}/order"), &[]).await;
    assert_eq!(ben.texts(".fact-total data"), ["37.50 EUR"]);
}

#[tokio::test]
async fn a_price_that_changed_while_somebody_signed_in_is_agreed_to_first() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "5").await;
    let ticket = sally.path.clone();
    member(&app, "ben").await;
    let mut ben = Browser::new(&app);
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[("quantity", "2")]).await;
    sally.open(&format!("{ticket}/edit")).await;
    sally.submit(&format!("{ticket}/edit"), &[("price", "20")]).await;

    sign_in(&mut ben, "ben").await;

    assert_eq!(ben.texts("#another-price data"), ["12.50 EUR", "20.00 EUR"]);
    assert_eq!(ben.texts("form[action$='/order'] button"), ["Agree and order for 20.00 EUR each"]);
}

#[tokio::test]
async fn signing_up_from_a_ticket_leads_back_to_it() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = Browser::new(&app);
    for link in ["header a[href^='/signup']", "header a[href^='/signin']"] {
        ben.open(&ticket).await;
        ben.open(&ben.attributes(link, "href")[0].clone()).await;
        assert_eq!(ben.value("next"), ticket, "{link}");
    }
}

#[tokio::test]
async fn a_form_opened_by_one_account_and_sent_by_another_changes_nothing_and_says_so() {
    let app = TestApp::start().await;
    let sally = seller(&app, "Opera", "5").await;
    let ticket = sally.path.clone();
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    let mut eve = member(&app, "eve").await;
    let mut ben_elsewhere = Browser::new(&app);
    ben_elsewhere.open("/signin").await;
    sign_in(&mut ben_elsewhere, "ben").await;
    ben.open("/account").await;
    let revoke = ben.attributes("a[href$='/revoke']", "href").pop().expect("a session elsewhere");
    // As if it were another ticket: of this one they pay for what they hold.
    ben.jar.remove("held");
    let (edit, withdraw) = (format!("{ticket}/edit"), format!("{ticket}/withdraw"));
    let (pay, cancel, again) = (format!("{order}/pay"), format!("{order}/cancel"), format!("{ticket}/order"));

    let mut people = [sally, ben];
    for (who, page, action) in [
        (0, "/sell", "/sell"),
        (0, &edit, &edit),
        (0, &withdraw, &withdraw),
        (1, &ticket, &again),
        (1, &order, &pay),
        (1, &cancel, &cancel),
        (1, "/account", "/account/password"),
        (1, &revoke, &revoke),
        (1, "/", "/signout"),
    ] {
        let opener = &mut people[who];
        opener.open(page).await;
        let own = std::mem::replace(&mut opener.jar, eve.jar.clone());
        opener.submit(action, &[]).await;
        assert_eq!(opener.posted, 303, "{action}");
        let told = opener.told().concat();
        assert!(told.starts_with("You are now signed in as eve@example.org."), "{action}: {told} {}", opener.html);
        assert!(told.contains("Nothing was changed"), "{action}: {told}");
        opener.jar = own;
    }

    let [mut sally, mut ben] = people;
    ben.open(&order).await;
    assert_eq!(ben.texts("h1"), ["Checkout"], "neither paid nor cancelled");
    ben.open("/account").await;
    assert_eq!(ben.texts(".rows li").len(), 2, "no session was ended");
    sally.open(&ticket).await;
    let stock = [".stock-line .badge", "[data-live-available]"].map(|part| sally.texts(part).concat());
    assert_eq!(stock, ["On sale", "4"]);
    eve.open("/account").await;
    assert_eq!(eve.path, "/account", "nobody was signed out");
    eve.open("/my/tickets").await;
    assert_eq!(eve.texts("td.number"), [""; 0], "nothing was offered in their name");
}

#[tokio::test]
async fn a_form_that_another_sent_is_kept_for_them_to_look_at() {
    let app = TestApp::start().await;
    let mut browser = member(&app, "ada").await;
    let ben = member(&app, "ben").await;
    browser.open("/sell").await;
    browser.jar = ben.jar.clone();

    browser.submit("/sell", &OFFER).await;
    for (field, value) in OFFER {
        assert_eq!(browser.value(field), value, "{field}");
    }
    browser.submit("/sell", &[]).await;

    assert_eq!(
        (browser.texts("h1"), browser.texts(".nav-email")),
        (vec!["Opera".into()], vec!["ben@example.org".into()])
    );
}

#[tokio::test]
async fn what_one_account_typed_is_not_shown_to_another() {
    let app = TestApp::start().await;
    member(&app, "ben").await;
    let mut browser = member(&app, "ada").await;
    browser.open("/sell").await;
    browser.submit("/sell", &[("title", "A secret"), ("price", "none")]).await;
    assert_eq!(browser.value("title"), "A secret");
    browser.submit("/signout", &[]).await;

    browser.open("/sell").await;
    sign_in(&mut browser, "ben").await;
    assert_eq!((browser.value("title").as_str(), browser.texts(".alert"), browser.told()), ("", vec![], vec![]));
    // Nor by a cookie that was copied to another page.
    let copied: Vec<_> =
        browser.jar.iter().filter(|(name, _)| name.starts_with("draft-")).map(|(_, v)| v.clone()).collect();
    assert_eq!(copied.len(), 1);
}

#[tokio::test]
async fn a_draft_is_opened_by_its_own_secret_alone() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    ada.open("/sell").await;
    ada.submit("/sell", &[("title", "A secret"), ("price", "none")]).await;
    let (name, value) = ada.jar.iter().find(|(name, _)| name.starts_with("draft-")).unwrap();
    let (name, (slot, secret)) = (name.clone(), value.split_once('.').unwrap());
    assert_eq!(secret.len(), 32);

    for forged in
        [format!("{slot}."), format!("{slot}.{}", "0".repeat(32)), slot.to_owned(), ".".to_owned(), "x".repeat(4000)]
    {
        let mut thief = Browser::new(&app);
        thief.jar = ada.jar.clone();
        thief.jar.insert(name.clone(), forged.clone());
        thief.open("/sell").await;
        assert_eq!((thief.status, thief.value("title").as_str()), (200, ""), "{forged}");
    }
}

#[tokio::test]
async fn neither_passwords_nor_cards_are_kept() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    ben.submit(&format!("{order}/pay"), &[("token", "tok_chargeDeclined")]).await;
    ben.open("/account").await;
    let typed = [("currentPassword", "wrong lantern quay 42"), ("newPassword", "quiet maple drum 77")];
    ben.submit("/account/password", &typed).await;
    let drafts = kept(&app, &ben).await;
    assert_eq!(drafts.len(), 2, "{drafts:?}");

    let mut eve = Browser::new(&app);
    for page in ["/signin", "/signup"] {
        eve.open(page).await;
        eve.submit(page, &[("email", "ben@example.org"), ("password", "wrong lantern quay 42")]).await;
    }
    let at_the_door = kept(&app, &eve).await;
    assert_eq!(at_the_door.len(), 2, "{at_the_door:?}");

    for draft in drafts.iter().chain(&at_the_door) {
        for secret in ["lantern", "maple", "tok_"] {
            assert!(!draft.contains(secret), "{draft}");
        }
    }
    // What was typed at the door does not wait for who comes after.
    app.lag(Duration::from_secs(2 * 60));
    assert_eq!((kept(&app, &eve).await.len(), kept(&app, &ben).await.len()), (0, 2));
}

#[tokio::test]
async fn a_draft_that_is_gone_is_told_once() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Opera"), ("price", "none")]).await;

    app.pass(Duration::from_secs(16 * 60)).await;

    sally.open("/sell").await;
    let told = "What you entered before is no longer kept. Please fill in the form again.";
    assert_eq!((sally.status, sally.value("title").as_str(), sally.told()), (200, "", vec![told.to_owned()]));
    assert_eq!(sally.texts(".alert"), [""; 0]);
    sally.open("/sell").await;
    assert_eq!(sally.told(), [""; 0]);
}

#[tokio::test]
async fn two_pages_keep_what_was_typed_apart() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = member(&app, "ben").await;
    ben.open("/sell").await;
    ben.submit("/sell", &[("title", "Circus"), ("price", "none")]).await;
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[("quantity", "9")]).await;
    assert_eq!(ben.error("quantity"), "Quantity is more than are left.");

    ben.open("/sell").await;
    assert_eq!((ben.value("title").as_str(), ben.error("price").is_empty()), ("Circus", false));
    ben.open(&ticket).await;
    assert_eq!(ben.value("quantity"), "9");
}

#[tokio::test]
async fn a_form_that_is_too_large_to_keep_is_answered_all_the_same() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;

    sally.submit("/sell", &[("title", "Opera"), ("description", &"x".repeat(40_000)), ("price", "1")]).await;

    assert_eq!((sally.posted, sally.texts("h1")), (422, vec!["Something is not filled in right".to_owned()]));
}

#[tokio::test]
async fn a_sign_in_that_comes_too_often_says_how_long_to_wait() {
    let quota = Quota { burst: 1, per: Duration::from_secs(90) };
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_account = Some(quota)).await;
    let mut ada = Browser::new(&app);
    ada.open("/signin").await;
    for _ in 0..2 {
        ada.submit("/signin", &[("email", "ada@example.org"), ("password", "not the password")]).await;
    }

    assert_eq!((ada.posted, ada.status, ada.value("email").as_str()), (303, 200, "ada@example.org"));
    assert_eq!(ada.texts(".alert p"), ["There were too many tries. Try again in 2 minutes."]);
}

#[tokio::test]
async fn a_form_that_comes_too_often_keeps_what_was_typed_and_says_how_long_to_wait() {
    let quota = Quota { burst: 1, per: Duration::from_secs(5) };
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = Some(quota)).await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Opera"), ("price", "0")]).await;
    assert_eq!(sally.error("price"), "Price must be above zero.");

    sally.submit("/sell", &[("title", "Opera, again"), ("price", "7")]).await;

    assert_eq!((sally.posted, sally.status, sally.path.as_str()), (303, 200, "/sell"));
    assert_eq!((sally.value("title").as_str(), sally.value("price").as_str()), ("Opera, again", "7"));
    assert_eq!(sally.texts(".alert p"), ["There were too many tries. Try again in 5 seconds."]);
    sally.open("/my/tickets").await;
    assert!(!sally.html.contains("Opera"), "nothing was carried out");
}

#[tokio::test]
async fn what_cannot_be_kept_any_more_is_refused_on_a_page_of_its_own() {
    let quota = Quota { burst: 2, per: Duration::from_secs(10) };
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = Some(quota)).await;
    let mut sally = member(&app, "sally").await;
    // Twice as many as changes, since a form that comes too often is kept as well.
    for turn in 0..4 {
        sally.open("/sell").await;
        sally.submit("/sell", &[("title", "Opera"), ("price", "0")]).await;
        assert_eq!(sally.posted, 303, "{turn}");
    }
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Opera"), ("price", "0")]).await;

    assert_eq!((sally.posted, sally.headers["retry-after"].to_str().unwrap()), (429, "10"));
    assert_eq!(sally.texts(".lead"), ["There were too many tries. Try again in 10 seconds."]);
}

#[tokio::test]
async fn what_one_browser_typed_is_not_lost_to_others_of_its_network() {
    let app = TestApp::start().await;
    let mut people: Vec<_> = (0..64).map(|_| Browser::new(&app)).collect();
    for (n, browser) in people.iter_mut().enumerate() {
        // Who tries again goes on where they were.
        for _ in 0..3 {
            browser.open("/signin").await;
            browser.submit("/signin", &[("email", &format!("eve{n}@"))]).await;
            assert_eq!(browser.posted, 303);
        }
    }

    for (n, browser) in people.iter_mut().enumerate() {
        browser.open("/signin").await;
        assert_eq!(browser.value("email"), format!("eve{n}@"));
    }
    // Beyond that there is no room but another's.
    let mut late = Browser::new(&app);
    late.open("/signin").await;
    late.submit("/signin", &[("email", "late@")]).await;
    assert_eq!(late.value("email"), "late@");
}

/// Asks for a page with the cookies of a browser, and others before them.
async fn open_with(app: &TestApp, browser: &Browser<'_>, others: &[String], page: &str) -> Reply {
    let own = browser.jar.iter().map(|(name, value)| format!("{name}={value}"));
    let all: Vec<_> = others.iter().cloned().chain(own).collect();
    app.get(page).header("cookie", &all.join("; ")).send().await
}

#[tokio::test]
async fn a_draft_is_found_behind_cookies_that_find_none() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "A night at the opera"), ("price", "none")]).await;
    let (name, value) = sally.jar.iter().find(|(name, _)| name.starts_with("draft-")).unwrap();
    let (slot, _) = value.split_once('.').unwrap();
    let junk = |n: usize| format!("{name}={slot}.{n:032}");
    let few: Vec<_> = [format!("{name}=junk")].into_iter().chain((0..3).map(junk)).collect();
    let many: Vec<_> = (0..20).map(junk).collect();

    let found = open_with(&app, &sally, &few, "/sell").await;
    let hidden = open_with(&app, &sally, &many, "/sell").await;

    assert!(found.body.as_str().unwrap().contains("A night at the opera"), "{found:?}");
    for page in [found, hidden] {
        assert_eq!((page.status.as_u16(), page.headers.get("set-cookie")), (200, None), "nothing is taken away");
    }
    sally.jar.retain(|name, _| !name.starts_with("draft-"));
    let gone = open_with(&app, &sally, &few, "/sell").await;
    assert_eq!((gone.cookie(name_of(&few[0])).as_str(), gone.headers.contains_key("set-cookie")), ("", true));
}

fn name_of(cookie: &str) -> &str {
    cookie.split('=').next().unwrap_or_default()
}

/// Drafts that are away from time to time.
#[derive(Debug)]
struct Fickle(Arc<dyn DraftStore>, Arc<AtomicBool>);

impl Fickle {
    fn store(&self) -> Result<&dyn DraftStore, DraftError> {
        if self.1.load(Ordering::SeqCst) { Err(DraftError("away".into())) } else { Ok(&*self.0) }
    }
}

#[async_trait]
impl DraftStore for Fickle {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        self.store()?.keep(slot, draft, lasts).await
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        self.store()?.keep_in_free(slots, draft, lasts).await
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        self.store()?.find(slot).await
    }
}

/// A marketplace whose drafts are away while the switch says so.
async fn with_fickle_drafts() -> (TestApp, Arc<AtomicBool>) {
    let is_away = Arc::<AtomicBool>::default();
    let switch = Arc::clone(&is_away);
    let exchange = |engines: &mut Engines| {
        let web = engines.web.as_mut().expect("there are pages");
        web.drafts = Arc::new(Fickle(Arc::clone(&web.drafts), switch));
    };
    let app = TestApp::start_over(|_| {}, exchange).await;
    (app, is_away)
}

#[tokio::test]
async fn a_draft_is_found_again_after_an_outage() {
    let (app, is_away) = with_fickle_drafts().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Opera"), ("price", "none")]).await;

    is_away.store(true, Ordering::SeqCst);
    sally.open("/sell").await;
    assert_eq!((sally.status, sally.value("title").as_str(), sally.told()), (200, "", vec![]));
    is_away.store(false, Ordering::SeqCst);
    sally.open("/sell").await;

    assert_eq!(sally.value("title"), "Opera");
}

#[tokio::test]
async fn who_must_sign_in_first_is_told_that_what_they_typed_is_not_kept() {
    let (app, is_away) = with_fickle_drafts().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Opera"), ("price", "none")]).await;
    let before = sally.jar.clone();
    sally.jar.retain(|name, _| name.starts_with("draft-"));
    is_away.store(true, Ordering::SeqCst);

    sally.submit("/sell", &OFFER).await;

    let told = "What you entered before is no longer kept. Please fill in the form again.";
    assert_eq!((sally.posted, sally.path.as_str()), (303, "/signin?next=%2Fsell"));
    assert_eq!(sally.told(), [told]);
    is_away.store(false, Ordering::SeqCst);
    sally.jar = before.into_iter().filter(|(name, _)| !name.starts_with("draft-")).chain(sally.jar).collect();
    sally.open("/sell").await;
    assert_eq!(sally.value("title"), "Opera", "the draft before it stays");
}

#[tokio::test]
async fn a_description_of_any_line_breaks_is_as_long_as_a_browser_counts() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let mut browser = Browser::new(&app);
    browser.open("/signin?next=/sell").await;
    sign_in(&mut browser, "sally").await;
    // 4,000 by the count of `maxlength`: UTF-16 code units, where a line break is one.
    for (lines, stored) in [("ab\r\n".repeat(1332) + "last", 4000), ("\u{1F3AD}\r\n".repeat(1333), 2665)] {
        browser.open("/sell").await;
        browser.submit("/sell", &[("title", "Opera"), ("description", &lines), ("price", "1")]).await;
        assert_eq!(browser.texts("h1"), ["Opera"], "{}", browser.html);
        let ticket = app.get(&format!("/api{}", browser.path)).send().await.body;
        let description = ticket["description"].as_str().unwrap();
        assert!(!description.contains('\r') && description.contains('\n'));
        assert_eq!(description.chars().count(), stored);
    }
    let too_long = "ab\r\n".repeat(1332) + "last!";
    browser.open("/sell").await;
    browser.submit("/sell", &[("title", "Opera"), ("description", &too_long), ("price", "1")]).await;
    assert_eq!(browser.error("description"), "Description must be at most 4000 characters long.");
    assert_eq!(browser.value("description").replace('\r', "").len(), too_long.replace('\r', "").len());

    let mut offer = crate::app::offer("Opera", 100, 1);
    offer["description"] = "one\r\ntwo\rthree\nfour\r\n".into();
    let ticket = app.sell_as(&sally, &offer).await;
    assert_eq!(ticket["description"], "one\ntwo\nthree\nfour");
    assert_eq!(app.ticket(&ticket).await["description"], "one\ntwo\nthree\nfour", "{}", id(&ticket));
}

#[tokio::test]
async fn every_example_in_a_message_is_accepted() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    for (field, wrong) in [("startsAt", "soon"), ("price", "dear"), ("quantity", "many")] {
        sally.open("/sell").await;
        let right = [("title", "Opera"), ("price", "12.50"), ("startsAt", ""), ("timeZone", "Europe/Vienna")];
        let mut typed: Vec<_> = right.into_iter().filter(|(name, _)| *name != field).collect();
        typed.push((field, wrong));
        sally.submit("/sell", &typed).await;
        let message = sally.error(field) + " " + &sally.texts(&format!("#{field}-hint")).concat();
        let examples: Vec<_> =
            message.split("such as ").skip(1).map(|rest| rest.split_whitespace().next().unwrap()).collect();
        for example in examples.iter().map(|example| example.trim_end_matches('.')) {
            typed.pop();
            typed.push((field, example));
            sally.open("/sell").await;
            sally.submit("/sell", &typed).await;
            assert_eq!(sally.texts("h1"), ["Opera"], "{field} {example}: {}", sally.html);
        }
        assert!(field == "quantity" || !examples.is_empty(), "{field}: {message}");
    }
}
