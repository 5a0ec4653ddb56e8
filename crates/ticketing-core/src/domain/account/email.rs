//! E-mail addresses: one spelling for each mailbox.

use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::domain::invalid::Invalid;
use crate::domain::text;

/// An e-mail address in its normal form, in which each mailbox has one spelling.
///
/// White space around it is trimmed, letters are lower case and composed, wide ones are narrow (NFKC), and a final
/// sigma equals any other. The domain is an internationalised name by UTS 46, in Unicode even if it was given as
/// `xn--…`. Two spellings are one account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// RFC 5321, section 4.5.3.1.3: a path is at most 256 octets, with its angle brackets.
    pub const MAX_BYTES: usize = 254;

    /// Wraps a stored address, which was accepted by the rules of its time.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every text under which the account of this mailbox may be stored: the address itself, and the forms of earlier
    /// releases, which kept a domain as `xn--…` and a final sigma unchanged.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let Some((local, domain)) = self.0.rsplit_once('@') else { return vec![self.0.clone()] };
        // The lower case of a sigma depends on its position; no other letter's does.
        let in_words = local.replace('σ', "Σ").to_lowercase();
        let ascii = ascii_name(domain).unwrap_or_else(|| domain.to_owned());
        let mut spellings = vec![self.0.clone()];
        for (local, domain) in
            [(local, ascii.as_str()), (in_words.as_str(), domain), (in_words.as_str(), ascii.as_str())]
        {
            let spelling = format!("{local}@{domain}");
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
        spellings
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("email", "must be an e-mail address such as ada@example.org");
        normal_form(text).map(Self).ok_or_else(wrong)
    }
}

/// The maximum size before normalization: a domain in `xn--…` shrinks most.
const MAX_TYPED_BYTES: usize = 4 * EmailAddress::MAX_BYTES;

fn normal_form(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > MAX_TYPED_BYTES {
        return None;
    }
    let compatible = text::compatible(text);
    let (local, domain) = compatible.rsplit_once('@')?;
    // Lower-casing may separate a letter and its accent.
    let local = text::compatible(&local.to_lowercase()).replace('ς', "σ");
    let address = format!("{local}@{}", domain_name(domain)?);
    (is_local(&local) && address.len() <= EmailAddress::MAX_BYTES).then_some(address)
}

/// Accepts only what every mail server accepts: no quotes, comments, white space or invisible characters.
fn is_local(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| (c.is_alphanumeric() && text::is_drawn(c)) || "!#$%&'*+-/=?^_`{|}~.".contains(c))
}

const RULES: (AsciiDenyList, Hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);

/// A domain as the DNS has it: `xn--…` for each label that is not ASCII.
fn ascii_name(domain: &str) -> Option<String> {
    let (rules, hyphens) = RULES;
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), rules, hyphens, DnsLength::Verify).ok()?;
    Some(ascii.into_owned())
}

/// A domain of two labels or more in Unicode, as people read it; RFC 3696, section 2: the last is not all digits.
fn domain_name(domain: &str) -> Option<String> {
    let (rules, hyphens) = RULES;
    let ascii = ascii_name(domain)?;
    let (name, valid) = Uts46::new().to_unicode(ascii.as_bytes(), rules, hyphens);
    valid.ok()?;
    let is_address = name.rsplit('.').next().is_some_and(|top| top.bytes().all(|byte| byte.is_ascii_digit()));
    (name.contains('.') && !is_address && name.split('.').all(is_label)).then(|| name.into_owned())
}

