//! Parses amounts of money as people type them, in any script and convention.
//!
//! A point and a comma each separate decimals in one country and thousands in
//! another. An ambiguous text is refused, because the wrong reading is a
//! thousand times too high or too low.

use std::fmt;

use super::money::{Currency, Money};

/// Why a typed amount was not accepted; its text follows the name of the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmountRefusal {
    /// It is not a decimal number.
    NotANumber {
        /// The expected currency.
        currency: Currency,
    },
    /// It has more decimals than the currency.
    TooFine {
        /// The currency.
        currency: Currency,
    },
    /// It has two readings.
    Ambiguous {
        /// How to write the higher reading.
        high: String,
        /// How to write the lower reading.
        low: String,
    },
    /// It is above the maximum.
    TooHigh,
}

impl fmt::Display for AmountRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber { currency } => write!(f, "must be a number such as {}", example(*currency)),
            Self::TooFine { currency } => match currency.exponent() {
                0 => f.write_str("must be a whole number in this currency"),
                1 => f.write_str("must have at most 1 decimal place"),
                places => write!(f, "must have at most {places} decimal places"),
            },
            Self::Ambiguous { high, low } => {
                write!(f, "can be read in two ways: write {high} for the higher amount or {low} for the lower one")
            }
            Self::TooHigh => f.write_str("is too high"),
        }
    }
}

fn example(currency: Currency) -> &'static str {
    match currency.exponent() {
        0 => "12",
        1 => "12.5",
        _ => "12.50",
    }
}

impl Money {
    /// Parses an amount in major units, such as `12.50`, `12,50` or `1 000`, exactly.
    ///
    /// Digits of any script count; spaces, apostrophes and the Arabic separators are unambiguous. A single
    /// point or comma before three digits may mean either, as in `1,000`, and is refused.
    ///
    /// # Errors
    ///
    /// [`AmountRefusal`]; show it to the user.
    pub fn typed(text: &str, currency: Currency) -> Result<Self, AmountRefusal> {
        let text = latin(text);
        let (whole, fraction) = halves(&text).ok_or(AmountRefusal::NotANumber { currency })?;
        let digits = grouped(&whole).ok_or(AmountRefusal::NotANumber { currency })?;
        let places = usize::from(currency.exponent());
        if is_ambiguous(&text, &whole, &fraction) {
            return Err(AmountRefusal::Ambiguous {
                high: format!("{whole}{fraction}"),
                low: lower(&whole, &fraction, places),
            });
        }
        if fraction.len() > places {
            return Err(AmountRefusal::TooFine { currency });
        }
        let amount = format!("{digits}{fraction:0<places$}").parse().map_err(|_| AmountRefusal::TooHigh)?;
        Ok(Self { amount, currency })
    }
}

/// Characters that separate only thousands: a space of any width, an apostrophe, the Arabic thousands separator.
const GROUPS: [char; 3] = [' ', '\'', '٬'];
/// The Arabic decimal separator.
const DECIMAL: char = '٫';

/// The same text with Latin digits and normalized separators.
fn latin(text: &str) -> String {
    let kept = text.trim().chars().filter(|c| !is_mark_of_direction(*c));
    kept.map(|c| match c {
        '\u{A0}' | '\u{2009}' | '\u{202F}' | '\u{2007}' | '\u{3000}' => ' ',
        '’' | '‘' | 'ʼ' | '＇' => '\'',
        '，' | '،' => ',',
        '．' => '.',
        c => latin_digit(c).unwrap_or(c),
    })
    .collect::<String>()
    .trim()
    .to_owned()
}

const fn is_mark_of_direction(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2066}'..='\u{2069}')
}

/// The zeros of the scripts in which prices are written; each script's other digits follow its zero.
const ZEROS: [char; 19] =
    ['٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '０'];

fn latin_digit(c: char) -> Option<char> {
    let digit = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10))?;
    char::from_digit(digit, 10)
}

/// The parts before the decimal separator, with thousands separators, and after it.
fn halves(text: &str) -> Option<(String, String)> {
    let (whole, fraction) = match decimal_separator(text) {
        Some(at) => {
            let (whole, rest) = text.split_at_checked(at)?;
            (whole, rest.chars().skip(1).collect::<String>())
        }
        None => (text, String::new()),
    };
    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_cut = fraction.is_empty() && whole.len() < text.len();
    (is_number && !is_cut).then(|| (whole.to_owned(), fraction))
}

/// The position of the decimal separator, if there is one.
fn decimal_separator(text: &str) -> Option<usize> {
    if let Some(at) = text.find(DECIMAL) {
        return Some(at);
    }
    let last = text.rfind(['.', ','])?;
    let separator = text.get(last..)?.chars().next()?;
    // If both occur, the first separates thousands and the last decimals; a repeated one separates thousands.
    (text.matches(separator).count() == 1).then_some(last)
}

/// The digits of a whole number, if its thousands are separated correctly and by one kind of separator.
fn grouped(whole: &str) -> Option<String> {
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let Some(separator) = separators.first() else { return (!digits.is_empty()).then_some(digits) };
    let is_known = GROUPS.contains(separator) || matches!(separator, '.' | ',');
    let is_alone = separators.iter().all(|other| other == separator);
    let groups: Vec<usize> = whole.split(*separator).map(str::len).collect();
    let (first, rest) = groups.split_first()?;
    let (last, between) = rest.split_last()?;
    let by_thousands = between.iter().all(|length| *length == 3) && (1..=3).contains(first);
    // The Indian convention: 12,34,567.
    let by_hundreds = *separator == ',' && between.iter().all(|length| *length == 2) && (1..=2).contains(first);
    (is_known && is_alone && *last == 3 && (by_thousands || by_hundreds)).then_some(digits)
}

