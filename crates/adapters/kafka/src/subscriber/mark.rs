//! By what the log of a partition is recognized. Pure: everything is an argument.
//!
//! An offset is a place in one history of a log alone. Where a log lost its
//! end, or a topic was deleted and made again, other messages lie at the same
//! offsets. So a position is committed together with marks: which message was
//! where. A member that continues from it first checks that they are still there.

use std::ops::Range;

use rdkafka::topic_partition_list::Offset;

use crate::message::Print;

/// A message at its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) offset: i64,
    pub(super) print: Print,
}

/// What lies where a mark was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The same message.
    Same,
    /// Another one or none: this is another history.
    Other,
    /// Nothing any more: retention removed it, so it proves nothing.
    Expired,
}

/// Where to read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the oldest message: the group never committed anything.
    First,
    /// Where the group is.
    On { offset: i64, known: Option<Mark> },
    /// Somewhere else: the group's position is of no use.
    Reset { offset: i64, known: Option<Mark>, why: Reset },
}

impl Place {
    pub(super) const fn offset(self) -> Offset {
        match self {
            Self::First => Offset::Beginning,
            Self::On { offset, .. } | Self::Reset { offset, .. } => Offset::Offset(offset),
        }
    }

    /// By what the log is recognized later.
    pub(super) const fn known(self) -> Option<Mark> {
        match self {
            Self::First => None,
            Self::On { known, .. } | Self::Reset { known, .. } => known,
        }
    }
}

/// Why a position is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reset {
    /// The log ends before it, or other messages lie there.
    Truncated,
    /// Retention removed messages that the group had not read.
    Expired,
}

/// Where a group reads on that committed an offset with marks, in a log that keeps some `offsets`.
pub(super) fn place(committed: Option<i64>, offsets: &Range<i64>, marks: &[(Mark, Found)]) -> Place {
    let Some(committed) = committed else { return Place::First };
    let mut marks = marks.to_vec();
    marks.sort_unstable_by_key(|(mark, _)| *mark);
    // Up to the first mark that is gone this is the log that the group has read.
    let intact = marks.iter().take_while(|(_, found)| *found != Found::Other);
    let known = intact.filter(|(_, found)| *found == Found::Same).map(|(mark, _)| *mark).last();
    let is_intact = marks.iter().all(|(_, found)| *found != Found::Other) && committed <= offsets.end;
    if !is_intact {
        let offset = known.map_or(offsets.start, |known| known.offset.min(committed).max(offsets.start));
        return Place::Reset { offset, known, why: Reset::Truncated };
    }
    if committed < offsets.start {
        return Place::Reset { offset: offsets.start, known, why: Reset::Expired };
    }
    Place::On { offset: committed, known }
}

const PREFIX: &str = "marks ";

/// Marks as they are committed with an offset.
pub(super) fn to_text(marks: &[Mark]) -> String {
    let marks: Vec<String> = marks.iter().map(|mark| format!("{}={:x}", mark.offset, mark.print)).collect();
    format!("{PREFIX}{}", marks.join(" "))
}

/// The marks of a committed offset; none where something else committed it, or an earlier release.
pub(super) fn from_text(text: &str) -> Vec<Mark> {
    let marks = text.strip_prefix(PREFIX).unwrap_or_default();
    marks.split(' ').filter_map(from_word).collect()
}

fn from_word(word: &str) -> Option<Mark> {
    let (offset, print) = word.split_once('=')?;
    Some(Mark { offset: offset.parse().ok()?, print: Print::from_str_radix(print, 16).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(offset: i64) -> Mark {
        Mark { offset, print: 0x0193_1b6e }
    }

    #[test]
    fn a_group_that_committed_nothing_begins_with_the_oldest() {
        assert_eq!(place(None, &(5..9), &[]), Place::First);
    }

    #[test]
    fn a_group_goes_on_where_its_marks_are() {
        let marks = [(mark(8), Found::Same), (mark(3), Found::Same)];
        assert_eq!(place(Some(9), &(0..9), &marks), Place::On { offset: 9, known: Some(mark(8)) });
        assert_eq!(place(Some(9), &(0..9), &[]), Place::On { offset: 9, known: None });
    }

    #[test]
    fn an_offset_beyond_the_end_is_of_no_use() {
        let wanted = Place::Reset { offset: 0, known: None, why: Reset::Truncated };
        assert_eq!(place(Some(20), &(0..15), &[]), wanted);
        assert_eq!(place(Some(20), &(0..15), &[(mark(19), Found::Other)]), wanted);
        assert_eq!(place(Some(1), &(0..0), &[(mark(0), Found::Other)]), wanted);
    }

    #[test]
    fn an_offset_among_other_messages_is_of_no_use() {
        let wanted = Place::Reset { offset: 0, known: None, why: Reset::Truncated };
        assert_eq!(place(Some(20), &(0..30), &[(mark(19), Found::Other)]), wanted);
        // What was committed last is there, and what was read before it is not: the topic was made again.
        let marks = [(mark(10), Found::Other), (mark(19), Found::Same)];
        assert_eq!(place(Some(20), &(0..30), &marks), wanted);
    }

    #[test]
    fn what_is_before_the_cut_is_not_read_again() {
        let marks = [(mark(10), Found::Same), (mark(19), Found::Other)];
        let wanted = Place::Reset { offset: 10, known: Some(mark(10)), why: Reset::Truncated };
        assert_eq!(place(Some(20), &(0..30), &marks), wanted);
    }

    #[test]
    fn a_mark_beyond_a_hole_never_moves_a_group_forward() {
        // A message that waits holds the group at 5; it has read up to 40, and the log was cut at 30.
        let marks = [(mark(5), Found::Same), (mark(40), Found::Other)];
        let wanted = Place::Reset { offset: 5, known: Some(mark(5)), why: Reset::Truncated };
        assert_eq!(place(Some(5), &(0..35), &marks), wanted);
        let marks = [(mark(20), Found::Same), (mark(40), Found::Other)];
        let wanted = Place::Reset { offset: 5, known: Some(mark(20)), why: Reset::Truncated };
        assert_eq!(place(Some(5), &(0..35), &marks), wanted);
    }

    #[test]
    fn what_retention_removed_unread_is_told() {
        let wanted = Place::Reset { offset: 8, known: None, why: Reset::Expired };
        assert_eq!(place(Some(5), &(8..20), &[(mark(4), Found::Expired)]), wanted);
        // Everything that it had read is gone, and nothing else.
        assert_eq!(place(Some(8), &(8..8), &[(mark(7), Found::Expired)]), Place::On { offset: 8, known: None });
    }

    #[test]
    fn marks_are_read_as_they_were_written() {
        let marks = [mark(0), Mark { offset: i64::MAX, print: Print::MAX }];
        assert_eq!(from_text(&to_text(&marks)), marks);
        assert_eq!(from_text(&to_text(&[])), []);
    }

    #[test]
    fn what_others_wrote_beside_an_offset_is_no_mark() {
        for text in ["", "marks", "marks ", "marks 1", "marks =", "marks x=1", "marks 1=x", "reset by hand 1=1"] {
            assert_eq!(from_text(text), [], "{text:?}");
        }
    }
}
