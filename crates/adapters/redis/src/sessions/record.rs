//! A session as bytes.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version of this layout, 2 |
//! | 16 | account |
//! | 32 | digest of the current token |
//! | 16 | id |
//! | 8, 8, 8 | created, refreshed, expires, in milliseconds |
//! | 32 | version of the password |
//! | 32 | key |
//! | 1 | how many tokens were exchanged a moment ago |
//! | 32, 8 | of each of them its digest, and when it was exchanged |
//! | rest | device |
//!
//! The scripts read the account, the current digest and when it was created, so
//! every version has these at the same place. Integers are big-endian.

use ticketing_core::domain::account::PasswordVersion;
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Session, SessionKey, SpentToken, TokenDigest};
use uuid::Uuid;

const VERSION: u8 = 2;
/// The bytes before the tokens that were exchanged.
const HEAD: usize = 1 + 16 + 32 + 16 + 3 * 8 + 32 + 32 + 1;
/// The bytes of each of these.
const SPENT: usize = 32 + 8;

/// Writes a session.
pub(super) fn encode(session: &Session) -> Vec<u8> {
    // Newest first, so what does not fit is the oldest.
    let spent = session.spent.get(..Session::MAX_SPENT).unwrap_or(&session.spent);
    let mut record = Vec::with_capacity(HEAD + SPENT * spent.len() + session.device.len());
    record.push(VERSION);
    record.extend(session.account.uuid().as_bytes());
    record.extend(session.current.0);
    record.extend(session.id.uuid().as_bytes());
    for time in [session.created_at, session.refreshed_at, session.expires_at] {
        record.extend(time.millis().to_be_bytes());
    }
    record.extend(session.password.bytes());
    record.extend(session.key.0);
    record.push(u8::try_from(spent.len()).unwrap_or_default());
    for spent in spent {
        record.extend(spent.token.0);
        record.extend(spent.at.millis().to_be_bytes());
    }
    record.extend(session.device.as_bytes());
    record
}

/// Reads a session; `None` if this is no record of this version.
pub(super) fn decode(record: &[u8]) -> Option<Session> {
    let (&[version], rest) = record.split_first_chunk()?;
    if version != VERSION {
        return None;
    }
    let (account, rest) = rest.split_first_chunk()?;
    let (current, rest) = rest.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (created_at, rest) = time(rest)?;
    let (refreshed_at, rest) = time(rest)?;
    let (expires_at, rest) = time(rest)?;
    let (password, rest) = rest.split_first_chunk()?;
    let (key, rest) = rest.split_first_chunk()?;
    let (spent, device) = spent(rest)?;
    Some(Session {
        id: SessionId::new(Uuid::from_bytes(*id)),
        account: AccountId::new(Uuid::from_bytes(*account)),
        device: str::from_utf8(device).ok()?.to_owned(),
        created_at,
        refreshed_at,
        expires_at,
        current: TokenDigest(*current),
        password: PasswordVersion::from_bytes(*password),
        key: SessionKey(*key),
        spent,
    })
}

fn spent(bytes: &[u8]) -> Option<(Vec<SpentToken>, &[u8])> {
    let (&[count], mut rest) = bytes.split_first_chunk()?;
    let mut spent = Vec::new();
    for _ in 0..count {
        let (token, after) = rest.split_first_chunk()?;
        let (at, after) = time(after)?;
        spent.push(SpentToken { token: TokenDigest(*token), at });
        rest = after;
    }
    Some((spent, rest))
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
            password: PasswordVersion::from_bytes([6; 32]),
            key: SessionKey([7; 32]),
            spent: Vec::new(),
        }
    }

    #[test]
    fn a_session_is_read_as_it_was_written() {
        for count in 0..=Session::MAX_SPENT {
            let spent = SpentToken { token: TokenDigest([8; 32]), at: Timestamp::from_millis(9) };
            let session = Session { spent: vec![spent; count], ..session() };

            assert_eq!(decode(&encode(&session)), Some(session));
        }
    }

    #[test]
    fn bytes_that_are_no_record_of_this_version_are_no_session() {
        let spent = SpentToken { token: TokenDigest([8; 32]), at: Timestamp::from_millis(9) };
        let record = encode(&Session { spent: vec![spent], ..session() });

        for length in 0..HEAD + SPENT {
            assert_eq!(decode(&record[..length]), None);
        }
        assert_eq!(decode(&[&[9], &record[1..]].concat()), None);
        assert_eq!(decode(&[&record[..HEAD + SPENT], b"\xff"].concat()), None);
    }

    #[test]
    fn the_scripts_find_what_they_read_where_they_look() {
        let record = encode(&session());

        assert_eq!(record[1..17], *session().account.uuid().as_bytes());
        assert_eq!(record[17..49], session().current.0);
        assert_eq!(record[65..73], session().created_at.millis().to_be_bytes());
    }
}
