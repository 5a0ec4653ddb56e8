//! Attributes: what an application adds to a ticket.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use super::invalid::{Invalid, WrongFields};
use super::text::composed;

/// A value in JSON.
pub use serde_json::Value;

/// What an application adds to a ticket, such as `seatRow`: short keys with JSON values, sorted by key.
///
/// Made by [`Attributes::parse`], so they are within their bounds and each value has one form: texts are
/// composed, `5.0` is `5`, and the keys of objects are sorted. What is deserialized was accepted before, and is
/// not judged again.
///
/// A clone shares the values. Without attributes there is nothing to share and nothing is allocated.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(Option<Arc<BTreeMap<String, Value>>>);

const KEY: &str = "a key is 1 to 32 letters, digits, - or _, and begins with a letter";
const NUMBER: &str = "a number is at most 9007199254740991 either way, and JSON gives it back as it was: use text";
const DEPTH: &str = "arrays and objects are at most 4 deep";

/// The greatest number up to which all integers are exact in every reader of JSON.
const GREATEST: f64 = 9_007_199_254_740_991.0;

impl Attributes {
    /// No attributes.
    pub const NONE: Self = Self(None);
    /// The most attributes of a ticket.
    pub const MOST: usize = 16;
    /// The longest key, in characters.
    pub const LONGEST_KEY: usize = 32;
    /// The most bytes of all keys and values, as JSON.
    pub const MOST_BYTES: usize = 2048;
    /// How deep arrays and objects may lie in each other.
    pub const DEEPEST: usize = 4;

    /// Validates attributes.
    ///
    /// A number is refused if another program might read it as a different one: beyond ±(2^53 - 1), or with more
    /// digits than JSON gives back (up to 15 digits and 22 decimals are safe). Keys of objects within a value have
    /// the same form as keys of attributes.
    ///
    /// # Errors
    ///
    /// Every invalid attribute; show them to the user.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::attributes::Attributes;
    ///
    /// let seat = Attributes::parse([("seatRow", "F")])?;
    /// assert_eq!(seat.get("seatRow").and_then(|row| row.as_str()), Some("F"));
    /// assert!(Attributes::parse([("seat row", "F")]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse<K, V>(given: impl IntoIterator<Item = (K, V)>) -> Result<Self, WrongFields>
    where
        K: Into<String>,
        V: Into<Value>,
    {
        let given: BTreeMap<String, Value> = given.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        if given.len() > Self::MOST {
            return Err(wrong(format!("must be at most {}", Self::MOST)).into());
        }
        let mut refused = WrongFields::default();
        let parsed = Self::of(given.into_iter().filter_map(|pair| refused.keep(attribute(pair))).collect());
        if parsed.bytes() > Self::MOST_BYTES {
            refused.0.push(wrong(format!("must be at most {} bytes long as JSON", Self::MOST_BYTES)));
        }
        refused.finish(Some(parsed))
    }

    fn of(map: BTreeMap<String, Value>) -> Self {
        Self((!map.is_empty()).then(|| Arc::new(map)))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// All attributes, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(key, value)| (key.as_str(), value))
    }

    /// Whether each of the others is here, with an equal value.
    #[must_use]
    pub fn have_all(&self, others: &Self) -> bool {
        others.iter().all(|(key, value)| self.get(key) == Some(value))
    }

    /// As JSON; the same attributes have the same text.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        if self.is_empty() { 0 } else { self.json().len() }
    }
}

fn wrong(message: String) -> Invalid {
    Invalid::new("attributes", message)
}

fn attribute((key, value): (String, Value)) -> Result<(String, Value), Invalid> {
    let value = if is_key(&key) { in_one_form(value, Attributes::DEEPEST) } else { Err(KEY) };
    match value {
        Ok(value) => Ok((key, value)),
        Err(why) => {
            let key: String = key.chars().take(Attributes::LONGEST_KEY).collect();
            Err(wrong(format!("must not have {key:?}: {why}")))
        }
    }
}

fn is_key(key: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    key.len() <= Attributes::LONGEST_KEY
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(is_part)
}

/// A value of so many more levels as it is kept.
fn in_one_form(value: Value, levels: usize) -> Result<Value, &'static str> {
    Ok(match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(number) => Value::Number(survivor(&number).ok_or(NUMBER)?),
        Value::String(text) => Value::String(composed(&text).into_owned()),
        Value::Array(_) | Value::Object(_) if levels == 0 => return Err(DEPTH),
        Value::Array(items) => items.into_iter().map(|item| in_one_form(item, levels - 1)).collect::<Result<_, _>>()?,
        Value::Object(fields) => {
            let field = |(key, value): (String, Value)| match is_key(&key) {
                true => Ok((key, in_one_form(value, levels - 1)?)),
                false => Err(KEY),
            };
            let sorted = fields.into_iter().map(field).collect::<Result<BTreeMap<_, _>, _>>()?;
            sorted.into_iter().collect()
        }
    })
}

