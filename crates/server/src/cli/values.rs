//! Texts of settings → values, and values as `--help` shows them. A mistake is a sentence that says what is expected.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, ValueEnum};
use http::uri::Authority;
use tracing_subscriber::EnvFilter;

use ticketing_core::domain::buyer_action::ActionUrl;
use ticketing_core::domain::money::Quantity;
use ticketing_core::ports::limits::Quota;

use crate::config::Secret;

/// A duration that prints as it is typed.
pub(super) type Span = humantime::Duration;

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// One of some words.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneOf<T: 'static>(pub(super) &'static [T]);

impl<T: ValueEnum + Send + Sync> TypedValueParser for OneOf<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let Self(values) = *self;
        let parse = move |text: &str| {
            let known = values.iter().find(|value| word(*value).eq_ignore_ascii_case(text.trim()));
            known.cloned().ok_or_else(|| format!("{text:?} is {}", none_of(values)))
        };
        parse.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().filter_map(ValueEnum::to_possible_value)))
    }
}

/// A value as it is typed.
pub(super) fn word<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// `neither memory nor redis`
fn none_of<T: ValueEnum>(values: &[T]) -> String {
    let words: Vec<_> = values.iter().map(word).collect();
    match words.split_last() {
        Some((last, [])) => format!("not {last}"),
        Some((last, others)) => format!("neither {} nor {last}", others.join(", ")),
        None => "not expected".to_owned(),
    }
}

/// `500ms`, `30s`, `15m`, `2h` or `30d`; no longer than `longest`, and not zero.
pub(super) fn span_up_to(longest: Duration) -> impl Fn(&str) -> Result<Span, String> + Clone {
    move |text| match span(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        span if span > longest => Err(format!("must be at most {} s", longest.as_secs())),
        span => Ok(span.into()),
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text.trim());
    span.map_err(|_| format!("{text:?} is not a duration such as 500ms, 30s, 15m, 2h or 30d"))
}

/// `10/30s`: ten at once, and one more every 30 seconds. `off` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(pub(super) Option<Quota>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither off nor a limit such as 10/30s (10 at once, one more every 30s)");
        if text.trim() == "off" {
            return Ok(Self(None));
        }
        let (burst, per) = text.trim().split_once('/').ok_or_else(wrong)?;
        let burst = burst.parse().ok().filter(|burst| *burst > 0).ok_or_else(wrong)?;
        let per = span(per).ok().filter(|per| !per.is_zero()).ok_or_else(wrong)?;
        Ok(Self(Some(Quota { burst, per })))
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Quota { burst, per }) => write!(f, "{burst}/{}", Span::from(per)),
            None => f.write_str("off"),
        }
    }
}

/// The most of something that a buyer may have; `off` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Most(pub(super) Option<u32>);

impl FromStr for Most {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "off" {
            return Ok(Self(None));
        }
        let most = text.trim().parse().ok().filter(|most| (1..=100 * Quantity::MAX).contains(most));
        let wrong = || format!("{text:?} is neither off nor a number between 1 and {}", 100 * Quantity::MAX);
        most.map(|most| Self(Some(most))).ok_or_else(wrong)
    }
}

impl Display for Most {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(most) => most.fmt(f),
            None => f.write_str("off"),
        }
    }
}

/// How long events are kept: a span, or `forever`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retention(pub(super) Option<Duration>);

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "forever" {
            return Ok(Self(None));
        }
        let kept = span(text).ok().filter(|kept| !kept.is_zero());
        kept.map(|kept| Self(Some(kept)))
            .ok_or_else(|| format!("{text:?} is neither forever nor a duration such as 30d"))
    }
}

impl Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(kept) => Span::from(kept).fmt(f),
            None => f.write_str("forever"),
        }
    }
}

/// A value with its own parser, in a sentence that says what is expected if it fails.
pub(super) fn like<T: FromStr>(example: &'static str) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| text.trim().parse().map_err(|_| format!("{text:?} is not {example}"))
}

/// A count within bounds.
pub(super) fn count<T>(bounds: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let count = text.trim().parse().ok().filter(|count| bounds.contains(count));
        count.ok_or_else(|| format!("{text:?} is not a number between {} and {}", bounds.start(), bounds.end()))
    }
}

/// A share of a whole.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{text:?} is not a share between 0 and 1"))
}

/// `true` or `false`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.trim() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// A list with commas between its entries.
pub(super) fn list<T: FromStr<Err = String>>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').filter(|entry| !entry.trim().is_empty()).map(str::parse).collect()
}

