//! Settings: a mistake is refused at start, and all of them at once.

use std::process::{Command, Output};
use std::time::Duration;

use ticketing_server::config::{Config, Gateway, HttpConfig, Service};
use ticketing_server::serve::serve;
use ticketing_server::wiring;

use crate::process::Program;

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
            ("TICKETING_LIMIT_READS", "0/1s"),
            ("TICKETING_PASSWORDS_ADDRESS", "0"),
            ("TICKETING_LOG_FORMAT", "xml"),
        ],
    );

    for mistake in [
        "hats",
        "orders",
        "--body-limit",
        "everywhere",
        "--hold",
        "COLOUR",
        "--signing-key",
        "many",
        "0/1s",
        "--passwords-address",
        "xml",
    ] {
        assert!(told.contains(mistake), "{mistake} is missing in:\n{told}");
    }
    assert!(!told.contains("secret-but-no-key"));
}

#[test]
fn one_file_keeps_everything_for_one_process() {
    let data = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-data");
    for (arguments, mistake) in [
        (
            &["--data", data, "--timers", "redis", "--redis-url", "redis://127.0.0.1:1"][..],
            "--data: one file keeps everything",
        ),
        (&["serve", "orders", "--data", data, "--jwks", "{\"keys\":[]}"], "--data is for one process"),
        (&["--data", data], "nothing takes money by itself"),
        (&["backup", "copy.db"], "backup: needs --data"),
        (&["move", "--take-back"], "move: needs --data"),
        (&["move", "--data", data, "--payments", "sandbox"], "move: a file is moved to databases"),
        (&["replay", "orders", "--data", data], "replay: what a service knows of others"),
        (&["replay", "search", "--dry-run"], "replay search: takes neither"),
        (&["keys", "list"], "or --data, where they lie"),
    ] {
        let told = refusal(arguments, &[]);
        assert!(told.contains(mistake), "{mistake} is missing in:\n{told}");
    }
    assert!(!std::path::Path::new(data).exists(), "settings that are wrong leave no directory behind");
    let missing = ticketing(&["audit", "--data", data], &[]);
    let told = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(missing.status.code() == Some(1) && told.contains("market.db cannot be opened"), "{told}");
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
fn what_takes_no_money_is_asked_for_where_people_come() {
    let origin = ["--public-origin", "https://tickets.example.org"];
    for (arguments, environment) in [
        (&["--listen", "0.0.0.0:0"][..], &[][..]),
        (&["--listen", "[::]:0"], &[]),
        (&origin, &[]),
        (&["--trusted-proxies", "127.0.0.0/8"], &[]),
        (&[], &[("TICKETING_TRUSTED_PROXIES", "192.0.2.7/32")]),
        (&[], &ENGINES),
        (&["serve", "payments", "--jwks", "{}"], &ENGINES),
        (&["serve", "web"], &ENGINES),
    ] {
        let told = refusal(arguments, environment);
        assert!(told.contains("choose --payments sandbox"), "{arguments:?}: {told}");
    }
    let wrong = refusal(&["--payments", "paypal"], &[]);
    assert!(wrong.contains("paypal") && !wrong.contains("choose --payments"), "{wrong}");
    for (arguments, environment) in [
        (&["--hold", "soon"][..], &[][..]),
        (&["serve", "orders", "--hold", "soon"], &ENGINES),
        (&["audit", "--hold", "x"], &ENGINES),
    ] {
        let told = refusal(arguments, environment);
        assert!(!told.contains("--payments"), "{arguments:?}: {told}");
    }
}

#[tokio::test]
async fn a_library_asks_for_what_takes_no_money_too() {
    let private = || Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        admin_listen: "127.0.0.1:0".parse().expect("an address"),
        ..Config::default()
    };
    let with = |change: fn(&mut HttpConfig)| {
        let mut config = private();
        change(&mut config.http);
        config
    };
    let public = [
        Config { listen: "0.0.0.0:0".parse().expect("an address"), ..private() },
        with(|http| http.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")]),
        with(|http| http.public_origins = vec!["https://tickets.example".parse().expect("an origin")]),
    ];

    for config in public {
        let serving = tokio::time::timeout(Duration::from_secs(60), serve(config.clone()));
        let refused = serving.await.expect("it does not go on to serve").expect_err("nobody asked for the sandbox");
        assert!(refused.to_string().contains("nothing takes money by itself"), "{refused}");
        let asked_for = Config { payments: Some(Gateway::Sandbox), ..config.clone() };
        assert_eq!(wiring::marketplace(&asked_for).await.expect("it was asked for").app.gateway, asked_for.payments);
        let without_money = Config { services: vec![Service::Tickets], ..config };
        assert!(without_money.check_gateway().is_ok());
    }
    let app = wiring::marketplace(&private()).await.expect("it is private").app;
    assert_eq!(app.gateway, Some(Gateway::Sandbox));
}

const STRIPE: [(&str, &str); 4] = [
    ("TICKETING_PAYMENTS", "stripe"),
    ("TICKETING_STRIPE_KEY", "sk_test_canary"),
    ("TICKETING_STRIPE_WEBHOOK_SECRET", "whsec_canary1,whsec_canary2"),
    ("TICKETING_PUBLIC_ORIGIN", "https://tickets.example.org"),
];

#[test]
fn what_stripe_lacks_or_has_no_use_for_is_told() {
    let needs = refusal(&["--payments", "stripe", "--demo", "true"], &[]);
    for lack in ["needs --stripe-key", "needs --stripe-webhook-secret", "needs --public-origin", "paid with test cards"]
    {
        assert!(needs.contains(lack), "{lack} is missing in:\n{needs}");
    }
    for (changed, mistake) in [
        (("TICKETING_STRIPE_KEY", "pk_test_canary"), "--stripe-key: must begin with sk_ or rk_"),
        (("TICKETING_STRIPE_KEY", "rk_live_canary"), "a live key needs --store mongodb"),
        (("TICKETING_STRIPE_WEBHOOK_SECRET", "whsec_canary,sk_test_canary"), "must begin with whsec_"),
        (("TICKETING_STRIPE_URL", "http://canary.example"), "--stripe-url: must be https://"),
        (("TICKETING_PUBLIC_ORIGIN", "http://tickets.example.org"), "Stripe sends buyers back to it"),
        (("TICKETING_PAYMENTS", "sandbox"), "--stripe-key: has no use"),
    ] {
        let told = refusal(&[], &[STRIPE.as_slice(), &[changed]].concat());
        assert!(told.contains(mistake) && !told.contains("canary"), "{mistake} is missing in:\n{told}");
    }
    let elsewhere = refusal(&["serve", "orders"], &STRIPE);
    assert!(
        elsewhere.contains("--stripe-key: has no use without --payments stripe, where payments runs"),
        "{elsewhere}"
    );
    let stripe = refusal(&[], &[STRIPE.as_slice(), &[("TICKETING_HOLD", "soon")]].concat());
    assert_eq!(stripe.contains("build with --features stripe"), cfg!(not(feature = "stripe")), "{stripe}");
    assert!(!stripe.contains("--payments sandbox"), "{stripe}");
}

#[test]
fn what_is_not_real_says_so() {
    let private = Program::start_with(&["--demo", "true"]);
    let public = Program::start_with(&["--public-origin", "https://tickets.example.org", "--payments", "sandbox"]);

    for (mut program, is_demo) in [(private, true), (public, false)] {
        let (log, readiness) = (program.said_at_start.clone(), program.readiness());
        assert!(
            log.contains("no money is taken") && readiness.contains("\"payments\":\"sandbox\""),
            "{log}{readiness}"
        );
        assert_eq!(log.contains("a password that is published"), is_demo, "{log}");
        program.close_log();
    }
    // What is asked for on the way in may be had, and is told.
    let asked_for = ["--public-origin", "https://tickets.example.org", "--payments", "sandbox", "--demo", "true"];
    assert!(Program::start_with(&asked_for).said_at_start.contains("a password that is published"));
}

#[test]
fn demo_data_is_for_those_at_the_machine() {
    let program = Program::start_by(&["--public-origin", "https://tickets.example.org", "--payments", "sandbox"]);
    let tickets = program.exchange("GET /api/tickets HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert!(tickets.contains("\"items\":[]"), "{tickets}");

    let program = Program::start_by(&[]);
    let ask = || program.exchange("GET /api/tickets HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    // The search has a new ticket a moment after it was put on sale.
    assert!(std::iter::repeat_with(ask).take(1000).any(|tickets| tickets.contains("\"title\"")));
}

#[test]
fn the_public_and_operators_have_an_address_each() {
    let told = refusal(&["--listen", "127.0.0.1:3000", "--admin-listen", "0.0.0.0:3000"], &[]);

    assert!(told.contains("choose another port"), "{told}");
    assert!(refusal(&["--admin-listen", "somewhere"], &[]).contains("somewhere"));
}

const ENGINES: [(&str, &str); 7] = [
    ("TICKETING_STORE", "mongodb"),
    ("TICKETING_MONGODB_URI", "mongodb://ada:tomato@localhost/"),
    ("TICKETING_BUS", "kafka"),
    ("TICKETING_KAFKA_BROKERS", "localhost:9092"),
    ("TICKETING_TIMERS", "redis"),
    ("TICKETING_SESSIONS", "redis"),
    ("TICKETING_REDIS_URL", "redis://ada:tomato@localhost/"),
];

#[test]
fn what_is_shared_between_processes_is_not_in_memory() {
    let told = refusal(&["serve", "orders", "web"], &[]);

    for mistake in [
        "--store mongodb",
        "--bus kafka",
        "--sessions redis",
        "let accounts, tickets, payments, admissions, notifications, expiration",
    ] {
        assert!(told.contains(mistake), "{mistake} is missing in:\n{told}");
    }
    let web = refusal(&["serve", "web"], &[]);
    assert!(web.contains("--sessions redis") && !web.contains("--store mongodb") && !web.contains("--bus"), "{web}");
    let sessions = [("TICKETING_SESSIONS", "redis"), ("TICKETING_REDIS_URL", "redis://localhost/")];
    let web = refusal(&["serve", "web"], &sessions);
    assert!(web.contains("needs --tickets-url") && !web.contains("--bus"), "{web}");
}

#[test]
fn a_process_is_told_what_it_lacks_of_the_others() {
    let web = refusal(&["serve", "orders", "web", "--orders-url", "http://orders:3000"], &ENGINES);
    for mistake in ["needs --accounts-url or --jwks", "needs --tickets-url", "needs --payments-url", "orders runs here"]
    {
        assert!(web.contains(mistake), "{mistake} is missing in:\n{web}");
    }

    let key = ("TICKETING_SIGNING_KEY", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    let accounts = refusal(&["serve", "accounts", "--jwks", r#"{"keys":[]}"#, "--colour"], &ENGINES);
    let orders = refusal(&["serve", "orders", "--jwks", r#"{"keys":[]}"#], &[&ENGINES[..], &[key]].concat());

    assert!(
        accounts.contains("needs --signing-keys or --signing-key") && accounts.contains("knows its own keys"),
        "{accounts}"
    );
    assert!(orders.contains("--signing-key: is a secret of accounts"), "{orders}");
    let tickets = refusal(&["serve", "tickets", "--signing-keys", "keys.json"], &ENGINES);
    assert!(tickets.contains("--signing-keys: is a secret of accounts"), "{tickets}");
    let both = refusal(&["--signing-keys", "keys.json"], &[key]);
    assert!(both.contains("--signing-key: has no use beside --signing-keys"), "{both}");
    assert!(both.contains("--signing-keys: No such file"), "{both}");
    assert!(refusal(&["keys", "list"], &[]).contains("keys: needs --signing-keys"));
}

#[test]
fn an_engine_is_chosen_together_with_its_address() {
    let chosen = [("TICKETING_STORE", "mongodb"), ("TICKETING_BUS", "kafka"), ("TICKETING_SESSIONS", "redis")];
    let told = refusal(&[], &chosen);
    for address in ["needs --mongodb-uri", "needs --kafka-brokers", "needs --redis-url"] {
        assert!(told.contains(address), "{address} is missing in:\n{told}");
    }

    let idle = ["--mongodb-uri", "--database-prefix", "--kafka-brokers", "--topic-retention", "--redis-url"];
    let told = refusal(&idle.map(|flag| [flag, "x"]).concat(), &[("TICKETING_TOPIC_PARTITIONS", "0")]);
    for flag in idle.iter().chain(&["--topic-partitions"]) {
        assert!(told.contains(&format!("{flag}: has no use without")), "{flag} is missing in:\n{told}");
    }
    assert!(
        ["neither forever", "no list of brokers", "must begin with redis://"].iter().all(|wrong| told.contains(wrong))
    );
    assert!(refusal(&["--store", "paper"], &[]).contains("neither memory nor mongodb"));
    assert!(refusal(&["topics"], &[]).contains("choose --bus kafka"));
}

#[test]
fn engines_that_outlive_the_process_are_not_mixed_with_memory() {
    let [store, bus] = [&ENGINES[..2], &ENGINES[2..4]];
    let sessions = &ENGINES[4..];
    for others in [&[][..], sessions] {
        let told = refusal(&[], &[store, others].concat());
        assert!(told.contains("--store mongodb: needs --bus kafka"), "{told}");
        let told = refusal(&["serve"], &[bus, others].concat());
        assert!(told.contains("--bus kafka: needs --store mongodb"), "{told}");
    }
    let told = refusal(&["--store", " mongodb ", "--bus", "memory"], &[]);
    assert!(told.contains("--store mongodb: needs --bus kafka"), "{told}");
    let told = refusal(&["--hold", "soon"], &ENGINES);
    assert!(!told.contains("needs --"), "{told}");
}

#[test]
fn one_replica_set_keeps_state_and_events() {
    let bus = ("TICKETING_BUS", "mongodb");
    let told = refusal(&["serve"], &[bus]);
    assert!(told.contains("--bus mongodb: needs --store mongodb"), "{told}");

    let both = [&ENGINES[..2], &[bus]].concat();
    let told = refusal(&["--hold", "soon", "--topic-retention", "7d"], &both);
    assert!(!told.contains("needs --") && !told.contains("has no use"), "{told}");
    let told = refusal(&["--hold", "soon", "replay", "orders"], &both);
    assert!(!told.contains("replay"), "{told}");
    let told = refusal(&["--topic-prefix", "shop", "--kafka-brokers", "localhost:9092"], &both);
    for idle in ["--topic-prefix: has no use without --bus kafka", "--kafka-brokers: has no use without --bus kafka"] {
        assert!(told.contains(idle), "{told}");
    }
    assert!(refusal(&["topics"], &both).contains("topics: only Kafka has topics"));
}

#[test]
fn a_user_of_kafka_is_named_as_a_whole() {
    let [mechanism, user, password] = [
        ("TICKETING_KAFKA_SASL", "scram-sha-512"),
        ("TICKETING_KAFKA_USER", "ada"),
        ("TICKETING_KAFKA_PASSWORD", "tomato"),
    ];
    for given in [&[mechanism][..], &[user], &[password], &[mechanism, user], &[mechanism, password], &[user, password]]
    {
        let told = refusal(&[], &[&ENGINES[..], given].concat());
        assert!(told.contains("--kafka-sasl, --kafka-user, --kafka-password: set all three or none"), "{told}");
        assert!(!told.contains("tomato"), "{told}");
    }

    let told = refusal(&["--kafka-sasl", "gssapi", "--kafka-user", "", "--kafka-password", "tomato"], &ENGINES);
    assert!(told.contains("neither plain, scram-sha-256 nor scram-sha-512"), "{told}");
    assert!(told.contains("--kafka-user: is empty") && !told.contains("tomato"), "{told}");
    let told = refusal(&["--kafka-tls", "true"], &[user]);
    assert!(["--kafka-tls: has no use", "--kafka-user: has no use"].iter().all(|idle| told.contains(idle)), "{told}");
    assert!(refusal(&["--kafka-tls", "maybe"], &ENGINES).contains("neither true nor false"));
}

#[test]
fn authorities_are_named_where_they_have_a_use() {
    let no_certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let refused = |file: &str| refusal(&[], &[&ENGINES[..], &[("TICKETING_TLS_CA", file)]].concat());

    assert!(refused("/nowhere/ca.pem").contains("--tls-ca: \"/nowhere/ca.pem\" cannot be read"));
    assert!(refused(no_certificate).contains("holds no certificate in PEM"));
    let ca = std::env::temp_dir().join(format!("ticketing-ca-{}.pem", std::process::id()));
    std::fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").expect("a file");
    let ca = ca.to_str().expect("a path");
    assert!(refused(ca).contains("--tls-ca: has no use if no engine is reached over TLS"));
    for used in [
        ("TICKETING_MONGODB_URI", "mongodb://ada:tomato@localhost/?replicaSet=rs0&TLS=true"),
        ("TICKETING_MONGODB_URI", "mongodb+srv://ada:tomato@example.org/"),
        ("TICKETING_REDIS_URL", "rediss://ada:tomato@localhost/"),
        ("TICKETING_KAFKA_TLS", "true"),
    ] {
        let told = refusal(&["--hold", "soon"], &[&ENGINES[..], &[("TICKETING_TLS_CA", ca), used]].concat());
        assert!(told.contains("--hold") && !told.contains("--tls-ca"), "{used:?}: {told}");
    }
    std::fs::remove_file(ca).expect("the file is there");
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_was_not_built_is_told() {
    let asked = [
        ("TICKETING_REDIS_URL", "rediss://ada:tomato@localhost/"),
        ("TICKETING_KAFKA_TLS", "true"),
        ("TICKETING_KAFKA_SASL", "scram-sha-512"),
    ];
    let told = refusal(&[], &[&ENGINES[..], &asked].concat());

    for flag in ["--redis-url", "--kafka-tls", "--kafka-sasl"] {
        assert!(told.contains(&format!("{flag}: this build has no TLS: build with --features tls")), "{flag}: {told}");
    }
    assert!(!told.contains("tomato"), "{told}");
}

#[cfg(not(any(feature = "mongodb", feature = "kafka", feature = "redis")))]
#[test]
fn an_engine_that_was_not_built_is_told() {
    let told = refusal(&[], &ENGINES);

    for engine in ["mongodb", "kafka", "redis"] {
        assert!(told.contains(&format!("build with --features {engine}")), "{engine} is missing in:\n{told}");
    }
}

#[test]
fn no_secret_is_printed() {
    let wrong = [("TICKETING_MONGODB_URI", "ada:tomato@host"), ("TICKETING_REDIS_URL", "http://ada:tomato@host")];
    let url = ("TICKETING_TICKETS_URL", "http://ada:tomato@host");
    let told = refusal(&["--colour", "red"], &[&wrong[..], &[url]].concat());
    let help = ticketing(&["--help"], &[&ENGINES[..], &[("TICKETING_SIGNING_KEY", "tomato")]].concat());

    assert!(told.contains("--mongodb-uri") && told.contains("--redis-url") && told.contains("--tickets-url"), "{told}");
    let help = String::from_utf8(help.stdout).expect("text");
    assert!(!told.contains("tomato") && !help.contains("tomato"), "{told}{help}");
}

#[test]
fn every_setting_is_documented() {
    let output = ticketing(&["--help"], &[]);
    let help = String::from_utf8(output.stdout).expect("text");
    let page = include_str!("../../../../docs/operations.md");
    let variables = |text: &str| -> std::collections::BTreeSet<String> {
        let words = text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        words
            .filter(|word| word.len() > "TICKETING_".len() && word.starts_with("TICKETING_"))
            .map(str::to_owned)
            .collect()
    };

    assert_eq!(output.status.code(), Some(0));
    assert!(variables(&help).len() > 30, "{help}");
    assert_eq!(variables(&help), variables(page));
}
