//! The least that speaks HTTP/1.1, so that what is measured is the server.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::answer::{Framing, Head, Malformed, join_chunks, set_cookie};
use crate::settings::Target;

/// A connection that is kept open, and opened again where it broke.
#[derive(Debug)]
pub struct Connection {
    target: Target,
    timeout: Duration,
    stream: Option<TcpStream>,
    received: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// When to ask again.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Cow<'a, [u8]>,
    head: &'a [u8],
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody listens.
    #[error("the connection could not be opened")]
    Connect(#[source] io::Error),
    /// Whether the request was heard is not known.
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    /// The same.
    #[error("no answer came in time")]
    TimedOut,
    /// The server speaks another language.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl CallError {
    /// A word for reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Broken(_) => "broken",
            Self::TimedOut => "timeout",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl Answer<'_> {
    /// The value of a cookie that was set, with all that is said about it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        set_cookie(self.head, name)
    }
}

impl Connection {
    /// A connection that opens with its first request.
    #[must_use]
    pub const fn new(target: Target, timeout: Duration) -> Self {
        Self { target, timeout, stream: None, received: Vec::new() }
    }

    /// What goes into `Host`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    ///
    /// [`CallError`]; the next call opens the connection again.
    pub async fn call(&mut self, request: &[u8]) -> Result<Answer<'_>, CallError> {
        // Taken out, so that a call that fails or is dropped leaves no half-read answer behind.
        let stream = self.stream.take();
        let exchange = exchange(stream, &self.target.address, request, &mut self.received);
        let (stream, head) = tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err(CallError::TimedOut))?;
        self.stream = (!head.closes).then_some(stream);
        let (head_text, rest) = self.received.split_at(head.length);
        let body = match head.body {
            Framing::Length(length) => Cow::Borrowed(rest.get(..length).unwrap_or_default()),
            Framing::Chunked => Cow::Owned(join_chunks(rest)?.unwrap_or_default()),
        };
        Ok(Answer { status: head.status, retry_after: head.retry_after, body, head: head_text })
    }
}

async fn exchange(
    stream: Option<TcpStream>,
    address: &str,
    request: &[u8],
    received: &mut Vec<u8>,
) -> Result<(TcpStream, Head), CallError> {
    let mut stream = match stream {
        Some(stream) => stream,
        None => connect(address).await.map_err(CallError::Connect)?,
    };
    stream.write_all(request).await.map_err(CallError::Broken)?;
    received.clear();
    let head = loop {
        more(&mut stream, received).await?;
        if let Some(head) = Head::parse(received)? {
            break head;
        }
    };
    while !is_whole(&head, received)? {
        more(&mut stream, received).await?;
    }
    Ok((stream, head))
}

async fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn is_whole(head: &Head, received: &[u8]) -> Result<bool, Malformed> {
    match head.body {
        Framing::Length(length) => Ok(received.len() >= head.length + length),
        Framing::Chunked => Ok(join_chunks(received.get(head.length..).unwrap_or_default())?.is_some()),
    }
}

async fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> Result<(), CallError> {
    received.reserve(8 * 1024);
    match stream.read_buf(received).await {
        Ok(0) => Err(CallError::Broken(io::ErrorKind::UnexpectedEof.into())),
        Ok(_) => Ok(()),
        Err(error) => Err(CallError::Broken(error)),
    }
}