/// A single point or comma before three digits may separate decimals or thousands.
fn is_ambiguous(text: &str, whole: &str, fraction: &str) -> bool {
    let could_be_thousands = (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    let is_plain = whole.bytes().all(|byte| byte.is_ascii_digit()) && !text.contains(DECIMAL);
    fraction.len() == 3 && is_plain && could_be_thousands
}

/// How to write the lower reading, with all the decimals of the currency.
fn lower(whole: &str, fraction: &str, places: usize) -> String {
    let decimals = fraction.get(..places.min(3)).unwrap_or_default().trim_end_matches('0');
    match decimals.len() {
        0 => whole.to_owned(),
        // A leading zero rules out thousands.
        3 => format!("0{whole}.{decimals}"),
        _ => format!("{whole}.{decimals}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, currency: &str) -> Result<u64, String> {
        let money = Money::typed(text, currency.parse().unwrap());
        money.map(|money| money.amount).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_decimal_is_read_exactly() {
        let amounts =
            [("12.50", 1250), ("12,5", 1250), (" 12 ", 1200), ("0.07", 7), ("184467440737095516.15", u64::MAX)];
        for (text, amount) in amounts {
            assert_eq!(read(text, "EUR"), Ok(amount), "{text:?}");
        }
        assert_eq!(read("900", "JPY"), Ok(900));
        assert_eq!(read("1234.567", "KWD"), Ok(1_234_567));
        assert_eq!(read("0.005", "KWD"), Ok(5));
    }

    #[test]
    fn separated_thousands_are_read_where_they_can_mean_nothing_else() {
        let texts = [
            "1 000",
            "1\u{A0}000",
            "1\u{202F}000",
            "1'000",
            "1’000",
            "1,000.00",
            "1.000,00",
            "1 000,00",
            "1'000.0",
            "١٬٠٠٠",
            "۱٬۰۰۰٫۰۰",
        ];
        for text in texts {
            assert_eq!(read(text, "EUR"), Ok(100_000), "{text:?}");
        }
        for text in ["1,000,000", "1.000.000", "1 000 000", "10,00,000", "1,000,000.00", "1.000.000,0"] {
            assert_eq!(read(text, "EUR"), Ok(100_000_000), "{text:?}");
        }
        assert_eq!(read("1,000.500", "KWD"), Ok(1_000_500));
    }

    #[test]
    fn digits_of_other_scripts_are_digits() {
        for text in ["١٢٫٥٠", "۱۲٫۵", "१२.५०", "১২,৫০", "１２．５０", "\u{200F}١٢٫٥٠\u{200E}", "๑๒.๕๐"]
        {
            assert_eq!(read(text, "EUR"), Ok(1250), "{text:?}");
        }
        assert_eq!(read("١٫٠٠٠", "KWD"), Ok(1000), "the Arabic decimal separator is nothing else");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused_and_both_are_named() {
        let twofold = |high, low| {
            Err(format!("can be read in two ways: write {high} for the higher amount or {low} for the lower one"))
        };
        for currency in ["EUR", "KWD", "JPY"] {
            for text in ["1,000", "1.000", "１，０００", "١،٠٠٠", "१.०००"] {
                assert_eq!(read(text, currency), twofold("1000", "1"), "{text:?} {currency}");
            }
        }
        assert_eq!(read("12.500", "KWD"), twofold("12500", "12.5"));
        assert_eq!(read("1.234", "KWD"), twofold("1234", "01.234"));
        assert_eq!(read("999,151", "EUR"), twofold("999151", "999.15"));
        assert_eq!(read("999,001", "JPY"), twofold("999001", "999"));
        assert_eq!(
            ["1000", "1", "12500", "12.5", "01.234"].map(|text| read(text, "KWD").unwrap()),
            [1_000_000, 1000, 12_500_000, 12_500, 1234]
        );
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        let wrong = [
            "",
            " ",
            "-1",
            "+1",
            "1e3",
            "12.",
            ".5",
            ",5",
            "1.2.3",
            "1,00.00",
            "1 00",
            "1 0000",
            "1 000 00",
            "1'000 000",
            "1.000.00",
            "1,000.000,00",
            "12.5.0",
            "twelve",
            "0x10",
            "€12",
            "1٫2٫3",
            "1٫000.5",
            "1..5",
            "1 .5",
            "1,,000",
            "½",
            "1,00,00",
        ];
        for text in wrong {
            assert_eq!(read(text, "EUR"), Err("must be a number such as 12.50".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn no_minor_unit_is_split_and_nothing_is_rounded() {
        assert_eq!(read("12.5051", "EUR"), Err("must have at most 2 decimal places".to_owned()));
        assert_eq!(read("0.125", "EUR"), Err("must have at most 2 decimal places".to_owned()));
        assert_eq!(read("900.0", "JPY"), Err("must be a whole number in this currency".to_owned()));
        assert_eq!(read("184467440737095516.16", "EUR"), Err("is too high".to_owned()));
        assert_eq!(read("99999999999999999999", "JPY"), Err("is too high".to_owned()));
    }
}
