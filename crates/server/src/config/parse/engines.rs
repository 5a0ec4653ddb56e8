//! Where engines are and how they are used.

use std::path::PathBuf;
use std::time::Duration;

use http::uri::Authority;

use super::span;
use crate::config::{SaslMechanism, Secret};

/// A number of at least one that fits 16 bits.
pub(in crate::config) fn few(text: &str) -> Result<u16, String> {
    let count = text.trim().parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("{text:?} is no number between 1 and {}", u16::MAX))
}

/// How long something is kept; `None` for ever.
pub(in crate::config) fn retention(text: &str) -> Result<Option<Duration>, String> {
    if text.trim() == "forever" {
        return Ok(None);
    }
    let kept = span(text).ok().filter(|span| !span.is_zero());
    kept.map(Some).ok_or_else(|| format!("{text:?} is neither forever nor a span such as 30d"))
}

/// What names of databases, topics and keys may begin with.
pub(in crate::config) fn prefix(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if (1..=40).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no name of 1 to 40 letters, digits, - and _"))
}

/// `host:port`, with commas between.
pub(in crate::config) fn brokers(text: &str) -> Result<String, String> {
    let is_broker = |entry: &str| entry.trim().parse::<Authority>().is_ok_and(|broker| broker.port_u16().is_some());
    if text.split(',').all(is_broker) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no list of brokers such as kafka-1:9092,kafka-2:9092"))
}

/// An address that may hold a password, so a mistake does not quote it.
pub(in crate::config) fn secret_address(schemes: &'static [&'static str]) -> impl Fn(&str) -> Result<Secret, String> {
    move |text| match text.trim().split_once("://") {
        Some((scheme, rest)) if schemes.contains(&scheme) && !rest.is_empty() => {
            Ok(Secret::new(text.trim().to_owned()))
        }
        _ => Err(format!("must begin with {}://", schemes.join(":// or "))),
    }
}

/// How a user of Kafka proves who it is.
pub(in crate::config) fn sasl(text: &str) -> Result<SaslMechanism, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "plain" => Ok(SaslMechanism::Plain),
        "scram-sha-256" => Ok(SaslMechanism::ScramSha256),
        "scram-sha-512" => Ok(SaslMechanism::ScramSha512),
        _ => Err(format!("{text:?} is neither plain, scram-sha-256 nor scram-sha-512")),
    }
}

/// A file of certificates that can be read now.
pub(in crate::config) fn certificates(text: &str) -> Result<PathBuf, String> {
    let file = PathBuf::from(text);
    match std::fs::read_to_string(&file) {
        Ok(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => Ok(file),
        Ok(_) => Err(format!("{text:?} holds no certificate in PEM")),
        Err(error) => Err(format!("{text:?} cannot be read: {error}")),
    }
}

/// What is not empty. A mistake does not quote it, since it may be a password.
pub(in crate::config) fn some(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_kept_for_a_span_or_for_ever() {
        assert_eq!(retention("forever"), Ok(None));
        assert_eq!(retention("30d"), Ok(Some(Duration::from_secs(30 * 86_400))));
        assert!(["", "0s", "never", "30"].iter().all(|wrong| retention(wrong).is_err()));
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
