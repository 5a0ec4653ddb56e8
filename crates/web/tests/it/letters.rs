//! What people are told by mail.

#[path = "../letters/samples.rs"]
mod samples;

use std::fs;
use std::path::Path;

use scraper::Html;
use ticketing_core::ports::letter_writer::LetterWriter as _;
use ticketing_core::ports::mailer::Mail;
use ticketing_web::{Base, Letters};

use crate::pages::select;
use samples::{Sample, TEXTS, Texts, letters, odd_letters};

fn writer() -> Letters {
    Letters {
        origin: "https://tickets.example".to_owned(),
        base: Base::default(),
        marketplace: "Tickets of Example".to_owned(),
    }
}

fn mails(samples: Vec<Sample>) -> Vec<(&'static str, Mail)> {
    samples.into_iter().map(|sample| (sample.name, writer().write(&sample.letter))).collect()
}

fn all() -> Vec<(&'static str, Mail)> {
    mails(letters(TEXTS).into_iter().chain(odd_letters()).collect())
}

#[test]
fn a_letter_says_what_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters");
    let mut wrong = Vec::new();
    for (name, mail) in all() {
        for (end, written) in [("txt", format!("{}\n\n{}", mail.subject, mail.text)), ("html", mail.html)] {
            let file = format!("{name}.{end}");
            if fs::read_to_string(folder.join(&file)).ok().as_deref() != Some(&*written) {
                wrong.push(file);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "read what `--example gallery -- DIR` writes to DIR/letters; if it is right, copy {wrong:?}"
    );
}

#[test]
fn a_letter_is_complete() {
    for (name, mail) in all() {
        let written = [&*mail.subject, &mail.text, &mail.html].join("\n");
        assert!(!written.contains(['{', '}']), "{name} has a placeholder left: {written}");
        assert!(
            !mail.subject.is_empty() && !mail.subject.contains('\n') && mail.subject.chars().count() <= 120,
            "{name}"
        );
        assert!(mail.text.contains("You get this mail because"), "{name} says why it came");
        assert!(mail.text.lines().all(|line| line.len() < 500), "{name}");
    }
}

#[test]
fn every_link_is_absolute_and_leads_to_the_site() {
    for (name, mail) in all() {
        let page = Html::parse_document(&mail.html);
        let links: Vec<_> = select(&page, "a").iter().map(|link| link.attr("href").unwrap().to_owned()).collect();
        assert!(links.len() >= 2, "{name} has {links:?}");
        for link in links {
            assert!(
                link.starts_with("https://tickets.example/") || link == "https://tickets.example/",
                "{name}: {link}"
            );
            assert!(mail.text.contains(&link), "{name} has the link {link} in its text, too");
        }
    }
}

#[test]
fn a_site_below_a_path_is_linked_there() {
    let writer = Letters { base: Base::new("/shop"), origin: "https://example.org/".to_owned(), ..writer() };
    for Sample { name, letter } in letters(TEXTS) {
        let mail = writer.write(&letter);
        for link in mail.text.lines().filter(|line| line.starts_with("https://")) {
            assert!(link.starts_with("https://example.org/shop/"), "{name}: {link}");
        }
    }
}

#[test]
fn a_letter_shows_nothing_from_elsewhere_and_runs_nothing() {
    for (name, mail) in all() {
        let page = Html::parse_document(&mail.html);
        assert!(
            select(&page, "script, style, link, img, iframe, form, input, svg, object, video, base").is_empty(),
            "{name}"
        );
        for element in select(&page, "*") {
            for (attribute, value) in element.value().attrs() {
                let is_allowed = !attribute.starts_with("on") && attribute != "src" && !value.contains("url(");
                assert!(is_allowed, "{name}: {attribute}={value}");
            }
        }
    }
}

const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=\"alert(1)\">",
    "' onclick='alert(1)",
    "</a></td></table></title><!-- {link} {order}",
    "https://evil.example/?a=1&lt;2",
];

/// The elements of a letter in order, each with the names of its attributes.
fn structure(mail: &Mail) -> Vec<String> {
    let page = Html::parse_document(&mail.html);
    let names = select(&page, "*").into_iter().map(|element| {
        let attributes: Vec<_> = element.value().attrs().map(|(name, _)| name).collect();
        format!("{} {attributes:?}", element.value().name())
    });
    names.collect()
}

