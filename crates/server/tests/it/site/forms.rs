//! A form that is refused comes back with what was typed, and with what is wrong beside its field.

use super::{Browser, buyer, member, seller};
use crate::app::{PASSWORD, TestApp};

#[tokio::test]
async fn signing_up_keeps_the_address_and_never_the_password() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    browser.open("/signup?next=/sell").await;

    browser.submit("/signup", &[("email", "ada@"), ("password", "hush")]).await;

    assert_eq!((browser.posted, browser.value("email"), browser.value("next")), (303, "ada@".into(), "/sell".into()));
    assert_eq!(browser.error("email"), "E-mail must be an e-mail address such as ada@example.org.");
    assert_eq!(browser.error("password"), "Password must be at least 10 characters long.");
    assert!(!browser.html.contains("hush"));
    assert_eq!(browser.texts("title"), ["Error: Sign up · Ticketing"]);
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_beside_it() {
    let app = TestApp::start().await;
    member(&app, "ada").await;
    let mut browser = Browser::new(&app);
    browser.open("/signup").await;

    browser.submit("/signup", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;

    assert_eq!((browser.posted, browser.error("email")), (303, "E-mail has an account already.".to_owned()));
}

#[tokio::test]
async fn signing_in_tells_not_which_half_is_wrong() {
    let app = TestApp::start().await;
    member(&app, "ada").await;
    let mut browser = Browser::new(&app);

    for email in ["ada@example.org", "nobody@example.org", "nobody"] {
        browser.open("/signin").await;
        browser.submit("/signin", &[("email", email), ("password", "not the password")]).await;

        assert_eq!((browser.posted, browser.value("email")), (303, email.to_owned()));
        assert_eq!(browser.texts(".alert"), ["This e-mail address and this password do not go together."]);
    }
    browser.submit("/signin", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    assert_eq!((browser.path.as_str(), browser.texts(".nav-email").concat()), ("/", "ada@example.org".to_owned()));
}

#[tokio::test]
async fn an_offer_comes_back_with_all_that_is_wrong_at_once() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    let typed = [
        ("title", ""),
        ("description", "\n<b>two\nlines</b>"),
        ("city", "Århus"),
        ("startsAt", "soon"),
        ("price", "12.5051"),
        ("currency", "USD"),
        ("quantity", "many"),
        ("maxPerBuyer", "none"),
    ];

    sally.submit("/sell", &typed).await;

    assert_eq!((sally.posted, sally.status), (303, 200));
    for (field, value) in typed {
        assert_eq!(sally.value(field), value.trim_start(), "{field}");
    }
    assert_eq!(sally.error("title"), "Title must not be empty.");
    assert_eq!(sally.error("startsAt"), "Start must be a date and time such as 2030-06-01T19:30.");
    assert_eq!(sally.error("price"), "Price must have at most 2 decimal places.");
    assert_eq!(sally.error("quantity"), "Quantity must be a whole number between 1 and 1000.");
    assert_eq!(sally.error("maxPerBuyer"), "Places per buyer must be a whole number between 1 and 1000.");
    assert_eq!(sally.attributes("[aria-invalid=true]", "name").len(), 5);
}

#[tokio::test]
async fn an_offer_that_is_sent_twice_is_made_once() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;
    let key = sally.value("idempotency_key");
    let typed = [("title", "Opera"), ("price", "12.50"), ("maxPerBuyer", "2"), ("idempotency_key", &*key)];

    sally.submit("/sell", &typed).await;
    let first = sally.path.clone();
    sally.open("/sell").await;
    sally.submit("/sell", &typed).await;

    assert_eq!((sally.status, &sally.path), (200, &first), "the same ticket");
    sally.open(&format!("{first}/edit")).await;
    assert_eq!(sally.value("maxPerBuyer"), "2", "an edit keeps the limit");
    app.settle().await;
}