/// What names of databases, topics and keys may begin with.
pub(super) fn prefix(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if (1..=40).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is not a name of 1 to 40 letters, digits, - and _"))
}

/// `host:port`, with commas between.
pub(super) fn brokers(text: &str) -> Result<String, String> {
    let is_broker = |entry: &str| entry.trim().parse::<Authority>().is_ok_and(|broker| broker.port_u16().is_some());
    if text.split(',').all(is_broker) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no list of brokers such as kafka-1:9092,kafka-2:9092"))
}

/// An address that may hold a password, so a mistake does not quote it.
pub(super) fn secret_address(schemes: &'static [&'static str]) -> impl Fn(&str) -> Result<Secret, String> + Clone {
    move |text| match text.trim().split_once("://") {
        Some((scheme, rest)) if schemes.contains(&scheme) && !rest.is_empty() => {
            Ok(Secret::new(text.trim().to_owned()))
        }
        _ => Err(format!("must begin with {}://", schemes.join(":// or "))),
    }
}

/// A file of certificates that can be read now.
pub(super) fn certificates(text: &str) -> Result<PathBuf, String> {
    let file = PathBuf::from(text);
    match ticketing_core::ports::authorities::read(&file) {
        Ok(_) => Ok(file),
        Err(error) => Err(format!("{text:?} cannot be read: {error}")),
    }
}

/// A text that is not empty. A mistake does not quote it, since it may be a password.
pub(super) fn some(text: &str) -> Result<Secret, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(Secret::new(text.to_owned())) }
}

/// A secret whose kind shows in its beginning. A mistake does not quote it.
pub(super) fn secret_of(kinds: &'static [&'static str]) -> impl Fn(&str) -> Result<Secret, String> + Clone {
    move |text| {
        let text = text.trim();
        let is_kind = kinds.iter().any(|kind| text.len() > kind.len() && text.starts_with(kind));
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        match is_kind && is_visible {
            true => Ok(Secret::new(text.to_owned())),
            false => Err(format!("must begin with {}, and be copied whole", kinds.join(" or "))),
        }
    }
}

/// The same, with commas between several.
pub(super) fn secrets_of(kinds: &'static [&'static str]) -> impl Fn(&str) -> Result<Vec<Secret>, String> + Clone {
    let secret = secret_of(kinds);
    move |text| text.split(',').map(&secret).collect()
}

/// `https`, or `http` on loopback. A mistake does not quote it, since somebody may have put a password into it.
pub(super) fn safe_url(text: &str) -> Result<String, String> {
    match ActionUrl::parse(text.trim()) {
        Ok(url) => Ok(url.expose().to_owned()),
        Err(_) => Err("must be https://, or http:// on loopback".to_owned()),
    }
}

/// What `tracing-subscriber` understands.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{text:?} is not a filter: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_needs_its_unit() {
        assert_eq!(span("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "15", "m", "-1s", "99999999999999999999s", "18446744073709551615d"] {
            assert!(span(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_limit_is_a_burst_and_a_pace_or_off() {
        assert_eq!("off".parse(), Ok(Limit(None)));
        let limit = Limit(Some(Quota { burst: 10, per: Duration::from_secs(30) }));
        assert_eq!("10/30s".parse(), Ok(limit));
        assert_eq!(limit.to_string(), "10/30s");
        for wrong in ["10", "0/1s", "10/0s", "x/1s"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn topics_are_kept_for_a_span_or_forever() {
        assert_eq!("forever".parse(), Ok(Retention(None)));
        assert_eq!("30d".parse(), Ok(Retention(Some(Duration::from_secs(30 * 86_400)))));
        assert!(["", "0s", "never", "30"].iter().all(|wrong| wrong.parse::<Retention>().is_err()));
    }

    #[test]
    fn a_broker_has_a_port() {
        assert!(brokers("kafka-1:9092,kafka-2:9092").is_ok());
        assert!(["", "kafka", "kafka:9092,", "kafka:port"].iter().all(|wrong| brokers(wrong).is_err()));
    }

    #[test]
    fn a_mistake_in_an_address_does_not_quote_it() {
        let address = secret_address(&["redis", "rediss"]);

        assert_eq!(address("redis://ada:tomato@host").unwrap().expose(), "redis://ada:tomato@host");
        for wrong in ["http://ada:tomato@host", "tomato", "redis://"] {
            assert!(address(wrong).is_err_and(|mistake| !mistake.contains("tomato")), "{wrong:?}");
        }
    }
}
