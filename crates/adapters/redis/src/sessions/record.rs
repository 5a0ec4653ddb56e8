//! A session as bytes.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version of this layout, 1 |
//! | 16 | account |
//! | 32 | digest of the current token |
//! | 16 | id |
//! | 8, 8, 8 | created, refreshed, expires, in milliseconds |
//! | 1, 32 | whether there is a previous token, and its digest or zeros |
//! | rest | device |
//!
//! The scripts read the account and the current digest, so every version has
//! these at the same place. Integers are big-endian.

use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Session, TokenDigest};
use uuid::Uuid;

const VERSION: u8 = 1;
/// The bytes before the device.
const HEAD: usize = 1 + 16 + 32 + 16 + 3 * 8 + 1 + 32;

/// Writes a session.
pub(super) fn encode(session: &Session) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD + session.device.len());
    record.push(VERSION);
    record.extend(session.account.uuid().as_bytes());
    record.extend(session.current.0);
    record.extend(session.id.uuid().as_bytes());
    for time in [session.created_at, session.refreshed_at, session.expires_at] {
        record.extend(time.millis().to_be_bytes());
    }
    record.push(u8::from(session.previous.is_some()));
    record.extend(session.previous.map_or([0; 32], |previous| previous.0));
    record.extend(session.device.as_bytes());
    record
}

/// Reads a session; `None` if this is no record of this version.
pub(super) fn decode(record: &[u8]) -> Option<Session> {
    let (&[version], rest) = record.split_first_chunk()?;
    let (account, rest) = rest.split_first_chunk()?;
    let (current, rest) = rest.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (created_at, rest) = time(rest)?;
    let (refreshed_at, rest) = time(rest)?;
    let (expires_at, rest) = time(rest)?;
    let (&[has_previous], rest) = rest.split_first_chunk()?;
    let (previous, device) = rest.split_first_chunk()?;
    let session = Session {
        id: SessionId::new(Uuid::from_bytes(*id)),
        account: AccountId::new(Uuid::from_bytes(*account)),
        device: str::from_utf8(device).ok()?.to_owned(),
        created_at,
        refreshed_at,
        expires_at,
        current: TokenDigest(*current),
        previous: (has_previous == 1).then_some(TokenDigest(*previous)),
    };
    (version == VERSION).then_some(session)
}

fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (millis, rest) = bytes.split_first_chunk()?;
    Some((Timestamp::from_millis(i64::from_be_bytes(*millis)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session {
            id: SessionId::new(Uuid::from_u128(1)),
            account: AccountId::new(Uuid::from_u128(2)),
            device: "Firefox — Grüße".to_owned(),
            created_at: Timestamp::from_millis(3),
            refreshed_at: Timestamp::from_millis(4),
            expires_at: Timestamp::from_millis(i64::MAX),
            current: TokenDigest([5; 32]),
            previous: None,
        }
    }

    #[test]
    fn a_session_is_read_as_it_was_written() {
        for previous in [None, Some(TokenDigest([0; 32])), Some(TokenDigest([6; 32]))] {
            let session = Session { previous, ..session() };

            assert_eq!(decode(&encode(&session)), Some(session));
        }
    }

    #[test]
    fn bytes_that_are_no_record_of_this_version_are_no_session() {
        let record = encode(&session());

        assert_eq!(decode(&record[..HEAD - 1]), None);
        assert_eq!(decode(&[&[9], &record[1..]].concat()), None);
        assert_eq!(decode(&[&record[..HEAD], b"\xff"].concat()), None);
    }

    #[test]
    fn the_scripts_find_account_and_current_digest_where_they_look() {
        let record = encode(&session());

        assert_eq!(record[1..17], *session().account.uuid().as_bytes());
        assert_eq!(record[17..49], session().current.0);
    }
}
