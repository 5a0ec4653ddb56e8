//! What every page keeps to, whatever it is about.

use super::{Browser, buyer, member, seller};
use crate::app::TestApp;

const HOSTILE: &str = "</title></h1><script>alert(1)</script>\"><img src=x onerror='alert(1)'>";

#[tokio::test]
async fn a_title_full_of_markup_is_text_on_every_page() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, HOSTILE, "2").await;
    let ticket = sally.path.clone();
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    assert_is_text(&ben);

    for path in ["/", "/my/tickets", ticket.as_str(), &format!("{ticket}/edit")] {
        sally.open(path).await;
        assert_is_text(&sally);
    }
    for path in ["/orders", ticket.as_str()] {
        ben.open(path).await;
        assert_is_text(&ben);
    }
    ben.open(&format!("{order}/cancel")).await;
    assert_is_text(&ben);
    ben.submit(&format!("{order}/cancel"), &[]).await;
    assert_is_text(&ben);
}

fn assert_is_text(page: &Browser<'_>) {
    assert_eq!(page.attributes("img, [onerror]", "src"), [""; 0], "{}", page.path);
    assert_eq!(page.texts("script:not([type='application/ld+json'])").concat(), "", "{}", page.path);
    let shown = page.texts("body").concat().contains(HOSTILE) || page.value("title") == HOSTILE;
    assert!(shown, "{}: {}", page.path, page.html);
}

#[tokio::test]
async fn what_is_typed_is_text_even_where_it_is_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    let hostile = serde_urlencoded::to_string([("q", HOSTILE), ("from", HOSTILE), ("cursor", "")]).unwrap();

    browser.open(&format!("/?{hostile}")).await;

    assert_eq!((browser.status, browser.value("q").as_str()), (422, HOSTILE));
    assert_eq!((browser.texts("script").len(), browser.attributes("[onerror]", "src").len()), (2, 0));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    let nobody = "019de4b2-8d00-7000-8000-000000000001";

    for path in
        ["/nowhere", "/tickets/nothing", &format!("/tickets/{nobody}"), &format!("/orders/{nobody}"), "/orders/x/y"]
    {
        ada.open(path).await;
        assert_eq!((ada.status, ada.texts(".error-status")), (404, vec!["404".to_owned()]), "{path}");
        assert_eq!(ada.headers["content-type"], "text/html; charset=utf-8");
        assert!(ada.headers.contains_key("content-security-policy"));
    }
    assert_eq!(app.get("/api/nowhere").send().await.problem(), (404, "route_not_found"));
}

#[tokio::test]
async fn a_member_is_known_even_where_nothing_is() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;

    ada.open("/nowhere").await;

    assert_eq!(ada.texts(".nav-email"), ["ada@example.org"]);
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    for number in 0..49 {
        app.sell_as(&sally, &crate::app::offer(&format!("Opera {number}"), 1000 + number, 1)).await;
    }
    let mut browser = Browser::new(&app);

    browser.open("/?q=opera&sort=cheapest").await;
    assert_eq!((browser.texts(".cards li").len(), browser.texts(".cards h2")[0].as_str()), (48, "Opera 0"));
    let next = browser.attributes("a[rel=next]", "href");
    browser.open(&next[0]).await;

    assert_eq!((browser.value("q"), browser.texts(".cards h2")), ("opera".into(), vec!["Opera 48".to_owned()]));
    assert_eq!(browser.texts("title"), ["Tickets: opera, page 2 · Ticketing"]);
    let before = browser.attributes("a[rel=prev]", "href");
    browser.open(&before[0]).await;
    assert_eq!((browser.texts(".cards li").len(), browser.attributes("a[rel=prev]", "href").len()), (48, 0));
    browser.open("/?cursor=tomato").await;
    assert_eq!((browser.status, browser.texts("h1")), (400, vec!["This page of the list is gone".to_owned()]));
}

#[tokio::test]
async fn prices_are_filtered_by_what_people_type() {
    let app = TestApp::start().await;
    seller(&app, "Opera", "1").await;
    let mut browser = Browser::new(&app);

    for (filters, found) in [("minPrice=12.50", 1), ("minPrice=12,51", 0), ("maxPrice=12,5", 1), ("maxPrice=12.49", 0)]
    {
        browser.open(&format!("/?{filters}")).await;
        assert_eq!(browser.texts(".cards li").len(), found, "{filters}");
    }
    browser.open("/?maxPrice=1,000").await;
    let twofold = "can be read in two ways: write 1000 for the higher amount or 1 for the lower one";
    assert_eq!((browser.status, browser.error("maxPrice")), (422, format!("Highest price {twofold}.")));
    browser.open("/?maxPrice=100&currency=JPY").await;
    assert_eq!(browser.texts(".cards li").len(), 0, "other currencies are not compared");
    browser.open("/?minPrice=+&maxPrice=").await;
    assert_eq!(
        (browser.texts(".cards li").len(), browser.value("currency")),
        (1, String::new()),
        "nothing is compared"
    );
}

#[tokio::test]
async fn assets_exist_never_change_and_are_compressed() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    browser.open("/").await;
    let links = browser.attributes("link[rel=icon], link[rel=stylesheet]", "href").into_iter();
    let assets: Vec<_> = links.chain(browser.attributes("script", "src")).collect();
    assert_eq!(assets.len(), 4);

    for path in &assets {
        let plain = app.get(path).send().await;
        assert_eq!(
            (plain.status.as_u16(), plain.header("cache-control")),
            (200, "public, max-age=31536000, immutable")
        );
        assert_eq!(plain.header("content-encoding"), "");
        let packed = app.get(path).header("accept-encoding", "br, gzip").send().await;
        assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
        assert_eq!(packed.header("content-type"), plain.header("content-type"));
    }
    assert_eq!(app.get("/favicon.ico").send().await.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_take_it() {
    let app = TestApp::start().await;

    let plain = app.get("/").send().await;
    let packed = app.get("/").header("accept-encoding", "gzip").send().await;

    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    assert_eq!(plain.header("cache-control"), "no-store");
}