#[test]
fn hostile_text_never_changes_the_structure_of_a_letter() {
    for text in HOSTILE {
        // A seller's name that is not plain is left out, and its line with it.
        let hostile = Texts { title: text, venue: text, seats: text, name: text, device: text, ..TEXTS };
        for ((name, plain), (_, mail)) in mails(letters(TEXTS)).iter().zip(mails(letters(hostile))) {
            assert_eq!(structure(&mail), structure(plain), "{name}: {text}");
        }
    }
}

#[test]
fn a_title_is_shown_as_it_is() {
    for text in HOSTILE {
        let hostile = Texts { title: text, ..TEXTS };
        for (name, mail) in mails(letters(hostile)).into_iter().filter(|(name, _)| name.starts_with("order_")) {
            let shown: String = Html::parse_document(&mail.html).root_element().text().collect();
            assert!(shown.contains(text) && mail.text.contains(text), "{name}: {text}");
        }
    }
}

#[test]
fn nobody_has_us_send_words_of_their_choice_to_a_stranger() {
    let won = "You won! https://evil.example";
    let words = Texts { name: won, seller: won, device: "Call 0900 1234 at once", ..TEXTS };
    for (name, mail) in mails(letters(words)) {
        for word in ["evil", "won", "0900"] {
            assert!(!mail.text.contains(word) && !mail.html.contains(word), "{name}: {word}");
        }
    }
    let named = Texts { name: "Dr. Jean-Luc O'Neill 山田", ..TEXTS };
    for (name, mail) in mails(letters(named)) {
        let is_for_a_stranger = ["confirm_address", "reset_password"].contains(&name);
        assert_eq!(mail.text.starts_with("Hello Dr. Jean-Luc O'Neill 山田,"), !is_for_a_stranger, "{name}");
    }
}

#[test]
fn letters_about_an_order_say_who_sold_it_if_the_name_is_plain() {
    let about_orders = |name: &str| name.starts_with("order_") || name == "money_returned" || name == "event_changed";
    for (name, mail) in mails(letters(TEXTS)).into_iter().filter(|(name, _)| about_orders(name)) {
        assert!(mail.text.contains("\nSold by: Konzertbüro Süd\n"), "{name}: {}", mail.text);
        assert!(mail.html.contains("Sold by") && mail.html.contains("Konzertbüro Süd"), "{name}: {}", mail.html);
    }
    for seller in HOSTILE.into_iter().chain(["www.evil.example", "ada@evil.example"]) {
        for (name, mail) in mails(letters(Texts { seller, ..TEXTS })) {
            assert!(!mail.text.contains("Sold by") && !mail.html.contains("Sold by"), "{name}: {seller}");
        }
    }
}

/// Lines of the calendar that a letter brings along; none if it brings none.
fn calendar(of: &str) -> Vec<String> {
    let (_, mail) = all().into_iter().find(|(name, _)| *name == of).expect("a letter");
    let files: Vec<_> = mail.attachments.iter().map(|file| String::from_utf8_lossy(&file.content)).collect();
    files.iter().flat_map(|file| file.lines()).map(str::to_owned).collect()
}

#[test]
fn a_calendar_follows_an_order_from_letter_to_letter() {
    let entries = ["order_completed", "event_changed", "event_called_off", "order_refunded_given_back"].map(calendar);
    for (entry, (starts, status)) in entries.iter().zip([
        ("DTSTART:20270313T183000Z", "STATUS:CONFIRMED"),
        ("DTSTART:20270314T170000Z", "STATUS:CONFIRMED"),
        ("DTSTART:20270314T170000Z", "STATUS:CANCELLED"),
        ("DTSTART:20270313T183000Z", "STATUS:CANCELLED"),
    ]) {
        assert!([starts, status].iter().all(|line| entry.iter().any(|is| is == line)), "{entry:?}");
        assert!(entry.contains(&"UID:0198f3a2-9d20-7a11-8c55-6e0f9b7a4c22".to_owned()), "one entry: {entry:?}");
    }
    for name in ["money_returned", "order_completed_bare", "event_changed_to_what_is_not_known", "places_sold"] {
        assert_eq!(calendar(name), [""; 0], "{name}");
    }
}
