-- The questions that people keep, by account, and what they are filed under.
CREATE TABLE alerts (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE TABLE alert_handles (
    handle INTEGER NOT NULL, account BLOB NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    PRIMARY KEY (handle, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_handles_of_account ON alert_handles (account);
-- Tickets with their sales, as alerts last saw them.
CREATE TABLE alert_entries (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
