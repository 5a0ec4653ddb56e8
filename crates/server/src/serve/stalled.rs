//! A connection whose other end does not read is given up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// When a connection on which nothing happens is asked whether it is still there, and how often then.
const ASK_AFTER: Duration = Duration::from_secs(60);
const ASK_EVERY: Duration = Duration::from_secs(15);

/// A stream that fails once nothing could be written for a while.
#[derive(Debug)]
pub(super) struct Stalled<S> {
    stream: S,
    within: Duration,
    /// Runs while a write waits.
    waits: Option<Pin<Box<Sleep>>>,
}

impl Stalled<TcpStream> {
    /// Prepares a connection that was accepted.
    ///
    /// What this process has handed to the system, and the peer does not take, the system gives up by itself.
    pub(super) fn accepted(stream: TcpStream, within: Duration) -> Self {
        let socket = SockRef::from(&stream);
        let alive = TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_EVERY);
        let prepared = stream.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&alive));
        #[cfg(target_os = "linux")]
        let prepared = prepared.and_then(|()| socket.set_tcp_user_timeout(Some(within)));
        if let Err(error) = prepared {
            tracing::debug!(%error, "a connection could not be prepared");
        }
        Self::new(stream, within)
    }
}

impl<S> Stalled<S> {
    const fn new(stream: S, within: Duration) -> Self {
        Self { stream, within, waits: None }
    }

    fn watch<T>(&mut self, polled: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waits = None;
            return polled;
        }
        let waits = self.waits.get_or_insert_with(|| Box::pin(sleep(self.within)));
        waits.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalled<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalled<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(polled, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(polled, cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let began = Instant::now();

        let written = Stalled::new(ours, WITHIN).write_all(&[0; 64]).await;

        assert_eq!(written.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        assert_eq!(began.elapsed(), WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_slowly_is_waited_for() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut stalled = Stalled::new(ours, WITHIN);
        let reader = tokio::spawn(async move {
            for _ in 0..4 {
                sleep(WITHIN - Duration::from_secs(1)).await;
                theirs.read_exact(&mut [0; 16]).await.unwrap();
            }
        });

        let written = stalled.write_all(&[0; 64]).await;

        assert!(written.is_ok(), "{written:?}");
        reader.await.unwrap();
    }
}
