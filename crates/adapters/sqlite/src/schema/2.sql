-- What sellers are called, as their accounts last said.
CREATE TABLE sellers (
    id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, token INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
