//! Where a chain of events came from, and what rides along with it.

use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::invalid::Invalid;

use super::EventEnvelope;
use super::attributes::is_known;

/// Where a chain of events came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Shared by all that one request set off.
    pub correlation: Uuid,
    /// The event that was being handled, if it was one.
    pub causation: Option<EventId>,
    /// The W3C trace context of the request.
    pub traceparent: Option<String>,
    /// Headers that the marketplace does not know, kept as they came: `CloudEvents` extension attributes, from
    /// [`with_extension`](Self::with_extension) or from another publisher, and whatever else a message had.
    pub extensions: Vec<(String, String)>,
}

/// Attributes that `CloudEvents` itself has, besides those that every event of ours has.
const RESERVED: [&str; 3] = ["data", "datacontenttype", "dataschema"];

impl Origin {
    /// The most extension attributes that are added or passed on.
    pub const MOST_EXTENSIONS: usize = 8;
    /// The longest value of an extension attribute, in bytes.
    pub const LONGEST_EXTENSION: usize = 256;

    /// A chain that begins here.
    #[must_use]
    pub const fn new(correlation: Uuid) -> Self {
        Self { correlation, causation: None, traceparent: None, extensions: Vec::new() }
    }

    /// What handling an event sets off. Extension attributes follow; other headers do not.
    #[must_use]
    pub fn caused_by(envelope: &EventEnvelope) -> Self {
        let origin = &envelope.origin;
        let extensions = origin.extensions.iter().filter(|(header, _)| attribute(header).is_some_and(may_be_added));
        Self {
            correlation: origin.correlation,
            causation: Some(envelope.id),
            traceparent: origin.traceparent.clone(),
            extensions: extensions.take(Self::MOST_EXTENSIONS).cloned().collect(),
        }
    }

    /// Adds a `CloudEvents` extension attribute, or replaces its value: the events of a command carry it, and so do
    /// those that they cause.
    ///
    /// A name has 1 to 20 lower-case letters and digits, a value 1 to 256 bytes without control characters.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is out of these bounds, the name is one that events have anyway, or there are eight already.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::wire::Origin;
    /// use uuid::Uuid;
    ///
    /// let origin = Origin::new(Uuid::nil()).with_extension("tenant", "north")?;
    /// assert_eq!(origin.extension("tenant"), Some("north"));
    /// assert!(origin.with_extension("Tenant", "north").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_extension(mut self, name: &str, value: impl Into<String>) -> Result<Self, Invalid> {
        let (header, value) = (format!("{PREFIX}{name}"), value.into());
        self.extensions.retain(|(known, _)| *known != header);
        let is_value = (1..=Self::LONGEST_EXTENSION).contains(&value.len()) && !value.contains(char::is_control);
        let why = if !may_be_added(name) {
            "must have a name of 1 to 20 lower-case letters and digits that is not taken"
        } else if !is_value {
            "must have a value of 1 to 256 bytes without control characters"
        } else if self.extensions.len() >= Self::MOST_EXTENSIONS {
            "must be at most 8"
        } else {
            self.extensions.push((header, value));
            return Ok(self);
        };
        Err(Invalid::new("extension attributes", why))
    }

    /// The value of an extension attribute.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.iter().find(|(header, _)| attribute(header) == Some(name)).map(|(_, value)| value.as_str())
    }
}

const PREFIX: &str = "ce_";

/// The name of an attribute, if that is what a header is.
fn attribute(header: &str) -> Option<&str> {
    header.strip_prefix(PREFIX)
}

fn may_be_added(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_taken = RESERVED.contains(&name) || is_known(&format!("{PREFIX}{name}"));
    (1..=20).contains(&name.len()) && is_plain && !is_taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin::new(Uuid::nil())
    }

    #[test]
    fn an_extension_has_a_name_of_its_own_and_a_short_value() {
        for name in
            ["", "Tenant", "ten_ant", "tenant\0", "tenänt", "id", "source", "correlationid", "data", &"n".repeat(21)]
        {
            assert!(origin().with_extension(name, "north").is_err(), "{name:?}");
        }
        for value in ["", "no\nrth", "\0", &"v".repeat(257)] {
            assert!(origin().with_extension("tenant", value).is_err(), "{value:?}");
        }
        assert!(
            origin().with_extension(&"n".repeat(20), "Grüße 🎫").is_ok() && origin().with_extension("7", "x").is_ok()
        );
    }

    #[test]
    fn extensions_are_few_and_the_last_value_counts() {
        let add = |origin: Origin, n: usize| origin.with_extension(&format!("n{n}"), n.to_string());
        let full = (0..8).try_fold(origin(), add).unwrap();

        assert!(add(full.clone(), 8).is_err());
        let replaced = full.with_extension("n3", "other").unwrap();
        assert_eq!((replaced.extension("n3"), replaced.extensions.len()), (Some("other"), 8));
    }
}
