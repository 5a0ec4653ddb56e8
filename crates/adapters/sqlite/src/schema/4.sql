-- The questions that people keep, by account, with a digest of how they are filed.
CREATE TABLE alerts (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    filing INTEGER NOT NULL
) STRICT;
-- What they are filed under, and what a ticket must have for a closer look.
CREATE TABLE alert_handles (
    handle INTEGER NOT NULL, account BLOB NOT NULL, sieve BLOB NOT NULL,
    PRIMARY KEY (handle, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_handles_of_account ON alert_handles (account);
-- Tickets with their sales, as alerts last saw them.
CREATE TABLE alert_entries (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
