//! Door links, as a seller makes them and as somebody without an account opens them.

use super::{Browser, seller};
use crate::app::TestApp;

#[tokio::test]
async fn a_link_is_shown_once_and_opens_the_door_to_somebody_without_an_account() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let door = sally.path.replace("/tickets/", "/door/");
    let links = format!("{door}/links");
    app.settle().await;

    sally.open(&links).await;
    sally.submit(&links, &[("label", "North door")]).await;
    let link = sally.texts(".door-link").concat();
    sally.open(&links).await;

    let (address, key) = link.split_once('#').expect("a key in the fragment");
    assert!(address.ends_with(&format!("{door}/enter")) && key.len() == 32, "{link}");
    assert_eq!(
        (sally.texts(".door-link").len(), sally.texts("tbody th span[dir]")),
        (0, vec!["North door".to_owned()])
    );
    assert!(!sally.html.contains(key));

    let mut tom = Browser::new(&app);
    tom.open(&door).await;
    assert!(tom.path.starts_with("/signin"), "{}", tom.path);
    tom.open(&format!("{door}/enter")).await;
    tom.submit(&format!("{door}/enter"), &[("key", &"0".repeat(32))]).await;
    assert_eq!((tom.path.as_str(), tom.told().len()), (format!("{door}/enter").as_str(), 1));
    tom.submit(&format!("{door}/enter"), &[("key", &link)]).await;
    assert_eq!((tom.path.as_str(), tom.texts("h1")), (door.as_str(), vec!["Opera".to_owned()]));
    assert!(!tom.html.contains(key) && tom.attributes("a[href$='/links']", "href").is_empty());
    tom.submit(&door, &[("pass", "ZZZ-ZZZ")]).await;
    assert_eq!(tom.texts(".verdict-word"), ["Unknown"]);
    tom.open(&links).await;
    assert!(tom.path.starts_with("/signin"), "{}", tom.path);

    let id = sally.attributes("input[name=revoke]", "value")[0].to_owned();
    sally.post(&links, &[("revoke".to_owned(), id)]).await;
    assert_eq!(sally.posted, 303);
    tom.open(&door).await;
    assert_eq!((tom.path.as_str(), tom.told().len()), (format!("{door}/enter").as_str(), 1));
}

#[tokio::test]
async fn only_the_page_of_a_door_may_use_the_camera() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let door = sally.path.replace("/tickets/", "/door/");
    app.settle().await;

    assert!(sally.headers["permissions-policy"].to_str().is_ok_and(|policy| policy.contains("camera=()")));
    sally.open(&door).await;
    assert!(sally.headers["permissions-policy"].to_str().is_ok_and(|policy| policy.contains("camera=(self)")));
}
