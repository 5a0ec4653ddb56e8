//! For which request a task works.

use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Uuid;
}

/// Works for a request: each line of the log that is written meanwhile has its id.
pub(crate) async fn within_request<W: Future>(id: Uuid, work: W) -> W::Output {
    REQUEST.scope(id, work).await
}

/// The request that is being worked for.
pub(super) fn current_request() -> Option<Uuid> {
    REQUEST.try_with(|id| *id).ok()
}
