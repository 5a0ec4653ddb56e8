//! Mail that was kept instead of sent, for development.

use leptos::prelude::*;

use crate::shell::{Shell, document};

/// The mails of a process that sends none, at `/dev/mail`.
#[derive(Clone, Debug, Default)]
pub struct DevMailPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The mails, the newest first.
    pub mails: Vec<DevMail>,
}

/// A mail as a developer reads it.
#[derive(Clone, Debug, Default)]
pub struct DevMail {
    /// Who would have got it.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text; what is an address in it becomes a link.
    pub text: String,
}

/// Renders the mails that were kept.
#[must_use]
pub fn dev_mail_page(page: DevMailPage) -> String {
    let is_empty = page.mails.is_empty();
    let mails = page.mails.into_iter().map(mail).collect_view();
    let content = view! {
        <h1 class="title">"Mail"</h1>
        <p>"Nothing is sent. The newest mails are kept in memory, and anybody who opens this page reads them."</p>
        {is_empty.then(|| view! { <p class="empty">"Nobody was written to yet."</p> })}
        {mails}
    };
    document(page.shell, "Mail", content)
}

fn mail(DevMail { to, subject, text }: DevMail) -> impl IntoView {
    let lines = text.lines().map(|line| view! { {linked(line)} "\n" }.into_any()).collect_view();
    view! {
        <article class="panel">
            <h2 dir="auto">{subject}</h2>
            <p>{format!("To {to}")}</p>
            <pre class="mail" dir="auto">{lines}</pre>
        </article>
    }
}

/// A line of text, with links where it has addresses.
fn linked(line: &str) -> AnyView {
    let words = line.split_inclusive(' ').map(|word| {
        let address = word.trim_end();
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return word.to_owned().into_any();
        }
        view! { <a class="link" href=address.to_owned()>{address.to_owned()}</a> " " }.into_any()
    });
    words.collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> String {
        let mail = DevMail { to: "ada@example.org".into(), subject: "Opera <1>".into(), text: text.into() };
        dev_mail_page(DevMailPage { shell: Shell::default(), mails: vec![mail] })
    }

    #[test]
    fn an_address_in_a_mail_is_a_link_and_nothing_else_is_markup() {
        let html = page("Confirm it: http://localhost:3000/confirm/a.b-c\n<script>alert(1)</script>");

        assert!(html.contains(r#"href="http://localhost:3000/confirm/a.b-c""#), "{html}");
        assert!(html.contains("Opera &lt;1&gt;") && !html.contains("<script>alert"), "{html}");
        assert!(!page("javascript:alert(1)").contains(r#"href="javascript"#));
    }
}
