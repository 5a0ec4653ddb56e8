-- A record lies in `record` as JSON. The columns beside it are those by which it is found or guarded; they are written
-- with it, from the same value, and never read back into it. Ids are the 16 bytes of a UUID, times are milliseconds.

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    -- None of a deleted account.
    email TEXT UNIQUE
) STRICT;

CREATE TABLE listings (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    seller BLOB NOT NULL, request TEXT, on_sale INTEGER NOT NULL,
    soonest INTEGER NOT NULL, closes INTEGER NOT NULL, amount INTEGER NOT NULL,
    -- Each word, category, city, event, currency and attribute of a ticket on sale, with a letter in front that says which.
    tokens TEXT NOT NULL
) STRICT;
CREATE INDEX listings_of_seller ON listings (seller, id);
CREATE UNIQUE INDEX listing_under_key ON listings (seller, request) WHERE request IS NOT NULL;
CREATE INDEX listings_newest ON listings (id) WHERE on_sale;
CREATE INDEX listings_soonest ON listings (soonest, id DESC) WHERE on_sale;
CREATE INDEX listings_cheapest ON listings (amount, id DESC) WHERE on_sale;
CREATE INDEX listings_dearest ON listings (amount DESC, id DESC) WHERE on_sale;
-- The tokens of tickets on sale; a row is numbered as its listing.
CREATE VIRTUAL TABLE found_by USING fts5 (tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

CREATE TABLE stocks (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    -- Whether its event is called off and has orders to end.
    to_end INTEGER NOT NULL
) STRICT;
CREATE INDEX stocks_to_end ON stocks (id) WHERE to_end;

CREATE TABLE orders (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    buyer BLOB NOT NULL, ticket BLOB NOT NULL, request TEXT, pay_by INTEGER, is_paid INTEGER NOT NULL, is_completed INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_of_buyer ON orders (buyer, id);
CREATE INDEX orders_for_ticket ON orders (ticket, id);
CREATE UNIQUE INDEX order_under_key ON orders (buyer, request) WHERE request IS NOT NULL;
CREATE INDEX orders_overdue ON orders (pay_by, id) WHERE pay_by IS NOT NULL;
CREATE INDEX orders_bought ON orders (buyer, ticket) WHERE is_completed;

CREATE TABLE payables (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;

CREATE TABLE payments (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    buyer BLOB NOT NULL, request TEXT, order_id BLOB NOT NULL, started_at INTEGER NOT NULL,
    is_settled INTEGER NOT NULL, takes_money INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX payment_under_key ON payments (buyer, request) WHERE request IS NOT NULL;
CREATE INDEX payments_unsettled ON payments (id) WHERE NOT is_settled;
-- The rules see to it already; the database is the second line of defence.
CREATE UNIQUE INDEX payment_that_takes_money ON payments (order_id) WHERE takes_money;

CREATE TABLE admissions (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    ticket BLOB NOT NULL, issued INTEGER NOT NULL, used INTEGER NOT NULL, voided INTEGER NOT NULL
) STRICT;
CREATE INDEX admissions_of_ticket ON admissions (ticket, id, issued, used, voided);
CREATE TABLE passes (
    id BLOB NOT NULL PRIMARY KEY,
    admission BLOB NOT NULL REFERENCES admissions (id) ON DELETE CASCADE,
    ticket BLOB NOT NULL, code TEXT NOT NULL,
    UNIQUE (ticket, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX passes_of_admission ON passes (admission);

CREATE TABLE entrances (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;

CREATE TABLE door_links (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;

CREATE TABLE letters (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    -- When it is to be sent, and when it was sent or dropped.
    due_at INTEGER, ended_at INTEGER
) STRICT;
CREATE INDEX letters_due ON letters (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX letters_by_end ON letters (ended_at) WHERE ended_at IS NOT NULL;
-- What letters tell of.
CREATE TABLE order_replicas (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL,
    ticket BLOB NOT NULL
) STRICT;
CREATE INDEX order_replicas_of_ticket ON order_replicas (ticket, id);
CREATE TABLE ticket_replicas (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;

-- Every event in the order of commits, as a message: those of the services, and what was published directly.
CREATE TABLE log (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL, event BLOB, key TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
    -- When the event happened, or the message was written that is none.
    at INTEGER NOT NULL,
    -- How many bytes were written to the log up to its end, ever.
    bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX log_of_topic ON log (topic, position);
CREATE UNIQUE INDEX log_by_event ON log (event) WHERE event IS NOT NULL;

-- The events that a relay has not marked. The log keeps what is named here.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY REFERENCES log (position),
    service TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_of_service ON outbox (service, position);

-- Before which position a group has settled everything of a topic. The log keeps what lies behind.
CREATE TABLE places (
    consumer TEXT NOT NULL, topic TEXT NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (consumer, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
    id BLOB NOT NULL PRIMARY KEY,
    consumer TEXT NOT NULL, key TEXT NOT NULL, released INTEGER NOT NULL, parked_at INTEGER NOT NULL, reason TEXT NOT NULL,
    -- The message; `undecodable` says why it is no event, if it is none.
    topic TEXT NOT NULL, message_key TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, undecodable TEXT
) STRICT;
CREATE INDEX parked_of_key ON parked (consumer, key, id);
CREATE INDEX parked_of_consumer ON parked (consumer, id);
CREATE INDEX parked_released ON parked (consumer, id) WHERE released;

CREATE TABLE timers (
    id BLOB NOT NULL PRIMARY KEY, due INTEGER NOT NULL,
    -- Of a claim: what names it, and how long it lasts. A timer that nobody claimed may be claimed when it is due.
    claim BLOB, free_at INTEGER NOT NULL
) STRICT;
CREATE INDEX timers_due ON timers (free_at, due, id);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY, account BLOB NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    current BLOB NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_of_account ON sessions (account, created_at, id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- When the next one of a key would arrive if they came evenly, in nanoseconds.
CREATE TABLE limits (key TEXT NOT NULL PRIMARY KEY, arrival INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX limits_by_arrival ON limits (arrival);

CREATE TABLE drafts (slot TEXT NOT NULL PRIMARY KEY, content BLOB NOT NULL, ends_at INTEGER NOT NULL) STRICT;
CREATE INDEX drafts_by_end ON drafts (ends_at);

-- Of each attempt to pay: when it was opened last and for how much, and whether it is closed.
CREATE TABLE attempt_keys (
    id BLOB NOT NULL PRIMARY KEY, opened_at INTEGER, amount INTEGER, currency TEXT, is_closed INTEGER NOT NULL
) STRICT;

-- The first note of each attempt; one without a provider's id says that it must not be made.
CREATE TABLE attempt_notes (id BLOB NOT NULL PRIMARY KEY, provider_id TEXT) STRICT;

-- The books of the sandbox. One of `reference` and `reason` has a final value; until then, `action` has one.
CREATE TABLE attempts (
    id BLOB NOT NULL PRIMARY KEY, reference TEXT, reason TEXT, action TEXT, amount INTEGER, currency TEXT
) STRICT;
CREATE TABLE refunds (
    attempt BLOB NOT NULL REFERENCES attempts (id), id BLOB NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (attempt, id)
) STRICT, WITHOUT ROWID;
