//! The site below a path of another application: nothing leads out of it.

use std::collections::BTreeSet;

use axum::Router;
use http::header::{LOCATION, SET_COOKIE};

use super::Browser;
use crate::app::{PASSWORD, TestApp};

/// The marketplace, of which only what is below `/shop` is served.
async fn mounted() -> TestApp {
    let mut app = TestApp::start().await;
    app.router = Router::new().nest("/shop", app.router.clone());
    app
}

async fn member<'a>(app: &'a TestApp, name: &str) -> Browser<'a> {
    let mut browser = Browser::new(app);
    browser.open("/shop/signup?next=%2Fsell").await;
    let email = format!("{name}@example.org");
    browser.submit("/shop/signup", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/shop/sell"), "{}", browser.html);
    browser
}

/// Every address that a page names, but for places on itself.
fn addresses(browser: &Browser<'_>) -> Vec<String> {
    let named = [("[href]", "href"), ("[src]", "src"), ("[action]", "action"), ("[formaction]", "formaction")];
    let all = named.iter().flat_map(|(selector, name)| browser.attributes(selector, name));
    let own = |address: String| address.trim_start_matches("http://shop.example").to_owned();
    all.filter(|address| !address.starts_with('#')).map(own).collect()
}

/// Whether an address is the front page or below it.
fn is_inside(address: &str) -> bool {
    let rest = address.strip_prefix("/shop");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Opens every page that links lead to from these, and returns them.
async fn crawl(browser: &mut Browser<'_>, from: &[&str]) -> BTreeSet<String> {
    let mut waiting: Vec<String> = from.iter().map(|&path| path.to_owned()).collect();
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        browser.open(&path).await;
        assert!(is_inside(&browser.path), "{path} leads to {}", browser.path);
        assert_eq!(browser.status, 200, "{path}");
        for address in addresses(browser) {
            assert!(is_inside(&address), "{path} names {address}");
        }
        waiting.extend(browser.attributes("a[href^='/'], link[href^='/'], script[src]", "href"));
        waiting.extend(browser.attributes("script[src]", "src"));
    }
    seen
}

#[tokio::test]
async fn no_page_leads_out_of_the_path_that_the_site_is_mounted_at() {
    let app = mounted().await;
    let mut sally = member(&app, "sally").await;
    sally.submit("/shop/sell", &[("title", "Opera"), ("price", "12,50"), ("quantity", "3")]).await;
    let ticket = sally.path.clone();
    let mut ben = member(&app, "ben").await;
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[]).await;
    let paid = ben.path.clone();
    assert!(paid.starts_with("/shop/orders/"), "{}", ben.html);
    ben.submit(&format!("{paid}/pay"), &[]).await;
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[]).await;
    let open = ben.path.clone();

    let (at_sallys, at_bens) = (crawl(&mut sally, &["/shop"]).await, crawl(&mut ben, &["/shop"]).await);
    let visited = crawl(&mut Browser::new(&app), &["/shop", "/shop/api/docs"]).await;

    let edit = format!("{ticket}/edit");
    assert!([&*edit, "/shop/my/tickets", "/shop/account", "/shop/sell"].iter().all(|page| at_sallys.contains(*page)));
    assert!([&paid, &open, &ticket].into_iter().all(|page| at_bens.contains(page)), "{at_bens:?}");
    assert!(visited.contains("/shop/api/openapi.json") && visited.contains(&ticket), "{visited:?}");
}

#[tokio::test]
async fn a_refused_form_waits_at_the_page_below_the_path() {
    let app = mounted().await;
    let mut sally = member(&app, "sally").await;

    sally.submit("/shop/sell", &[("title", "Opera"), ("price", "nothing"), ("quantity", "3")]).await;
    assert_eq!((sally.path.as_str(), sally.value("title").as_str()), ("/shop/sell", "Opera"));

    sally.post("/shop/sell", &[("title".to_owned(), "Opera".to_owned())]).await;
    assert_eq!(sally.headers[LOCATION], "/shop/sell");
    let cookies = sally.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let drafts: Vec<_> = cookies.filter(|cookie| cookie.starts_with("draft-")).collect();
    assert!(!drafts.is_empty() && drafts.iter().all(|cookie| cookie.contains("; Path=/shop/sell;")), "{drafts:?}");
}

#[tokio::test]
async fn who_is_not_signed_in_or_asks_in_vain_stays_below_the_path() {
    let app = mounted().await;
    let mut browser = Browser::new(&app);

    browser.open("/shop/orders?cursor=x").await;
    assert_eq!(browser.path, "/shop/signin?next=%2Forders%3Fcursor%3Dx");
    browser.open("/shop/nowhere").await;
    assert_eq!(browser.status, 404);
    assert!(addresses(&browser).iter().all(|address| is_inside(address)), "{}", browser.html);
    browser.open("/shop/signup").await;
    browser.submit("/shop/signup", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/shop"));
    let slash = app.get("/shop/orders/?cursor=x").send().await;
    assert_eq!((slash.status.as_u16(), slash.header("location")), (308, "/shop/orders?cursor=x"));
}