#[tokio::test]
async fn a_price_follows_its_currency() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    for (price, currency, error) in [
        ("900.5", "JPY", "Price must be a whole number in this currency."),
        ("0", "EUR", "Price must be above zero."),
        ("99999999999", "EUR", "Price is too high."),
        ("ten", "EUR", "Price must be a number such as 12.50."),
        (
            "1.005",
            "KWD",
            "Price can be read in two ways: write 1005 for the higher amount or 01.005 for the lower one.",
        ),
    ] {
        sally.open("/sell").await;
        sally.submit("/sell", &[("title", "Opera"), ("price", price), ("currency", currency)]).await;
        assert_eq!((sally.posted, sally.error("price").as_str()), (303, error));
    }
    for (price, currency, shown) in
        [("900", "JPY", "900 JPY"), ("01.005", "KWD", "1.005 KWD"), ("7,5", "EUR", "7.50 EUR")]
    {
        sally.open("/sell").await;
        sally.submit("/sell", &[("title", "Opera"), ("price", price), ("currency", currency)]).await;
        assert_eq!(sally.texts(".price-line data"), [shown]);
    }
}

#[tokio::test]
async fn a_price_that_nobody_touched_is_saved_as_it_was() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    for (price, shown) in [("1005", "1005.000 KWD"), ("01.005", "1.005 KWD"), ("12.5", "12.500 KWD")] {
        sally.open("/sell").await;
        sally.submit("/sell", &[("title", "Opera"), ("price", price), ("currency", "KWD")]).await;
        let edit = format!("{}/edit", sally.path);
        sally.open(&edit).await;
        sally.submit(&edit, &[("title", "Opera, moved")]).await;
        assert_eq!(
            (sally.texts("h1"), sally.texts(".price-line data")),
            (vec!["Opera, moved".to_owned()], vec![shown.to_owned()])
        );
    }
}

#[tokio::test]
async fn the_script_proposes_a_time_zone_for_a_new_ticket_alone() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let ticket = sally.path.clone();
    let pages = ["/sell".to_owned(), format!("{ticket}/edit"), format!("{ticket}/reschedule")];

    for (page, proposes) in pages.iter().zip([1, 0, 0]) {
        sally.open(page).await;
        assert_eq!(sally.attributes("[name=timeZone]", "name").len(), 1, "{page}");
        assert_eq!(sally.attributes("[data-own-zone] [name=timeZone]", "name").len(), proposes, "{page}");
    }
}

#[tokio::test]
async fn of_two_who_edit_the_second_is_warned_and_keeps_what_they_typed() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "1").await;
    let edit = format!("{}/edit", sally.path);
    sally.open(&edit).await;
    let first = sally.html.clone();
    sally.submit(&edit, &[("title", "From the first window")]).await;
    (sally.path, sally.html) = (edit.clone(), first);

    sally.submit(&edit, &[("title", "From the second window")]).await;
    assert_eq!((sally.posted, sally.value("title")), (303, "From the second window".to_owned()));
    assert!(sally.texts(".alert").concat().contains("changed since you opened it"), "{}", sally.html);
    sally.submit(&edit, &[]).await;

    assert_eq!((sally.status, sally.texts("h1")), (200, vec!["From the second window".to_owned()]));
}

#[tokio::test]
async fn fewer_than_are_sold_cannot_be_offered() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "3").await;
    let ticket = sally.path.clone();
    for name in ["ben", "eve"] {
        buyer(&app, name, &ticket).await;
    }

    sally.open(&format!("{ticket}/edit")).await;
    sally.submit(&format!("{ticket}/edit"), &[("quantity", "1")]).await;

    assert_eq!((sally.posted, sally.value("quantity")), (303, "1".to_owned()));
    assert_eq!(sally.error("quantity"), "Quantity must be at least 2.");
}

#[tokio::test]
async fn an_order_for_too_many_keeps_the_number() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "2").await.path;
    let mut ben = member(&app, "ben").await;
    let order = format!("{ticket}/order");
    for (quantity, error) in [
        ("3", "Quantity is more than are left."),
        ("0", "Quantity must be between 1 and 1000."),
        ("two", "Quantity must be between 1 and 1000."),
    ] {
        ben.open(&ticket).await;
        ben.submit(&order, &[("quantity", quantity)]).await;

        assert_eq!((ben.posted, ben.value("quantity").as_str()), (303, quantity));
        assert_eq!(ben.error("quantity"), error);
    }
}

