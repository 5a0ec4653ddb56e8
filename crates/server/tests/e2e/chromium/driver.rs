//! Drives a real Chromium over the pipe of its debugging protocol.

#[cfg(feature = "stripe")]
mod interception;

use std::collections::HashMap;
use std::fmt::Debug;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::market::{User, unique};

/// The browser reads commands from descriptor 3 and answers on 4.
const OVER_A_PIPE: &str = r#"exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"#;

const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-US",
    "--remote-debugging-pipe",
];

/// Longer than anything takes that happens at all, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser.
pub(crate) struct Chromium {
    process: Child,
    profile: PathBuf,
    commands: Mutex<Option<ChildStdin>>,
    waiting: Waiting,
    #[cfg_attr(not(feature = "stripe"), expect(dead_code, reason = "only a gateway has pages of its own"))]
    intercepted: Intercepted,
    next: AtomicU64,
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// Requests that wait for an answer of ours.
type Intercepted = Arc<Mutex<Vec<Value>>>;

/// A tab of a browser.
pub(crate) struct Tab<'a> {
    chromium: &'a Chromium,
    session: String,
}

impl Chromium {
    /// Starts one; `None` where there is none and nobody asked for a complete run.
    ///
    /// # Panics
    ///
    /// If there is none though `CI` is set: what is not tested there is not tested at all.
    #[expect(clippy::print_stderr, reason = "it shows what was tested")]
    pub(crate) fn start() -> Option<Self> {
        let Some(program) =
            ["/usr/bin/chromium", "/usr/bin/google-chrome"].into_iter().find(|path| Path::new(path).exists())
        else {
            let missing = "Chromium is not there (apt-get install chromium): pages were NOT tested in a browser";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            eprintln!("{missing}");
            return None;
        };
        let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{}", unique().simple()));
        let mut process = Command::new("/bin/sh")
            .args(["-c", OVER_A_PIPE, "sh", program])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Chromium starts");
        let commands = Mutex::new(process.stdin.take());
        let (waiting, intercepted) = (Waiting::default(), Intercepted::default());
        let answers = process.stdout.take().expect("a pipe");
        std::thread::spawn({
            let (waiting, intercepted) = (Arc::clone(&waiting), Arc::clone(&intercepted));
            move || hand_out(answers, &waiting, &intercepted)
        });
        Some(Self { process, profile, commands, waiting, intercepted, next: AtomicU64::new(1) })
    }

    /// Opens a tab of somebody; each person has their own cookie jar.
    pub(crate) async fn person(&self) -> Person<'_> {
        let made = self.ask(None, "Target.createBrowserContext", json!({})).await;
        Person { chromium: self, context: text(&made["browserContextId"]) }
    }

    async fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answered, answer) = oneshot::channel();
        self.waiting.lock().insert(id, answered);
        {
            let mut commands = self.commands.lock();
            let commands = commands.as_mut().expect("a browser that runs");
            commands.write_all(format!("{message}\0").as_bytes()).expect("Chromium listens");
            commands.flush().expect("Chromium listens");
        }
        let answer = tokio::time::timeout(PATIENCE, answer).await.expect("an answer of Chromium");
        let answer = answer.expect("Chromium lives until it has answered");
        // A document that is left while it is asked gives no answer.
        let is_left = ["Inspected target navigated or closed", "Not attached to an active page"];
        if is_left.iter().any(|message| answer["error"]["message"] == *message) {
            return Value::Null;
        }
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }
}

fn hand_out(answers: ChildStdout, waiting: &Waiting, intercepted: &Intercepted) {
    let mut answers = BufReader::new(answers);
    let mut message = Vec::new();
    while answers.read_until(0, &mut message).is_ok_and(|read| read > 0) {
        let answer: Value = serde_json::from_slice(message.strip_suffix(&[0]).unwrap_or(&message)).unwrap_or_default();
        let answered = answer["id"].as_u64().and_then(|id| waiting.lock().remove(&id));
        if let Some(answered) = answered {
            answered.send(answer).ok();
        } else if answer["method"] == "Fetch.requestPaused" {
            intercepted.lock().push(answer);
        }
        message.clear();
    }
    waiting.lock().clear();
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // A browser ends with its pipe.
        drop(self.commands.lock().take());
        self.process.kill().ok();
        self.process.wait().ok();
        std::fs::remove_dir_all(&self.profile).ok();
    }
}

/// Somebody with a cookie jar.
pub(crate) struct Person<'a> {
    chromium: &'a Chromium,
    context: String,
}

