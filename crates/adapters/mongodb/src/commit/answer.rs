//! The answer to a command that writes, read whole.
//!
//! The driver looks at `ok` alone where a command is sent as it is. The rest
//! says whether the writes were done, and whether they will last.

use bson::{Bson, Document};
use mongodb::error::Error;

use crate::error::DUPLICATE_KEY;

/// Whether each statement of an `update`, or each document of an `insert`, did what it was to do.
///
/// `false` is a refusal: something else is there. An error is all that is not known to last, such as a
/// write that a primary took and may roll back, because it stepped down before others had it.
pub(crate) fn all_done(answer: &Document, wanted: usize) -> Result<bool, Error> {
    if answer.get("ok").and_then(number) != Some(1) {
        return Err(told(answer, "a command was not done"));
    }
    if let Some(doubt) = answer.get("writeConcernError").filter(|doubt| **doubt != Bson::Null) {
        return Err(doubt
            .as_document()
            .map_or_else(|| unknown("a write may not last"), |doubt| told(doubt, "a write may not last")));
    }
    match answer.get("writeErrors") {
        None | Some(Bson::Null) => {}
        Some(Bson::Array(refused)) if refused.is_empty() => {}
        Some(Bson::Array(refused)) => return are_duplicates(refused).map(|()| false),
        Some(_) => return Err(unknown("an answer that cannot be read")),
    }
    match answer.get("n").and_then(number) {
        Some(done) if done >= 0 => Ok(usize::try_from(done) == Ok(wanted)),
        _ => Err(unknown("a response that does not say how much was done")),
    }
}

fn are_duplicates(refused: &[Bson]) -> Result<(), Error> {
    for refusal in refused {
        let refusal = refusal.as_document().ok_or_else(|| unknown("an answer that cannot be read"))?;
        if refusal.get("code").and_then(number) != Some(i64::from(DUPLICATE_KEY)) {
            return Err(told(refusal, "a write was refused"));
        }
    }
    Ok(())
}

/// Servers and proxies write whole numbers in any of these types.
fn number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
        Bson::Double(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(*number as i64),
        _ => None,
    }
}

fn told(said: &Document, otherwise: &str) -> Error {
    let why = said.get_str("errmsg").unwrap_or(otherwise);
    let code = said.get("code").and_then(number).map_or_else(String::new, |code| format!(" (code {code})"));
    unknown(&format!("{why}{code}"))
}

fn unknown(what: &str) -> Error {
    Error::custom(what.to_owned())
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn duplicate() -> Document {
        doc! { "index": 0, "code": DUPLICATE_KEY, "errmsg": "E11000 duplicate key" }
    }

    #[test]
    fn what_was_done_is_done() {
        for n in [Bson::Int32(2), Bson::Int64(2), Bson::Double(2.0)] {
            for ok in [Bson::Int32(1), Bson::Int64(1), Bson::Double(1.0)] {
                assert!(all_done(&doc! { "ok": ok, "n": n.clone(), "nModified": 0 }, 2).unwrap());
            }
        }
        assert!(all_done(&doc! { "ok": 1, "n": 1, "writeErrors": [], "writeConcernError": null }, 1).unwrap());
    }

    #[test]
    fn what_found_something_else_is_refused() {
        for (answer, wanted) in [
            (doc! { "ok": 1, "n": 1 }, 2),
            (doc! { "ok": 1, "n": 0, "nModified": 0 }, 1),
            (doc! { "ok": 1, "n": 3 }, 2),
            (doc! { "ok": 1, "n": 0, "writeErrors": [duplicate()] }, 1),
            (doc! { "ok": 1, "n": 0, "writeErrors": [duplicate(), duplicate()] }, 2),
        ] {
            assert!(!all_done(&answer, wanted).unwrap(), "{answer} of {wanted}");
        }
    }

    #[test]
    fn what_is_not_known_to_last_is_an_error() {
        let stepped_down =
            doc! { "code": 11602, "codeName": "InterruptedDueToReplStateChange", "errmsg": "stepped down" };
        for answer in [
            doc! {},
            doc! { "n": 1 },
            doc! { "ok": 0, "n": 1 },
            doc! { "ok": 0.5, "n": 1 },
            doc! { "ok": "1", "n": 1 },
            doc! { "ok": 1 },
            doc! { "ok": 1, "n": null },
            doc! { "ok": 1, "n": "1" },
            doc! { "ok": 1, "n": 0.5 },
            doc! { "ok": 1, "n": -1 },
            doc! { "ok": 1, "n": 1, "nModified": 1, "writeConcernError": stepped_down.clone() },
            doc! { "ok": 1, "n": 1, "writeConcernError": { "code": 64, "errmsg": "waiting for replication timed out" } },
            doc! { "ok": 1, "n": 1, "writeConcernError": {} },
            doc! { "ok": 1, "n": 1, "writeConcernError": "timeout" },
            doc! { "ok": 1, "n": 0, "writeErrors": [duplicate()], "writeConcernError": stepped_down },
            doc! { "ok": 1, "n": 0, "writeErrors": [{ "index": 0, "code": 50, "errmsg": "out of time" }] },
            doc! { "ok": 1, "n": 0, "writeErrors": [duplicate(), { "index": 1, "code": 112 }] },
            doc! { "ok": 1, "n": 0, "writeErrors": [{ "index": 0 }] },
            doc! { "ok": 1, "n": 0, "writeErrors": ["refused"] },
            doc! { "ok": 1, "n": 1, "writeErrors": "refused" },
        ] {
            assert!(all_done(&answer, 1).is_err(), "{answer}");
        }
    }

    #[test]
    fn an_error_says_what_the_server_said() {
        let answer = doc! { "ok": 1, "n": 1, "writeConcernError": { "code": 11602, "errmsg": "stepped down" } };
        assert!(all_done(&answer, 1).unwrap_err().to_string().contains("stepped down (code 11602)"));
    }
}
