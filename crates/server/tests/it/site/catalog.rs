//! What is for sale: searching it, and what comes first.

use super::Browser;
use crate::app::TestApp;

#[tokio::test]
async fn filters_that_make_no_sense_are_kept_and_explained() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);

    browser.open("/?q=opera&from=soon&minPrice=cheap&sort=newest").await;

    assert_eq!((browser.status, browser.value("q")), (422, "opera".to_owned()));
    assert_eq!((browser.value("from"), browser.value("minPrice")), ("soon".to_owned(), "cheap".to_owned()));
    assert_eq!(browser.error("minPrice"), "Lowest price must be a number such as 12.50.");
}

#[tokio::test]
async fn a_range_that_ends_before_it_begins_is_explained() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);

    browser.open("/?from=2030-06-02&to=2030-06-01&minPrice=20&maxPrice=10").await;

    assert_eq!(browser.status, 422);
    assert_eq!(browser.error("to"), "To day must not be before “From day”.");
    assert_eq!(browser.error("maxPrice"), "Highest price must not be below “Lowest price”.");
    browser.open("/?from=2030-06-01&to=2030-06-01&minPrice=10&maxPrice=10").await;
    assert_eq!(browser.status, 200);
}

#[tokio::test]
async fn the_address_of_a_search_has_nothing_empty_in_it() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);

    browser.open("/?q=rock+%26+roll&category=&city=&sort=soonest&from=&to=&minPrice=&maxPrice=").await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/?q=rock+%26+roll"));
    browser.open("/?q=&sort=soonest").await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/"));
}

#[tokio::test]
async fn what_is_on_next_comes_first() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    for (title, starts_at) in [("Later", "2030-07-01T19:30:00Z"), ("Sooner", "2030-06-01T19:30:00Z")] {
        let mut offer = crate::app::offer(title, 1000, 1);
        offer["startsAt"] = starts_at.into();
        offer["timeZone"] = "Europe/Vienna".into();
        app.sell_as(&sally, &offer).await;
    }
    let mut browser = Browser::new(&app);

    browser.open("/").await;
    assert_eq!(browser.texts(".cards h2"), ["Sooner", "Later"]);
    browser.open("/?sort=dearest").await;
    assert_eq!(browser.path, "/?sort=dearest");
}
