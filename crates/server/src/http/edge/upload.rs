//! What is known of the body of a request while it comes in.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use hyper::body::{Frame, SizeHint};

/// Shows which side holds a request up. A clone is about the same request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upload(Arc<AtomicU8>);

const MOVING: u8 = 0;
const AWAITED: u8 = 1;
const BROKEN: u8 = 2;

impl Upload {
    /// Watches the body of a request, if it has one.
    pub(super) fn watch(request: Request) -> (Request, Option<Self>) {
        if request.body().is_end_stream() {
            return (request, None);
        }
        let upload = Self::default();
        let mut request = request.map(|body| Body::new(Watched { body, upload: upload.clone() }));
        request.extensions_mut().insert(upload.clone());
        (request, Some(upload))
    }

    /// Whether the client has yet to send what is waited for.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Relaxed) == AWAITED
    }

    /// Whether the client went away in the middle of it.
    pub(crate) fn broke_off(&self) -> bool {
        self.0.load(Ordering::Relaxed) == BROKEN
    }
}

struct Watched {
    body: Body,
    upload: Upload,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let state = match &polled {
            Poll::Pending => AWAITED,
            Poll::Ready(Some(Err(_))) => BROKEN,
            Poll::Ready(_) => MOVING,
        };
        self.upload.0.store(state, Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
