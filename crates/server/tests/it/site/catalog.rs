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

    browser.open("/?q=rock+%26+roll&category=&city=&sort=&from=&to=&minPrice=&maxPrice=&places=").await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/?q=rock+%26+roll"));
    browser.open("/?q=rock&category=&sort=soonest").await;
    assert_eq!(browser.path, "/?q=rock&sort=soonest", "the best matches come first if nobody chooses");
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

/// Three concerts and an opera, in two cities, whose places are told apart by their prices.
async fn four_events(app: &TestApp) {
    let sally = app.sign_up("sally").await;
    for (title, city, category, day) in [
        ("Beethoven quartets", "Wien", "concert", "2030-06-01"),
        ("Beethoven late", "Wien", "concert", "2030-06-03"),
        ("Schubert songs", "Graz", "concert", "2030-06-05"),
        ("Fidelio", "Graz", "opera", "2030-06-08"),
    ] {
        let mut offer = crate::app::offer(title, 1000, 3);
        offer["city"] = city.into();
        offer["category"] = category.into();
        offer["startsAt"] = format!("{day}T17:30:00Z").into();
        offer["timeZone"] = "Europe/Vienna".into();
        app.sell_as(&sally, &offer).await;
    }
}

#[tokio::test]
async fn choices_narrow_a_search_and_say_how_many_are_left() {
    let app = TestApp::start().await;
    four_events(&app).await;
    let mut browser = Browser::new(&app);

    browser.open("/").await;
    assert_eq!(browser.texts("#city option"), ["Any", "Graz (2)", "Wien (2)"]);
    assert_eq!(browser.texts("#category option"), ["Any", "concert (3)", "opera (1)"]);
    assert_eq!(browser.texts(".found"), ["4 tickets"]);
    browser.open("/?city=graz").await;
    assert_eq!((browser.value("city"), browser.texts(".found")), ("Graz".to_owned(), vec!["2 tickets".to_owned()]));
    assert_eq!(browser.texts("#city option"), ["Any", "Graz (2)", "Wien (2)"], "others may be chosen");
    assert_eq!(browser.texts("#category option"), ["Any", "concert (1)", "opera (1)"]);
    browser.open("/?city=Linz").await;
    assert_eq!((browser.value("city"), browser.texts(".cards li").len()), ("Linz".to_owned(), 0));
}

#[tokio::test]
async fn a_search_is_narrowed_to_weekends_and_to_places_wanted() {
    let app = TestApp::start().await;
    four_events(&app).await;
    let mut browser = Browser::new(&app);

    for (filters, titles) in [
        ("days=weekends", &["Beethoven quartets", "Fidelio"][..]),
        ("from=2030-06-05", &["Schubert songs", "Fidelio"]),
        ("places=3&q=fidelio", &["Fidelio"]),
        ("places=4", &[]),
        ("together=true", &[]),
        ("left=true&city=Wien", &["Beethoven quartets", "Beethoven late"]),
    ] {
        browser.open(&format!("/?{filters}")).await;
        assert_eq!(
            (browser.status, browser.texts(".cards h2")),
            (200, titles.iter().map(|t| (*t).to_owned()).collect()),
            "{filters}"
        );
    }
    browser.open("/?places=0").await;
    assert_eq!((browser.status, browser.error("places")), (422, "Places wanted must be between 1 and 50.".to_owned()));
}

#[tokio::test]
async fn a_word_with_an_error_is_corrected_and_told() {
    let app = TestApp::start().await;
    four_events(&app).await;
    let mut browser = Browser::new(&app);

    browser.open("/?q=bethoven&city=Wien").await;

    assert_eq!(browser.texts(".cards li").len(), 2);
    let meant = browser.attributes(".found a", "href");
    assert_eq!(meant, ["/?q=beethoven&city=Wien"]);
    browser.open(&meant[0]).await;
    assert_eq!(browser.texts(".found"), ["2 tickets"]);
}

#[tokio::test]
async fn a_list_is_turned_back_from_any_page() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    for number in 0..97 {
        app.sell_as(&sally, &crate::app::offer(&format!("Opera {number}"), 1000 + number, 1)).await;
    }
    let mut browser = Browser::new(&app);
    browser.open("/?sort=cheapest").await;
    for _ in 0..2 {
        let next = browser.attributes("a[rel=next]", "href");
        browser.open(&next[0]).await;
    }
    assert_eq!(
        (browser.texts(".cards h2"), browser.texts(".pagination span")),
        (vec!["Opera 96".to_owned()], vec!["Page 3".to_owned()])
    );

    let before = browser.attributes("a[rel=prev]", "href");
    browser.open(&before[0]).await;

    assert_eq!(
        (browser.texts(".cards h2")[0].as_str(), browser.texts(".pagination span")),
        ("Opera 48", vec!["Page 2".to_owned()])
    );
    let before = browser.attributes("a[rel=prev]", "href");
    browser.open(&before[0]).await;
    assert_eq!(browser.path, "/?sort=cheapest&currency=EUR");
}
