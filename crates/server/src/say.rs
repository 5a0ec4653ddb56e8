//! What the program says to its operator, beside its log.
//!
//! Nobody may be there to hear it any more (`ticketing parked list | head`).
//! That changes neither what is done nor how it ends, and is no reason to panic,
//! as `println!` does.

use std::io::Write;

/// A line of the answer, to standard output. Whether somebody hears.
pub(crate) fn answer(line: &str) -> bool {
    written(std::io::stdout().lock(), line)
}

/// A line beside the answer, to standard error. Whether somebody hears.
pub(crate) fn aside(line: &str) -> bool {
    written(std::io::stderr().lock(), line)
}

fn written(mut to: impl Write, line: &str) -> bool {
    // One write, so that lines of two threads do not mix.
    to.write_all(format!("{line}\n").as_bytes()).and_then(|()| to.flush()).is_ok()
}
