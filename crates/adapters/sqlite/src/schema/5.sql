-- What names this file where it is moved to; and where that was, once all of it is there and nothing is served from here.
CREATE TABLE move (
    only INTEGER PRIMARY KEY CHECK (only = 1), id BLOB NOT NULL, moved_to TEXT
) STRICT;
