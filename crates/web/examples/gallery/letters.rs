//! What people are told by mail.

#[path = "../../tests/letters/samples.rs"]
mod samples;

use std::path::Path;
use std::{fs, io};

use ticketing_core::ports::letter_writer::LetterWriter as _;
use ticketing_web::{Base, Letters};

use samples::{TEXTS, letters, odd_letters};

/// Writes every letter as text and as HTML; returns how they are called.
pub(crate) fn write(directory: &Path) -> io::Result<Vec<&'static str>> {
    let writer = Letters {
        origin: "https://tickets.example".to_owned(),
        base: Base::default(),
        marketplace: "Tickets of Example".to_owned(),
    };
    fs::create_dir_all(directory)?;
    let samples: Vec<_> = letters(TEXTS).into_iter().chain(odd_letters()).collect();
    for sample in &samples {
        let mail = writer.write(&sample.letter);
        fs::write(directory.join(format!("{}.txt", sample.name)), format!("{}\n\n{}", mail.subject, mail.text))?;
        fs::write(directory.join(format!("{}.html", sample.name)), mail.html)?;
    }
    Ok(samples.iter().map(|sample| sample.name).collect())
}
