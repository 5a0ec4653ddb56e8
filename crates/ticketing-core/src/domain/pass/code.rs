//! The code of a pass: six symbols for people.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Crockford's base 32: no I, L, O and U, which are read as 1, 1, 0 and V.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many symbols a code has.
const SYMBOLS: usize = 6;

/// What a person reads out or types at the door, such as `K7M-4QX`.
///
/// It has 30 bits, drawn at random: a guess at the door of a ticket with 20,000 passes is right once in 50,000 times.
/// It opens a door only together with its ticket, and only for the ticket's seller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PassCode([u8; SYMBOLS]);

/// The text is not the code of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has six letters or digits, such as K7M-4QX")]
pub struct InvalidCode;

/// 256 unpredictable bits, from which the codes of one order come.
#[derive(Clone, Copy)]
pub struct CodeSeed([u8; 32]);

impl CodeSeed {
    /// Wraps a secret that was drawn for one order and is used for nothing else.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// So many codes, each different from the others.
    #[must_use]
    pub fn codes(&self, count: u32) -> Vec<PassCode> {
        let mut seen = HashSet::new();
        let all = (0_u64..).map(|n| PassCode::of(&Sha256::new().chain_update(self.0).chain_update(n.to_be_bytes())));
        all.filter(|code| seen.insert(*code)).take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
    }
}

impl PassCode {
    fn of(digest: &Sha256) -> Self {
        let mut symbols = [0; SYMBOLS];
        let bytes = digest.clone().finalize();
        symbols.iter_mut().zip(bytes).for_each(|(symbol, byte)| *symbol = symbol_of(byte));
        Self(symbols)
    }

    /// The code without its hyphen, as it is stored and searched for.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// 256 is a multiple of 32, so every symbol is as likely as every other.
fn symbol_of(byte: u8) -> u8 {
    ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0')
}

/// What was meant by a typed character.
fn meant(typed: char) -> Option<u8> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        'U' => 'V',
        other => other,
    };
    u8::try_from(symbol).ok().filter(|symbol| ALPHABET.contains(symbol))
}

impl FromStr for PassCode {
    type Err = InvalidCode;

    /// Accepts what a person types: in any case, with or without hyphen and spaces, and with look-alikes.
    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let mut typed = text.chars().filter(|c| !matches!(c, '-' | '–' | ' ' | '\u{a0}'));
        let mut symbols = [0; SYMBOLS];
        for symbol in &mut symbols {
            *symbol = typed.next().and_then(meant).ok_or(InvalidCode)?;
        }
        if typed.next().is_some() { Err(InvalidCode) } else { Ok(Self(symbols)) }
    }
}

impl fmt::Display for PassCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.as_str().split_at_checked(SYMBOLS / 2).unwrap_or_default();
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for PassCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassCode(…)")
    }
}

impl fmt::Debug for CodeSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeSeed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_a_person_types_it() {
        let code: PassCode = "K7M-4QX".parse().unwrap();

        assert_eq!((code.to_string().as_str(), code.as_str()), ("K7M-4QX", "K7M4QX"));
        for typed in ["k7m4qx", " K7M 4QX ", "k7m-4qx", "K7M–4QX"] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        assert_eq!("oil-ulo".parse::<PassCode>(), "011-V10".parse());
    }

    #[test]
    fn anything_else_is_no_code() {
        for typed in ["", "K7M-4Q", "K7M-4QXX", "K7M-4Q!", "K7M-4QÄ", "🎫🎫🎫🎫🎫🎫"] {
            assert_eq!(typed.parse::<PassCode>(), Err(InvalidCode), "{typed}");
        }
    }

    #[test]
    fn codes_of_one_order_differ_and_another_seed_has_others() {
        let codes = CodeSeed::new([7; 32]).codes(1000);
        let distinct: HashSet<_> = codes.iter().collect();

        assert_eq!((codes.len(), distinct.len()), (1000, 1000));
        assert_eq!(codes, CodeSeed::new([7; 32]).codes(1000));
        assert!(CodeSeed::new([8; 32]).codes(1000).iter().all(|code| !distinct.contains(code)));
    }

    #[test]
    fn a_code_is_not_printed_by_accident() {
        let code: PassCode = "K7M-4QX".parse().unwrap();

        assert_eq!(format!("{code:?} {:?}", CodeSeed::new([7; 32])), "PassCode(…) CodeSeed(…)");
    }
}
