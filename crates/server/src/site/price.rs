//! Amounts of money as people type them: decimals of major units.

/// Reads a decimal of major units, such as `12.50` or `12,50`, exactly.
///
/// # Errors
///
/// What is expected, as it goes on after the name of the field.
pub(super) fn minor_units(text: &str, exponent: u8) -> Result<u64, String> {
    let text = text.trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(format!("must be a number such as {}", example(exponent)));
    }
    let places = usize::from(exponent);
    let fraction = if text.len() == whole.len() { "" } else { fraction };
    if fraction.len() > places {
        return Err(too_fine(exponent));
    }
    let amount = format!("{whole}{fraction:0<places$}");
    amount.parse().map_err(|_| "is too high".to_owned())
}

const fn example(exponent: u8) -> &'static str {
    match exponent {
        0 => "12",
        1 => "12.5",
        3 => "12.500",
        _ => "12.50",
    }
}

fn too_fine(exponent: u8) -> String {
    match exponent {
        0 => "must be a whole number in this currency".to_owned(),
        1 => "must have at most 1 decimal place".to_owned(),
        _ => format!("must have at most {exponent} decimal places"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_exactly() {
        assert_eq!(minor_units("12.50", 2), Ok(1250));
        assert_eq!(minor_units("12,5", 2), Ok(1250));
        assert_eq!(minor_units(" 12 ", 2), Ok(1200));
        assert_eq!(minor_units("0.07", 2), Ok(7));
        assert_eq!(minor_units("900", 0), Ok(900));
        assert_eq!(minor_units("1.005", 3), Ok(1005));
        assert_eq!(minor_units("184467440737095516.15", 2), Ok(u64::MAX));
    }

    #[test]
    fn every_example_is_a_decimal() {
        for exponent in 0..=4 {
            assert!(minor_units(example(exponent), exponent).is_ok(), "{exponent}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for wrong in ["", "-1", "+1", "1e3", "12.", ".5", "1.2.3", "1.000,00", "twelve", "１２", "0x10", "1 000"] {
            assert_eq!(minor_units(wrong, 2), Err("must be a number such as 12.50".to_owned()), "{wrong:?}");
        }
    }

    #[test]
    fn no_minor_unit_is_split_and_nothing_is_rounded() {
        assert_eq!(minor_units("12.505", 2), Err("must have at most 2 decimal places".to_owned()));
        assert_eq!(minor_units("12.500", 2), Err("must have at most 2 decimal places".to_owned()));
        assert_eq!(minor_units("900.0", 0), Err("must be a whole number in this currency".to_owned()));
        assert_eq!(minor_units("184467440737095516.16", 2), Err("is too high".to_owned()));
        assert_eq!(minor_units("99999999999999999999", 0), Err("is too high".to_owned()));
    }
}
