//! Turns payloads of old schemas into payloads of the current one.

use bytes::Bytes;

use super::Undecodable;
use super::payload::Kind;

/// The schema that this release writes.
pub(super) const CURRENT: u32 = 1;

/// Brings a payload up to the current schema, one version at a time.
///
/// A schema from the future is refused: its version moved because we would
/// read it wrongly.
pub(super) fn upcast(kind: Kind, schema: u32, data: &Bytes) -> Result<Bytes, Undecodable> {
    match schema {
        CURRENT => Ok(data.clone()),
        0 => Err(Undecodable::new("schema 0 was never shipped")),
        newer => Err(Undecodable::new(format!("schema {newer} of {} is newer than this release", kind.name()))),
    }
}
