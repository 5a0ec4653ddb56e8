//! MongoDB over TLS: with the right certificate all works; what is wrong with another is told in a sentence.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ticketing_conformance::sample::{self, free_address};
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_mongodb::{MongoAccountStore, MongoClient, MongoConfig, MongoError};

use crate::world;

fn told(name: &str) -> String {
    std::env::var(name)
        .expect("this test needs a MongoDB that speaks TLS: `deploy/engines.sh run cargo test …` brings one")
}

fn certificate(name: &str) -> PathBuf {
    Path::new(&told("ENGINES_CERTIFICATES")).join(name)
}

fn config(uri: impl Into<String>, ca: Option<&str>) -> MongoConfig {
    MongoConfig { uri: uri.into(), ca: ca.map(certificate), select_within: Duration::from_secs(3), ..world::config() }
}

/// Why it does not connect, and proof that this neither lasts nor shows the password.
async fn refusal(uri: &str, ca: Option<&str>) -> MongoError {
    let (config, began) = (config(uri, ca), Instant::now());
    let error = MongoClient::connect(&config).await.expect_err("it does not connect");
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
    let shown = format!("{config:?} {error:?} {}", error_chain(&error));
    assert!(!shown.contains("tomato"), "{shown}");
    error
}

/// A server that speaks nothing but TLS.
struct TlsAlone {
    port: u16,
    process: Child,
}

impl TlsAlone {
    fn start() -> Self {
        let port = free_address().port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert"]);
        command.arg(certificate("server.crt")).arg("-key").arg(certificate("server.key"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { port, process: command.spawn().expect("openssl is on the PATH") };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "openssl does not listen");
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
        server
    }
}

impl Drop for TlsAlone {
    fn drop(&mut self) {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it ends");
    }
}

#[tokio::test]
async fn a_commit_goes_over_tls() {
    let in_the_uri = format!("{}&tlsCAFile={}", told("MONGODB_TLS_URI"), certificate("ca.pem").display());
    for config in [config(told("MONGODB_TLS_URI"), Some("ca.pem")), config(in_the_uri, Some("other.pem"))] {
        let client = MongoClient::connect(&config).await.unwrap();
        let store = MongoAccountStore::open(&client).await.unwrap();
        let account = sample::account();

        store.commit(UnitOfWork::default().with(Write::insert(account.clone()))).await.unwrap();

        assert!(store.account(account.id).await.unwrap().is_some());
        client.database("accounts").drop().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_does_not_prove_who_it_is_is_refused() {
    let uri = told("MONGODB_TLS_URI").replace("mongodb://", "mongodb://ada:tomato@");
    let other_name = uri.replace("127.0.0.1", "localhost") + "&directConnection=true";

    for (uri, ca) in
        [(&uri, Some("other.pem")), (&uri, None), (&other_name.replace("replicaSet=rs0&", ""), Some("ca.pem"))]
    {
        let error = refusal(uri, ca).await;

        assert!(matches!(error, MongoError::Untrusted(_)), "{uri} {ca:?}: {error:?}");
    }
}

#[tokio::test]
async fn tls_on_one_side_alone_is_told() {
    let server = TlsAlone::start();
    let plain = refusal(&format!("mongodb://ada:tomato@127.0.0.1:{}/", server.port), None).await;
    assert!(plain.to_string().contains("tls=true"), "{plain:?}");
    drop(server);

    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    // A server without TLS sees a message of nonsense, and hangs up.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let error = refusal(&format!("mongodb://ada:tomato@127.0.0.1:{port}/?tls=true"), Some("ca.pem")).await;
    assert!(error.to_string().contains("tls=true"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_told_over_tls_too() {
    let uri = told("MONGODB_TLS_URI").replace("mongodb://", "mongodb://ada:tomato@");

    let error = refusal(&uri, Some("ca.pem")).await;

    assert!(matches!(error, MongoError::Unauthorised(_)), "{error:?}");
}

#[tokio::test]
async fn certificates_are_checked_whatever_the_connection_string_says() {
    for unchecked in ["tlsInsecure=true", "tlsAllowInvalidCertificates=true"] {
        let error = refusal(&format!("{}&{unchecked}", told("MONGODB_TLS_URI")), Some("ca.pem")).await;

        assert!(matches!(error, MongoError::Unchecked), "{unchecked}: {error:?}");
    }
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    for name in ["missing.pem", "server.key"] {
        let error = refusal(&told("MONGODB_TLS_URI"), Some(name)).await;

        assert!(matches!(&error, MongoError::Authorities { file, .. } if file.ends_with(name)), "{error:?}");
    }
}
