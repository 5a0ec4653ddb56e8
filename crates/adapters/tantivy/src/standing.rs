//! Words by where they stand.
//!
//! A ticket has each of its words once in the index, and the frequency there says where the word stands at best. So a word
//! is looked up in one list, and what it earns is read off that list.

use ticketing_core::domain::search::{Likeness, Standing};

/// How often a word is written for a ticket: the better it stands, the more often.
pub(crate) const fn times(standing: Standing) -> usize {
    match standing {
        Standing::Title => 3,
        Standing::Place => 2,
        Standing::About => 1,
    }
}

/// Where a word stands that was written so often.
pub(crate) fn standing(frequency: u32) -> Standing {
    match frequency {
        0 | 1 => Standing::About,
        2 => Standing::Place,
        _ => Standing::Title,
    }
}

/// What a word earns that was written so often.
pub(crate) fn points(frequency: u32, likeness: Likeness) -> u16 {
    // No word earns more than 60.
    u16::try_from(standing(frequency).points(likeness)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_says_where_a_word_stands() {
        for at in Standing::ALL {
            assert_eq!(standing(u32::try_from(times(at)).unwrap()), at);
        }
    }

    #[test]
    fn no_word_earns_nothing_or_more_than_is_said() {
        for likeness in [Likeness::Exact, Likeness::Beginning, Likeness::Corrected] {
            for at in Standing::ALL {
                assert!((1..=60).contains(&at.points(likeness)));
            }
        }
    }
}
