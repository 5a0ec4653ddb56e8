//! Signing keys follow each other, and nobody is signed out.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Ids as _;
use ticketing_memory::RandomIds;
use ticketing_server::config::Config;
use ticketing_server::wiring::{KeyFile, Rotation};

use crate::app::{PASSWORD, TestApp, User};
use crate::sessions::{refresh, renewed};

const MINUTE: Duration = Duration::from_secs(60);

/// A folder for one test, with a file of keys that is not there yet.
pub(crate) struct Keys(PathBuf);

impl Keys {
    pub(crate) fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("keys-{}", RandomIds::new().uuid(Timestamp::EPOCH).simple()));
        fs::create_dir(&folder).expect("a new folder");
        Self(folder)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.join("keys.json")
    }

    /// As a process with these settings finds it.
    pub(crate) fn file(&self) -> KeyFile {
        KeyFile::of(&Config { signing_keys: Some(self.path()), ..Config::default() }).expect("a file is set")
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.path()).expect("it is there")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ticketing"));
        command.arg("keys").args(arguments).env_clear().env("TICKETING_SIGNING_KEYS", self.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// What a command answers that succeeds.
    fn told(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// All secrets in the file.
    fn secrets(&self) -> Vec<String> {
        let file: Value = serde_json::from_str(&self.text()).expect("JSON");
        let parts = file["keys"].as_array().expect("keys").iter().map(|key| &key["d"]).chain([&file["root"]]);
        parts.map(|secret| secret.as_str().expect("text").to_owned()).collect()
    }

    fn mode(&self) -> u32 {
        fs::metadata(self.path()).expect("it is there").permissions().mode() & 0o777
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn keys_are_listed_without_their_secrets() {
    let keys = Keys::new();

    let begun = keys.told(&["rotate"]);
    let rotated = keys.told(&["rotate", "--after", "1h"]);
    let refused = keys.run(&["rotate"]);

    assert_eq!((begun.lines().count(), begun.contains("  current")), (1, true), "{begun}");
    let [current, next] = &rotated.lines().collect::<Vec<_>>()[..] else { panic!("two keys: {rotated}") };
    assert_eq!(*current, begun.trim());
    assert!(next.contains("  next     signs from 20"), "{next}");
    assert_eq!(keys.told(&["list"]), rotated);
    let why = String::from_utf8(refused.stderr).expect("text");
    assert!(refused.status.code() == Some(1) && why.contains("does not sign yet"), "{why}");
    let secrets = keys.secrets();
    assert_eq!(secrets.len(), 3);
    for secret in secrets {
        assert!(!format!("{begun}{rotated}{why}").contains(&secret));
    }
}

#[test]
fn a_damaged_file_is_told_and_not_quoted() {
    let keys = Keys::new();
    keys.told(&["rotate"]);
    let secret = keys.secrets().remove(0);
    let damaged = keys.text().replace("\"nbf\": 0", &format!("\"nbf\": \"{secret}\""));
    fs::write(keys.path(), &damaged).expect("a file");

    let (list, rotate) = (keys.run(&["list"]), keys.run(&["rotate"]));
    let mut serve = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    let serve = serve.env_clear().env("TICKETING_SIGNING_KEYS", keys.path()).output().expect("the program starts");

    for (output, code) in [(list, 1), (rotate, 1), (serve, 2)] {
        let said = format!("{output:?}");
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("is not what `ticketing keys rotate` writes") && !said.contains(&secret), "{said}");
    }
    assert_eq!(keys.text(), damaged);
}

#[test]
fn a_file_begins_with_the_key_that_was_used_before() {
    let keys = Keys::new();
    let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

    let begun = keys.command(&["rotate"]).env("TICKETING_SIGNING_KEY", seed).output().expect("the program starts");

    assert!(String::from_utf8_lossy(&begun.stdout).starts_with("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
}

#[test]
fn a_file_is_its_owners_alone_and_is_replaced_as_a_whole() {
    let keys = Keys::new();
    let left_behind = keys.path().with_added_extension("new");
    fs::write(&left_behind, "half a f").expect("a file");
    fs::set_permissions(&left_behind, fs::Permissions::from_mode(0o666)).expect("it is ours");

    keys.told(&["rotate"]);
    assert_eq!((keys.mode(), left_behind.exists()), (0o600, false));

    // A group may be let in, and a link may lead to it.
    fs::set_permissions(keys.path(), fs::Permissions::from_mode(0o640)).expect("it is ours");
    let elsewhere = keys.0.join("elsewhere.json");
    fs::rename(keys.path(), &elsewhere).expect("the same folder");
    symlink(&elsewhere, keys.path()).expect("a link");
    keys.told(&["rotate"]);
    assert_eq!(keys.mode(), 0o640);
    assert_eq!(fs::read_link(keys.path()).expect("still a link"), elsewhere);
    assert_eq!(keys.secrets().len(), 3);
}

#[test]
fn of_two_rotations_at_once_one_wins() {
    let keys = Keys::new();
    keys.told(&["rotate"]);

    let begin = || keys.command(&["rotate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let both = [begin().expect("the program starts"), begin().expect("the program starts")];
    let mut codes = both.map(|mut one| one.wait().expect("it ends").code());

    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)]);
    assert_eq!(keys.told(&["list"]).lines().count(), 2);
}

/// How many published keys sign tokens: what `deploy/compose/test.sh` waits for.
async fn keys_for_tokens(app: &TestApp) -> usize {
    let keys = app.get("/.well-known/jwks.json").send().await;
    keys.text().matches(r#""use":"sig""#).count()
}

#[tokio::test]
async fn a_rotation_signs_nobody_out() {
    let (keys, app) = app_with_keys().await;
    assert_eq!(keys_for_tokens(&app).await, 1, "before a rotation");
    let first = app.sign_up("ada").await;

    keys.file().rotate(Rotation::After(10 * MINUTE), app.now()).expect("it rotates");
    app.pass(8 * MINUTE).await;
    let ben = app.sign_up("ben").await;
    app.lag(2 * MINUTE);
    let eve = app.sign_up("eve").await;

    assert_eq!(
        app.get("/.well-known/jwks.json").send().await.body["keys"].as_array().map(Vec::len),
        Some(3),
        "both, and that of passes"
    );
    assert_eq!(keys_for_tokens(&app).await, 2);
    assert_eq!((ben.signed_by() == first.signed_by(), eve.signed_by() == first.signed_by()), (true, false));
    app.lag(3 * MINUTE - Duration::from_secs(1));
    for user in [&ben, &eve] {
        assert_eq!(app.get("/api/orders").by(user).send().await.status, 200);
    }
    app.lag(Duration::from_secs(1));
    assert_eq!(
        app.get("/api/orders").by(&ben).send().await.problem(),
        (401, "session_over"),
        "its five minutes are up"
    );
    let ben = renewed(&ben, &refresh(&app, &ben).await);
    assert_eq!((app.get("/api/orders").by(&ben).send().await.status.as_u16(), ben.signed_by()), (200, eve.signed_by()));
}

#[tokio::test]
async fn a_stolen_key_is_worth_nothing_at_once() {
    let (keys, app) = app_with_keys().await;
    let ada = app.sign_up("ada").await;

    keys.file().rotate(Rotation::Leaked, app.now()).expect("it rotates");
    app.settle().await;

    assert_eq!(app.get("/api/orders").by(&ada).send().await.problem(), (401, "session_over"));
    let ada = renewed(&ada, &refresh(&app, &ada).await);
    assert_eq!(app.get("/api/orders").by(&ada).send().await.status, 200);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing() {
    let (keys, app) = app_with_keys().await;
    let ada = app.sign_up("ada").await;

    let whole = fs::read(keys.path()).expect("a file");
    fs::write(keys.path(), "{").expect("a file");
    assert!(app.try_to_settle().await.is_err());

    assert_eq!(app.get("/api/orders").by(&ada).send().await.status, 200);
    let body = json!({"email": ada.email, "password": PASSWORD});
    let again = app.post("/api/users/signin").json(&body).send().await;
    assert_eq!(User::of(&ada.email, &again).signed_by(), ada.signed_by());
    assert!(app.try_to_settle().await.is_err(), "what reads the file goes on failing");
    fs::write(keys.path(), whole).expect("a file");
    app.settle().await;
}

pub(crate) async fn app_with_keys() -> (Keys, TestApp) {
    let keys = Keys::new();
    keys.told(&["rotate"]);
    let app = TestApp::start_with(|config| config.signing_keys = Some(keys.path())).await;
    (keys, app)
}
