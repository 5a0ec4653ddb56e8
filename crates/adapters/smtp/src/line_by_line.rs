//! A connection that hands out one line at a time.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection that hands out one line at a time, although more has arrived.
///
/// The client reads ahead. What somebody on the way adds behind the answer to STARTTLS would stay in its buffer, and be
/// taken for answers that came encrypted. Here it stays in the connection, where TLS finds it and fails.
#[derive(Debug)]
pub(crate) struct LineByLine {
    connection: TcpStream,
    ahead: Vec<u8>,
}

impl LineByLine {
    pub(crate) const fn new(connection: TcpStream) -> Self {
        Self { connection, ahead: Vec::new() }
    }

    fn hand_out(&mut self, buffer: &mut ReadBuf<'_>) {
        let line = self.ahead.iter().position(|byte| *byte == b'\n').map_or(self.ahead.len(), |end| end + 1);
        let handed: Vec<u8> = self.ahead.drain(..line.min(buffer.remaining())).collect();
        buffer.put_slice(&handed);
    }
}

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.connection.peer_addr()
    }
}

impl AsyncRead for LineByLine {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            let mut bytes = [0; 4096];
            let mut arrived = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.connection).poll_read(context, &mut arrived))?;
            this.ahead.extend_from_slice(arrived.filled());
        }
        this.hand_out(buffer);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().connection).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_shutdown(context)
    }
}