/// A number that JSON and BSON give back as it is, in its shortest form.
fn survivor(number: &Number) -> Option<Number> {
    let value = number.as_f64().filter(|value| value.abs() <= GREATEST)?;
    // Written without an exponent; what has no fraction is whole.
    if let Ok(whole) = value.to_string().parse::<i64>() {
        return Some(whole.into());
    }
    let fraction = Number::from_f64(value)?;
    let read: Option<Number> = serde_json::from_str(&fraction.to_string()).ok();
    (read.as_ref() == Some(&fraction)).then_some(fraction)
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::of)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Result<Attributes, WrongFields> {
        Attributes::parse([("it", value)])
    }

    fn message(value: Value) -> String {
        of(value).expect_err("it is refused").to_string()
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |value, _| json!([value]))
    }

    #[test]
    fn every_wrong_attribute_is_named_at_once() {
        let given = [("seat row", json!(1)), ("ok", json!(1)), ("big", json!(1e17)), ("a\u{202E}\0", json!(1))];
        let refused = Attributes::parse(given).expect_err("three are wrong").0;

        let quoted: Vec<_> = refused.iter().filter_map(|invalid| invalid.message.split('"').nth(1)).collect();
        assert_eq!(quoted, [r"a\u{202e}\0", "big", "seat row"]);
        assert!(refused.iter().all(|invalid| invalid.field == "attributes"));
    }

    #[test]
    fn a_key_is_short_and_plain() {
        for key in ["a", "seatRow", "Z9-_", &"k".repeat(32)] {
            assert!(Attributes::parse([(key, 1)]).is_ok(), "{key:?}");
        }
        for key in ["", "9", "_a", "-a", "$a", "a.b", "a b", "ä", "a\u{200B}", "\u{430}", "a\0", &"k".repeat(33)] {
            assert!(Attributes::parse([(key, 1)]).is_err(), "{key:?}");
            assert!(of(json!({ key: 1 })).is_err(), "{key:?} within a value");
        }
    }

    #[test]
    fn a_number_is_one_that_every_reader_gives_back() {
        let kept = |number: Value| of(number).ok().and_then(|kept| kept.get("it").map(ToString::to_string));

        for (given, read) in [("5.0", "5"), ("-0.0", "0"), ("1e3", "1000"), ("0.1", "0.1"), ("-2.5", "-2.5")] {
            assert_eq!(kept(serde_json::from_str(given).unwrap()).as_deref(), Some(read), "{given}");
        }
        assert!(kept(json!(9_007_199_254_740_991_u64)).is_some() && kept(json!(-9_007_199_254_740_991_i64)).is_some());
        for refused in [json!(9_007_199_254_740_992_u64), json!(u64::MAX), json!(i64::MIN), json!(1e300)] {
            assert_eq!(message(refused), format!("attributes must not have \"it\": {NUMBER}"));
        }
    }

    #[test]
    fn values_are_bounded_in_depth_number_and_bytes() {
        assert!(of(nested(4)).is_ok());
        assert_eq!(message(nested(5)), format!("attributes must not have \"it\": {DEPTH}"));
        assert!(of(json!("x".repeat(2048 - r#"{"it":""}"#.len()))).is_ok());
        assert_eq!(
            message(json!("x".repeat(2049 - r#"{"it":""}"#.len()))),
            "attributes must be at most 2048 bytes long as JSON"
        );
        let many = |count: usize| Attributes::parse((0..count).map(|n| (format!("k{n}"), n)));
        assert!(many(16).is_ok());
        assert_eq!(many(17).expect_err("too many").to_string(), "attributes must be at most 16");
    }

    #[test]
    fn equal_attributes_have_one_form() {
        let one = Attributes::parse([("b", json!({ "y": 1, "x": "Cafe\u{301}" })), ("a", json!(2.0))]).unwrap();
        let other = Attributes::parse([("a", json!(2)), ("b", json!({ "x": "Café", "y": 1.0 }))]).unwrap();

        assert_eq!(one, other);
        assert_eq!(one.json(), r#"{"a":2,"b":{"x":"Café","y":1}}"#);
    }

    #[test]
    fn without_attributes_nothing_is_allocated() {
        let none = Attributes::parse(BTreeMap::<String, Value>::new()).unwrap();

        assert!(none.is_empty() && none == Attributes::NONE);
        assert_eq!(size_of::<Attributes>(), size_of::<usize>());
    }

    #[test]
    fn those_with_all_of_others_have_equal_values() {
        let ours = Attributes::parse([("row", json!("F")), ("level", json!(2))]).unwrap();
        let have = |key: &str, value: Value| ours.have_all(&Attributes::parse([(key, value)]).unwrap());

        assert!(ours.have_all(&Attributes::NONE) && ours.have_all(&ours) && have("level", json!(2.0)));
        assert!(!have("level", json!("2")) && !have("row", json!("f")) && !have("seat", json!(2)));
    }
}
