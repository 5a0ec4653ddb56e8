//! The least that speaks HTTP/1.1, so that what is measured is the server.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection that is kept open.
pub(super) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    head: String,
}

impl Client {
    pub(super) async fn connect(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("the server listens");
        stream.set_nodelay(true).expect("loopback has no delay");
        Self { stream, received: Vec::with_capacity(1 << 16), head: String::new() }
    }

    /// Sends a request and returns the body of its answer, which must be a success.
    pub(super) async fn call(&mut self, request: &str) -> String {
        self.stream.write_all(request.as_bytes()).await.expect("the server listens");
        self.received.clear();
        let head = loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await;
        };
        self.head = String::from_utf8_lossy(self.received.get(..head).unwrap_or_default()).into_owned();
        assert!(self.head.starts_with("HTTP/1.1 20"), "{}{}", self.head, String::from_utf8_lossy(&self.received));
        let length: usize = self.header("content-length").and_then(|text| text.parse().ok()).expect("a length is told");
        while self.received.len() < head + length {
            self.more().await;
        }
        String::from_utf8_lossy(self.received.get(head..head + length).unwrap_or_default()).into_owned()
    }

    /// A cookie that the last answer set.
    pub(super) fn cookie(&self, name: &str) -> String {
        let start = format!("set-cookie: {name}=");
        let line = self.head.lines().find_map(|line| line.strip_prefix(&start)).expect("the cookie is set");
        line.split(';').next().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.received).await.expect("the server answers");
        assert!(read > 0, "the server hung up");
    }
}
