//! Settings: a mistake is refused at start, and all of them at once.

use std::process::{Command, Output};

fn ticketing(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    program.args(arguments).env_clear().envs(environment.iter().copied());
    program.output().expect("the program starts")
}

fn refusal(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = ticketing(arguments, environment);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = refusal(
        &["serve", "tickets", "hats", "--body-limit", "-5"],
        &[
            ("TICKETING_LISTEN", "everywhere"),
            ("TICKETING_HOLD", "15"),
            ("TICKETING_COLOUR", "red"),
            ("TICKETING_SIGNING_KEY", "secret-but-no-key"),
            ("TICKETING_LIMIT_WRITES", "many"),
            ("TICKETING_LOG_FORMAT", "xml"),
        ],
    );

    for mistake in ["hats", "orders", "--body-limit", "everywhere", "--hold", "COLOUR", "--signing-key", "many", "xml"]
    {
        assert!(told.contains(mistake), "{mistake} is missing in:\n{told}");
    }
    assert!(!told.contains("secret-but-no-key"));
}

#[test]
fn an_unknown_flag_hides_no_other_mistake() {
    let flags = ["--listen", "everywhere", "--colour", "red"];
    let told = refusal(&flags, &[("TICKETING_HOLD", "soon"), ("TICKETING_HAT", "1")]);

    assert!(
        ["--colour", "--hold", "TICKETING_HAT", "everywhere"].iter().all(|mistake| told.contains(mistake)),
        "{told}"
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let told = refusal(&["serve", "accounts", "--demo", "true", "--session-lifetime", "1s"], &[]);

    assert!(told.contains("demo data needs every service"), "{told}");
    assert!(told.contains("at least as long as an access token"), "{told}");
}

#[test]
fn help_lists_every_variable() {
    let output = ticketing(&["--help"], &[]);
    let help = String::from_utf8(output.stdout).expect("text");

    assert_eq!(output.status.code(), Some(0));
    for variable in ["TICKETING_LISTEN", "TICKETING_DEMO", "TICKETING_SIGNING_KEY", "TICKETING_SHUTDOWN_GRACE"] {
        assert!(help.contains(variable), "{variable}");
    }
}