/// UTS 46 allows some symbols that fonts draw as nothing; joiners it checks itself.
fn is_label(label: &str) -> bool {
    let is_joiner = |c| matches!(c, '\u{200C}' | '\u{200D}');
    text::is_visible(label) && label.chars().all(|c| is_joiner(c) || !text::is_blank(c))
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address identifies a person, so it stays out of logs.
        f.write_str("EmailAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<EmailAddress>().ok().map(|address| address.as_str().to_owned())
    }

    #[test]
    fn all_spellings_of_a_mailbox_are_one() {
        for (normal, spellings) in [
            (
                "ada@example.org",
                &["  Ada@Example.ORG ", "ada@example。org", "ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ada@exam\u{AD}ple.org"]
                    [..],
            ),
            (
                "ada@münchen.de",
                &["ada@mu\u{308}nchen.de", "ada@xn--mnchen-3ya.de", "ADA@XN--MNCHEN-3YA.DE", "ada@MÜNCHEN.de"],
            ),
            ("zoë@example.org", &["zoe\u{308}@example.org", "ZOE\u{308}@example.org", "ZOË@EXAMPLE.org"]),
            ("οδοσ@παράδειγμα.gr", &["ΟΔΟΣ@ΠΑΡΆΔΕΙΓΜΑ.gr", "οδος@xn--hxajbheg2az3al.gr", "οδοσ@xn--hxajbheg2az3al.gr"]),
            ("σσ@example.org", &["ΣΣ@example.org", "σς@example.org", "Σς@example.org"]),
            ("ada@straße.de", &["ada@xn--strae-oqa.de", "ada@STRAẞE.de"]),
        ] {
            for spelling in spellings.iter().chain([&normal]) {
                assert_eq!(read(spelling).as_deref(), Some(normal), "{spelling:?}");
            }
        }
    }

    #[test]
    fn an_address_is_looked_for_as_earlier_releases_kept_it() {
        let spellings = |text: &str| text.parse::<EmailAddress>().unwrap().spellings();

        assert_eq!(spellings("Ada@Example.org"), ["ada@example.org"]);
        assert_eq!(spellings("ada@MÜNCHEN.de"), ["ada@münchen.de", "ada@xn--mnchen-3ya.de"]);
        assert_eq!(spellings("ada@straße.de"), ["ada@straße.de", "ada@xn--strae-oqa.de"], "no other letter changes");
        assert_eq!(spellings("straße@example.org"), ["straße@example.org"]);
        let greek = ["οδοσ@ελ.gr", "οδοσ@xn--qxam.gr", "οδος@ελ.gr", "οδος@xn--qxam.gr"];
        assert_eq!(spellings("ΟΔΟΣ@ελ.gr"), greek);
        let stored = EmailAddress::from_stored("no address".to_owned());
        assert_eq!(stored.spellings(), ["no address"], "what was kept is not judged");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a b@example.org",
            "ada@localhost",
            "ada@127.0.0.1",
            "ada@example.1",
            "ada@-x.org",
            "ada@x-.org",
            "a@b..org",
            "a@.org",
            "a@b.org.",
            ".a@b.org",
            "a.@b.org",
            "a..b@b.org",
            "a\u{0}@b.org",
            "<a>@b.org",
            "a@b@c.org",
            "a＠b@c.org",
            "\"a\"@b.org",
            "a@b_c.org",
            "a@b c.org",
            "a@b.org\n.x",
            "a@xn--.org",
            "a@xn--a.org",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&format!("{}@example.org", "a".repeat(65))), None);
        assert_eq!(read(&format!("a@{}.org", "b".repeat(64))), None);
        assert_eq!(read(&format!("a@{}org", "b.".repeat(10_000_000))), None);
    }

    #[test]
    fn what_nobody_can_see_is_no_address_and_no_part_of_one() {
        for hidden in ["\u{3164}", "\u{2800}", "\u{200B}", "\u{115F}", "\u{301}", "\u{E0067}", "\u{FE0F}", "\u{200D}"] {
            assert_eq!(read(&format!("{hidden}@example.org")), None, "{hidden:?}");
            assert_eq!(
                read(&format!("ad{hidden}a@example.org")).filter(|read| read != "ada@example.org"),
                None,
                "{hidden:?}"
            );
            assert_eq!(read(&format!("ada@{hidden}.org")), None, "{hidden:?}");
            // An accent is visible on a letter.
            let accented = read(&format!("ada@ex{hidden}.org")).filter(|read| read.contains(hidden));
            assert!(accented.is_none() || hidden == "\u{301}", "{hidden:?}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(local in "\\PC{1,8}", domain in "\\PC{1,8}") {
            for text in [format!("{local}@{domain}.org"), format!("a{local}@{domain}"), format!("a@{domain}.org")] {
                if let Some(normal) = read(&text) {
                    prop_assert_eq!(read(&normal), Some(normal.clone()));
                }
            }
        }
    }
}
