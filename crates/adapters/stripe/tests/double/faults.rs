//! What goes wrong between the adapter and Stripe.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};

use super::bare;

/// A fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is carried out, and the connection breaks before the answer has come.
    LosesTheAnswer,
    /// It is not carried out, and answered so.
    Answers(u16),
    /// It is not carried out, and never answered.
    Hangs,
    /// It is carried out, and answered without end.
    Floods,
    /// It is sent elsewhere.
    Redirects,
    /// It arrives once the double is told to let it through.
    Waits,
}

#[derive(Default)]
pub(crate) struct Faults(Vec<(&'static str, Fault)>);

impl Faults {
    pub(crate) fn add(&mut self, path_end: &'static str, fault: Fault) {
        self.0.push((path_end, fault));
    }

    /// The fault of this request, which no other has.
    pub(crate) fn take(&mut self, request: &str) -> Option<Fault> {
        let position = self.0.iter().position(|(end, _)| request.ends_with(end))?;
        Some(self.0.remove(position).1)
    }

    pub(crate) fn are_met(&self) -> bool {
        self.0.is_empty()
    }
}

impl Fault {
    pub(crate) fn is_carried_out(self) -> bool {
        matches!(self, Self::LosesTheAnswer | Self::Floods)
    }

    pub(crate) async fn answer(self) -> Response {
        match self {
            Self::LosesTheAnswer => {
                let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("the line is cut"))]);
                Body::from_stream(broken).into_response()
            }
            Self::Answers(status) => bare(status, None),
            Self::Hangs | Self::Waits => std::future::pending().await,
            Self::Floods => {
                let flood = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096])));
                Body::from_stream(flood).into_response()
            }
            Self::Redirects => bare(307, Some("/v1/elsewhere")),
        }
    }
}