#[tokio::test]
async fn a_new_price_is_shown_before_anybody_pays_it() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let ticket = sally.path.clone();
    let mut ben = member(&app, "ben").await;
    ben.open(&ticket).await;
    sally.open(&format!("{ticket}/edit")).await;
    sally.submit(&format!("{ticket}/edit"), &[("price", "20")]).await;

    ben.submit(&format!("{ticket}/order"), &[]).await;
    assert_eq!((ben.posted, ben.texts(".price-line data")), (303, vec!["20.00 EUR".to_owned()]));
    assert_eq!(ben.texts("#another-price data"), ["12.50 EUR", "20.00 EUR"]);
    assert!(ben.texts(".alert").concat().starts_with("The price has changed"), "{}", ben.html);
    ben.submit(&format!("{ticket}/order"), &[]).await;

    assert_eq!(ben.texts(".fact-total data"), ["20.00 EUR"]);
}

#[tokio::test]
async fn nobody_orders_their_own_ticket_by_any_form() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let order = format!("{}/order", sally.path);
    assert!(!sally.html.contains(&order));

    let fields = [("quantity", "1"), ("amount", "1250"), ("currency", "EUR"), ("idempotency_key", "k")];
    sally.post(&order, &fields.map(|(name, value)| (name.to_owned(), value.to_owned()))).await;
    assert_eq!(sally.status, 303);
    sally.open(&sally.path.replace("/order", "")).await;

    assert_eq!(sally.texts(".alert"), ["Nobody orders their own ticket."]);
}

#[tokio::test]
async fn a_password_is_changed_only_by_those_who_know_it() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    ada.open("/account").await;
    let (wrong, weak) = ("a wrong password", "password12");

    ada.submit("/account/password", &[("currentPassword", wrong), ("newPassword", PASSWORD)]).await;
    assert_eq!((ada.posted, ada.error("currentPassword").is_empty()), (303, false));
    ada.submit("/account/password", &[("currentPassword", PASSWORD), ("newPassword", weak)]).await;
    assert_eq!((ada.posted, ada.error("newPassword").is_empty()), (303, false));
    ada.submit("/account/password", &[("currentPassword", PASSWORD), ("newPassword", "quiet maple drum 77")]).await;

    assert_eq!((ada.status, ada.path.as_str(), ada.told().len()), (200, "/account", 1));
}

#[tokio::test]
async fn who_comes_too_late_for_the_last_place_is_told_what_is_true() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut eve = member(&app, "eve").await;
    eve.open(&ticket).await;
    let mut ben = buyer(&app, "ben", &ticket).await;
    ben.submit(&format!("{}/pay", ben.path), &[]).await;

    eve.submit(&format!("{ticket}/order"), &[]).await;

    assert_eq!(eve.texts(".alert"), ["Fewer are left than you asked for, so nothing was ordered."]);
    assert_eq!(eve.attributes(".alert a", "href"), [""; 0], "the form is hidden");
    let told = eve.texts("[data-live-closed=soldOut]").concat();
    assert_eq!(told, "None are left. Places come back only if an order is cancelled or not paid in time.");
}

#[tokio::test]
async fn mistakes_are_listed_in_the_order_of_the_fields() {
    let app = TestApp::start().await;
    let mut sally = member(&app, "sally").await;
    sally.open("/sell").await;

    sally.submit("/sell", &[("title", ""), ("startsAt", "soon"), ("price", "none"), ("quantity", "many")]).await;

    assert_eq!(sally.attributes(".alert a", "href"), ["#title", "#startsAt", "#price", "#quantity"]);
    assert_eq!(sally.attributes(".alert[autofocus][tabindex='-1']", "role"), ["alert"]);
}

#[tokio::test]
async fn what_a_password_needs_is_told_before_it_is_typed() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);

    browser.open("/signup").await;

    assert!(browser.texts("#password-hint").concat().starts_with("At least 10 characters."), "{}", browser.html);
}
