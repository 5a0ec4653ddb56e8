//! Every page in every state, each text of which is the given one.

mod people;
mod trade;

use scraper::{ElementRef, Html, Selector};
use ticketing_web::{Flash, FlashKind, Form, HeldOrder, Money, Shell, Viewer};

/// A page: its name, to find it when a test fails, and its document.
pub(crate) type Page = (&'static str, Html);

/// Every page, with `text` wherever a text goes.
pub(crate) fn pages(text: &'static str) -> Vec<Page> {
    let pages = trade::pages(text).into_iter().chain(people::pages(text));
    pages.map(|(name, html)| (name, Html::parse_document(&html))).collect()
}

/// The elements of a page that match a selector.
pub(crate) fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a valid selector")).collect()
}

fn shell(text: &str) -> Shell {
    let flash = Some(Flash { kind: FlashKind::Failure, text: text.into() });
    let viewer = Some(Viewer { id: text.into(), email: text.into(), ..Viewer::default() });
    Shell {
        viewer,
        path: text.into(),
        flash,
        held: Some(held(text)),
        sandbox: true,
        origin: Some(text.into()),
        ..Shell::default()
    }
}

fn visitor(text: &str) -> Shell {
    Shell { viewer: None, held: None, ..shell(text) }
}

fn held(text: &str) -> HeldOrder {
    HeldOrder {
        id: text.into(),
        ticket_id: text.into(),
        ticket_title: text.into(),
        quantity: 2,
        pay_by: text.into(),
        now: text.into(),
    }
}

fn money(text: &'static str) -> Money {
    Money { amount: 1250, currency: text, exponent: 2 }
}

/// A form in which everything that can be wrong is.
fn wrong<V>(values: V, text: &str, fields: &[&str]) -> Form<V> {
    let form = Form::new(values).alert(text).refuse("unknown", text);
    fields.iter().fold(form, |form, field| form.refuse(*field, text))
}
