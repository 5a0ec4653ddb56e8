//! A marketplace on a socket, and a front door before it in this process.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use ticketing_crypto::Argon2Config;
use ticketing_server::config::{Config, HttpConfig, Limits, Service};
use ticketing_server::marketplace::assemble;
use ticketing_server::wiring;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::app::TestApp;

/// A marketplace that is served on a socket.
pub(crate) struct Backend {
    pub(crate) app: TestApp,
    address: String,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let app = TestApp::start_with(|config| {
            config.http.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
            change(config);
        })
        .await;
        let address = listen(app.router.clone()).await;
        Self { app, address }
    }

    /// The same marketplace, asked through a front door.
    pub(crate) fn behind_front_door(self) -> TestApp {
        self.behind_front_door_with(|_| {})
    }

    /// The same, through a front door with other settings.
    pub(crate) fn behind_front_door_with(self, change: impl FnOnce(&mut Config)) -> TestApp {
        front_door(self.app, &self.address, change)
    }
}

/// Serves on a free port.
pub(crate) async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// Puts a process that runs web alone before whatever serves the rest at an address.
pub(crate) fn front_door(app: TestApp, address: &str, change: impl FnOnce(&mut Config)) -> TestApp {
    let url: ticketing_server::config::ServiceUrl = format!("http://{address}").parse().expect("an address");
    let http = HttpConfig { limits: Limits::OFF, ..HttpConfig::default() };
    let mut config = Config { services: vec![Service::Web], http, ..Config::default() };
    let services = Service::ALL.into_iter().filter(|service| service.has_api());
    config.remote = services.map(|service| (service, url.clone())).collect();
    change(&mut config);
    let engines = wiring::engines(&app.memory, Argon2Config::weak(), &config).expect("a weak hash is a hash");
    let web = assemble(engines, &config).expect("engines that fit together");
    let router = ticketing_server::router(&web);
    app.with_front_door(router, web)
}

/// Answers the first request of each connection and hangs up on the second; counts the requests.
pub(crate) async fn hangs_up() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut buffer = [0; 16 * 1024];
                for answer in [&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"[..], b""] {
                    if stream.read(&mut buffer).await? == 0 {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                    stream.write_all(answer).await?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    (address, asked)
}
