//! A door as its seller sees it: what each pass is told, on the page of its own ticket.

use serde_json::Value;

use super::{Browser, buyer, seller};
use crate::app::{PASSWORD, TestApp, User, id};

/// Sally sells tickets, and stands at the door of one in a browser.
struct Scene<'a> {
    app: &'a TestApp,
    sally: User,
    ticket: Value,
    door: Browser<'a>,
    here: String,
}

impl<'a> Scene<'a> {
    async fn set(app: &'a TestApp) -> Self {
        let sally = app.sign_up("sally").await;
        let ticket = app.sell(&sally, 5).await;
        let here = format!("/door/{}", id(&ticket));
        let mut door = Browser::new(app);
        door.open("/signin").await;
        door.submit("/signin", &[("email", "sally@example.org"), ("password", PASSWORD)]).await;
        door.open(&here).await;
        Self { app, sally, ticket, door, here }
    }

    /// The code of a pass that somebody paid for.
    async fn code(&self, buyer: &User) -> String {
        let order = self.app.buy(buyer, &self.ticket).await;
        self.app.pay(buyer, &order).await;
        let passes = self.app.get(&format!("/api/orders/{}/passes", id(&order))).by(buyer).send().await.body;
        passes["items"][0]["code"].as_str().expect("a code").to_owned()
    }

    /// Sends a pass, and does not wait for the page that comes of it.
    async fn show_and_go_on(&mut self, code: &str) {
        let fields = [("for", self.door.value("for")), ("pass", code.to_owned())];
        let page = self.door.html.clone();
        self.door.post(&self.here, &fields.map(|(name, value)| (name.to_owned(), value))).await;
        self.door.html = page;
    }

    fn verdict(&self) -> Vec<String> {
        self.door.texts(".verdict-word")
    }
}

#[tokio::test]
async fn a_door_lets_each_pass_in_once() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let ticket = sally.path.clone();
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    ben.submit(&format!("{order}/pay"), &[]).await;
    app.settle().await;
    ben.open(&order).await;
    let code = ben.texts(".pass-code")[0].clone();

    let door = ticket.replace("/tickets/", "/door/");
    sally.open(&door).await;
    for (code, verdict) in [("ZZZ-ZZZ", "Unknown"), (&*code, "Welcome"), (&*code, "Already used")] {
        sally.submit(&door, &[("pass", code)]).await;
        let page = sally.path.split('?').next().unwrap_or_default();
        assert_eq!((page, sally.texts(".verdict-word")), (&*door, vec![verdict.to_owned()]), "{code}");
    }

    assert_eq!(sally.texts(".verdict time").len(), 1, "it says when");
    assert_eq!(sally.texts(".facts dd"), ["1", "0", "0"]);
    ben.open(&order).await;
    assert_eq!((ben.texts(".pass-square svg").len(), ben.texts(".pass .muted").len()), (0, 1));
    ben.open(&door).await;
    assert_eq!(ben.status, 403);
}

#[tokio::test]
async fn a_pass_that_is_refused_is_not_told_the_welcome_of_the_pass_before() {
    let app = TestApp::start().await;
    let mut scene = Scene::set(&app).await;
    let ben = app.sign_up("ben").await;
    let (first, used) = (scene.code(&ben).await, scene.code(&ben).await);
    scene.door.submit(&scene.here, &[("pass", &used)]).await;
    assert_eq!(scene.verdict(), ["Welcome"]);

    scene.show_and_go_on(&first).await;
    scene.show_and_go_on(&used).await;
    scene.door.open(&scene.here).await;

    assert_eq!(scene.verdict(), ["Already used"]);
}

#[tokio::test]
async fn a_welcome_at_one_door_is_none_at_another() {
    let app = TestApp::start().await;
    let mut scene = Scene::set(&app).await;
    let ben = app.sign_up("ben").await;
    let code = scene.code(&ben).await;
    let other = app.sell(&scene.sally, 5).await;

    scene.show_and_go_on(&code).await;

    for elsewhere in [format!("/door/{}", id(&other)), "/".to_owned()] {
        scene.door.open(&elsewhere).await;
        assert_eq!((scene.verdict(), scene.door.told()), (vec![], vec![]), "{elsewhere}");
    }
    scene.door.open(&scene.here).await;
    assert_eq!(scene.verdict(), ["Welcome"]);
}
