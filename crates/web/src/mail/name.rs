//! Names that people gave themselves, in letters to others.

/// The longest name that is shown.
const CHARS: usize = 40;

/// The name; nothing if it could be read as anything else, such as an address to open.
pub(super) fn plain(name: &str) -> Option<&str> {
    let name = name.trim();
    is_plain(name).then_some(name)
}

fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " -'\u{2019}".contains(c);
    let words = name.split(' ').map(|word| word.strip_suffix('.').unwrap_or(word));
    (1..=CHARS).contains(&name.chars().count()) && words.into_iter().all(|word| word.chars().all(is_plain))
}
