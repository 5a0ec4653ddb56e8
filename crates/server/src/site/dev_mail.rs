//! `/dev/mail`: what would have been sent, where nothing is. Served only by a process that keeps its mail.

use std::sync::Arc;

use axum::Extension;
use axum::response::{Html, IntoResponse, Response};

use ticketing_core::ports::mailer::{KeptMail, Mail};
use ticketing_web::{DevMail, DevMailPage, dev_mail_page};

use super::context::PageContext;

/// The mail that is shown.
pub(super) type Outbox = Extension<Arc<dyn KeptMail>>;

pub(super) async fn mails(Extension(outbox): Outbox, context: PageContext) -> Response {
    let shown = |Mail { to, subject, text, .. }: Mail| DevMail { to: to.to_string(), subject, text };
    let mails = outbox.mails().into_iter().rev().map(shown).collect();
    Html(dev_mail_page(DevMailPage { shell: context.shell(), mails })).into_response()
}
