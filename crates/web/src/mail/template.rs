//! The files of letters, and how they are filled in.

use std::collections::BTreeMap;

use super::value::{Form, Value, escaped};

/// The words of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Template {
    /// How its files are called.
    pub(super) name: &'static str,
    text: &'static str,
    html: &'static str,
}

macro_rules! template {
    ($name:literal) => {
        Template {
            name: $name,
            text: include_str!(concat!("../../mail/", $name, ".txt")),
            html: include_str!(concat!("../../mail/", $name, ".html")),
        }
    };
}

const FRAME: Template = template!("frame");
pub(super) const CONFIRM_ADDRESS: Template = template!("confirm_address");
pub(super) const RESET_PASSWORD: Template = template!("reset_password");
pub(super) const PASSWORD_CHANGED: Template = template!("password_changed");
pub(super) const NEW_BROWSER: Template = template!("new_browser");
pub(super) const ORDER_COMPLETED: Template = template!("order_completed");
pub(super) const EVENT_CHANGED: Template = template!("event_changed");
pub(super) const EVENT_AS_ORDERED: Template = template!("event_as_ordered");
pub(super) const EVENT_CALLED_OFF: Template = template!("event_called_off");
pub(super) const ORDER_REFUNDED: Template = template!("order_refunded");
pub(super) const MONEY_RETURNED: Template = template!("money_returned");
pub(super) const PLACES_SOLD: Template = template!("places_sold");
pub(super) const TICKET_FOUND: Template = template!("ticket_found");

/// What is filled in, by the name of its placeholder.
pub(super) type Values = BTreeMap<&'static str, Value>;

/// The words of a letter, and what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Composed {
    pub(super) template: Template,
    pub(super) values: Values,
    /// What is filled into the frame.
    pub(super) frame: Values,
}

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The lines of a text that are not for its body.
struct Parts {
    subject: &'static str,
    why: &'static str,
    body: &'static str,
}

impl Template {
    /// A text without these lines has neither; a test refuses it.
    fn parts(self) -> Parts {
        let (head, body) = self.text.split_once("\n\n").unwrap_or(("", self.text));
        let of = |name| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        Parts { subject: of("Subject: "), why: of("Why: "), body: body.trim_end() }
    }
}

impl Composed {
    pub(super) fn written(&self) -> Written {
        let Parts { subject, why, body } = self.template.parts();
        let subject = filled(subject, &self.values, Form::Text);
        let framed = |frame: &str, body: &str, form| {
            let mut values = self.frame.clone();
            // A title in HTML is text alone: no element may isolate what is in it.
            values.insert("subject", Value::Part(escaped(&subject)));
            values.insert("why", Value::Part(filled(why, &self.values, form)));
            values.insert("body", Value::Part(filled(body, &self.values, form)));
            filled(frame, &values, form)
        };
        let text = framed(FRAME.text, body, Form::Text);
        let html = framed(FRAME.html, self.template.html.trim_end(), Form::Html);
        Written { subject, text, html }
    }
}

/// The template with what stands for each placeholder. What is filled in is not looked through for others.
fn filled(template: &str, values: &Values, form: Form) -> String {
    let mut written = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, name, after)) = next_placeholder(rest) {
        written.push_str(before);
        written.push_str(&values.get(name).map(|value| value.shown(form)).unwrap_or_default());
        rest = after;
    }
    written.push_str(rest);
    written
}

/// What stands before the first placeholder, its name, and what follows.
fn next_placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::base::Base;
    use crate::mail::Letters;
    use crate::mail::samples::{Sample, TEXTS, letters, odd_letters};

    const ALL: [Template; 12] = [
        CONFIRM_ADDRESS,
        RESET_PASSWORD,
        PASSWORD_CHANGED,
        NEW_BROWSER,
        ORDER_COMPLETED,
        EVENT_CHANGED,
        EVENT_AS_ORDERED,
        EVENT_CALLED_OFF,
        ORDER_REFUNDED,
        MONEY_RETURNED,
        PLACES_SOLD,
        TICKET_FOUND,
    ];

    fn placeholders(mut template: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        while let Some((_, name, after)) = next_placeholder(template) {
            found.insert(name);
            template = after;
        }
        found
    }

    #[test]
    fn every_file_is_a_letter_and_every_letter_has_its_files() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mail");
        let files: BTreeSet<_> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let known = ALL
            .iter()
            .chain([&FRAME])
            .flat_map(|template| ["txt", "html"].map(|end| format!("{}.{end}", template.name)));

        assert_eq!(files, known.collect());
    }

    #[test]
    fn every_letter_has_a_subject_and_says_why_it_came() {
        for template in ALL {
            let Parts { subject, why, body } = template.parts();
            assert!(!subject.is_empty() && why.ends_with('.') && !body.is_empty(), "{}", template.name);
            assert_eq!(
                template.text.lines().position(str::is_empty),
                Some(2),
                "{}: two lines, then the body",
                template.name
            );
        }
    }

    #[test]
    fn text_and_html_of_a_letter_say_the_same() {
        for template in ALL {
            assert_eq!(placeholders(template.parts().body), placeholders(template.html), "{}", template.name);
        }
    }

    #[test]
    fn the_title_of_a_letter_is_text_whatever_its_subject_says() {
        let values = Values::from([("title", Value::Text("אופרה <&>".to_owned()))]);
        let composed = Composed { template: ORDER_COMPLETED, values, frame: Values::new() };
        let Written { subject, html, .. } = composed.written();

        assert_eq!(subject, "Your tickets for \u{2068}אופרה <&>\u{2069}");
        assert!(html.contains("<title>Your tickets for \u{2068}אופרה &lt;&amp;&gt;\u{2069}</title>"), "{html}");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_in_again() {
        let values = Values::from([("a", Value::Text("{b} }{".to_owned())), ("b", Value::Text("x".to_owned()))]);

        assert_eq!(filled("{a} {b} {unknown}, { and", &values, Form::Text), "{b} }{ x , { and");
    }

    #[test]
    fn a_placeholder_is_known_to_its_letter_and_used_by_it() {
        let writer = Letters { origin: String::new(), base: Base::default(), marketplace: String::new() };
        let mut composed = BTreeSet::new();
        for Sample { name, letter } in letters(TEXTS).into_iter().chain(odd_letters()) {
            let Composed { template, values, frame } = writer.compose(&letter);
            let (text, html) = (placeholders(template.text), placeholders(template.html));
            assert_eq!(values.into_keys().collect::<BTreeSet<_>>(), &text | &html, "{name}");
            let framed: BTreeSet<_> = frame.into_keys().chain(["subject", "why", "body"]).collect();
            assert_eq!(framed, &placeholders(FRAME.text) | &placeholders(FRAME.html), "{name}");
            composed.insert(template.name);
        }
        assert_eq!(composed, ALL.iter().map(|template| template.name).collect(), "every letter has a sample");
    }
}