impl<'a> Person<'a> {
    /// Signs somebody in by the cookies that they have elsewhere.
    pub(crate) async fn signed_in(self, base: &str, user: &User) -> Self {
        let cookies: Vec<_> = [("access", &user.access), ("refresh", &user.refresh)]
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value, "url": base, "httpOnly": true}))
            .collect();
        let params = json!({"cookies": cookies, "browserContextId": self.context});
        self.chromium.ask(None, "Storage.setCookies", params).await;
        self
    }

    /// Takes every cookie away.
    pub(crate) async fn signed_out(&self) {
        self.chromium.ask(None, "Storage.clearCookies", json!({"browserContextId": self.context})).await;
    }

    pub(crate) async fn tab(&self) -> Tab<'a> {
        let params = json!({"url": "about:blank", "browserContextId": self.context});
        let made = self.chromium.ask(None, "Target.createTarget", params).await;
        let params = json!({"targetId": made["targetId"], "flatten": true});
        let session = text(&self.chromium.ask(None, "Target.attachToTarget", params).await["sessionId"]);
        let tab = Tab { chromium: self.chromium, session };
        tab.ask("Page.enable", json!({})).await;
        tab
    }
}

impl Tab<'_> {
    async fn ask(&self, method: &str, params: Value) -> Value {
        self.chromium.ask(Some(&self.session), method, params).await
    }

    /// Runs a script in every document before its own.
    pub(crate) async fn prepare(&self, script: &str) {
        self.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    }

    /// Shows pages on a screen of so many CSS pixels.
    pub(crate) async fn sized(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Shows pages as they are printed by somebody who likes the dark.
    pub(crate) async fn printed_in_the_dark(&self) {
        let dark = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
        self.ask("Emulation.setEmulatedMedia", json!({"media": "print", "features": dark})).await;
    }

    pub(crate) async fn without_scripts(&self) {
        self.ask("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    /// Opens a page and waits until it is there.
    pub(crate) async fn open(&self, address: &str) {
        self.eval("window.isLeftBehind = true").await;
        let opened = self.ask("Page.navigate", json!({"url": address})).await;
        assert!(opened["errorText"].is_null(), "{address}: {}", opened["errorText"]);
        self.arrived().await;
    }

    pub(crate) async fn to_front(&self) {
        self.ask("Page.bringToFront", json!({})).await;
    }

    /// Goes back or forward in the history of the tab. A page may come out of memory, as it was left.
    pub(crate) async fn go(&self, by: i64) {
        let history = self.ask("Page.getNavigationHistory", json!({})).await;
        let index = history["currentIndex"].as_i64().expect("a place in the history") + by;
        let entry = &history["entries"][usize::try_from(index).expect("a page before")];
        self.ask("Page.navigateToHistoryEntry", json!({"entryId": entry["id"]})).await;
        let began = Instant::now();
        while self.ask("Page.getNavigationHistory", json!({})).await["currentIndex"] != index {
            assert!(began.elapsed() < PATIENCE, "{} never came back", entry["url"]);
            tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
        }
        self.until("document.readyState", "complete").await;
    }

    /// How many pages there are before this one.
    pub(crate) async fn steps_back(&self) -> usize {
        let history = self.ask("Page.getNavigationHistory", json!({})).await;
        history["currentIndex"].as_u64().and_then(|index| usize::try_from(index).ok()).expect("a place in the history")
    }

    /// Clicks on what a selector names, and waits for the page that it leads to.
    pub(crate) async fn follow(&self, selector: &str) {
        self.eval("window.isLeftBehind = true").await;
        self.click(selector).await;
        self.arrived().await;
    }

    pub(crate) async fn click(&self, selector: &str) {
        let script = format!("document.querySelector({}).click()", json!(selector));
        self.eval(&script).await;
    }

    /// Between two documents nothing responds, so this waits for one without the mark of the old.
    async fn arrived(&self) {
        self.until("!window.isLeftBehind && document.readyState", "complete").await;
    }

    /// The value of an expression; null where there is no document to ask.
    pub(crate) async fn eval(&self, script: &str) -> Value {
        let params = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", params).await;
        assert!(answer["exceptionDetails"].is_null(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = format!("document.querySelector({})?.textContent ?? ''", json!(selector));
        text(&self.eval(&script).await)
    }

    pub(crate) async fn path(&self) -> String {
        text(&self.eval("location.pathname").await)
    }

    /// Asks again and again until an expression has this value.
    pub(crate) async fn until(&self, script: &str, expected: impl Into<Value> + Debug) {
        let (began, expected) = (Instant::now(), expected.into());
        loop {
            let value = self.eval(script).await;
            if value == expected {
                return;
            }
            let page =
                if began.elapsed() < PATIENCE { Value::Null } else { self.eval("document.body?.innerText").await };
            assert!(page.is_null(), "{script} is {value} and not {expected}: {page}");
            tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
