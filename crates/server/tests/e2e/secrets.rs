//! No secret is in a log, in an error or in the help, whatever becomes of a process.

mod running;
mod starts;

use std::collections::BTreeSet;
use std::process::{Command, Output};

use ticketing_server::cli::secret_variables;

use crate::market::PASSWORD;
use crate::programs::{Program, Settings, engines};
use crate::stripe::double;

/// A value for each secret setting. A canary that is found is a secret that leaked.
pub(crate) const CANARIES: [(&str, &str); 9] = [
    ("TICKETING_STRIPE_KEY", double::KEY),
    ("TICKETING_STRIPE_WEBHOOK_SECRET", "whsec_canaryDouble,whsec_canaryOld"),
    ("TICKETING_MONGODB_URI", "mongodb://canaryUser:canaryMongodb@127.0.0.1:1/?replicaSet=rs0"),
    ("TICKETING_KAFKA_USER", "canaryKafkaUser"),
    ("TICKETING_KAFKA_PASSWORD", "canaryKafka"),
    ("TICKETING_REDIS_URL", "redis://canaryUser:canaryRedis@127.0.0.1:1/"),
    ("TICKETING_SIGNING_KEY", "Y2FuYXJ5LTdmM2E5MS1jYW5hcnktN2YzYTkxLWNhbmE="),
    ("TICKETING_SMTP_URL", "smtps://canaryUser:canarySmtp@127.0.0.1:1"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic canaryTraces"),
];

/// How a canary looks in the bytes of a text, as Rust prints them.
const AS_BYTES: &str = "99, 97, 110, 97, 114, 121";

/// What people type, what they are sent in cookies, and the password of a user whom the engines know.
const OTHERS: [&str; 6] = [PASSWORD, "known=", "refresh=", "access=", "tok_visa", "tomato"];

/// Fails if a text has a secret.
pub(crate) fn assert_none_in(text: &str) {
    let values = CANARIES.map(|(_, value)| value);
    for line in text.lines() {
        let found = values.iter().chain(&OTHERS).chain(&[AS_BYTES]).find(|secret| line.contains(**secret));
        let found = found.copied().or_else(|| line.to_lowercase().contains("canary").then_some("a canary"));
        assert_eq!(found, None, "in: {line}");
    }
}

/// Every canary at once, at a process that is told all that they have a use with, and tells all it can.
pub(crate) fn all() -> Settings {
    let mut settings = engines();
    let beside = [
        ("TICKETING_KAFKA_SASL", "scram-sha-512"),
        ("TICKETING_PAYMENTS", "stripe"),
        ("TICKETING_PUBLIC_ORIGIN", "http://127.0.0.1:3000"),
        ("TICKETING_STRIPE_URL", "http://127.0.0.1:1"),
        ("TICKETING_MAIL", "smtp"),
        ("TICKETING_MAIL_FROM", "tickets@example.org"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("TICKETING_LOG", "trace"),
    ];
    settings.extend(CANARIES.into_iter().chain(beside).map(|(name, value)| (name, value.to_owned())));
    settings
}

fn ticketing(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut program = Command::new(Program::CURRENT);
    program.args(arguments).env_clear().envs(settings.iter().copied()).output().expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn every_secret_that_the_program_knows_has_a_canary() {
    let known: BTreeSet<_> = secret_variables().into_iter().collect();

    assert_eq!(known, CANARIES.map(|(name, _)| name.to_owned()).into());
}

#[test]
fn a_secret_that_cannot_be_read_is_not_quoted() {
    // None of them is what it should be, or has a use.
    let wrong: Vec<_> = CANARIES.iter().map(|(name, _)| (*name, " canary\u{e9}")).collect();
    let flags: Vec<_> = wrong.iter().filter_map(|(name, value)| Some((flag(name)?, *value))).collect();

    let arguments = flags.iter().flat_map(|(flag, value)| [flag.as_str(), value]);
    for output in [ticketing(&[], &wrong), ticketing(&arguments.collect::<Vec<_>>(), &[])] {
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for (flag, _) in &flags {
            assert!(said.contains(flag), "{flag} is missing in: {said}");
        }
        assert_none_in(&said);
    }
}

fn flag(variable: &str) -> Option<String> {
    Some(format!("--{}", variable.strip_prefix("TICKETING_")?.to_lowercase().replace('_', "-")))
}

#[test]
fn the_help_shows_no_secret() {
    let output = ticketing(&["--help"], &CANARIES);

    let help = said(&output);
    assert!(output.status.success() && help.contains("TICKETING_STRIPE_WEBHOOK_SECRET"), "{help}");
    assert_none_in(&help);
}
