-- Most writes of a ticket are its sales, so they lie in columns of their own, with what is told of a ticket beside them.
-- Unlike the other columns, the sales are read back: the record has none.
ALTER TABLE listings ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN sold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN sales_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN called_off INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN currency TEXT NOT NULL DEFAULT '';
ALTER TABLE listings ADD COLUMN quantity INTEGER NOT NULL DEFAULT 0;
-- A record that cannot be read stays as it is.
UPDATE listings SET
    held = CAST(coalesce(record ->> '$.sales.held', 0) AS INTEGER),
    sold = CAST(coalesce(record ->> '$.sales.sold', 0) AS INTEGER),
    sales_version = CAST(coalesce(record ->> '$.sales.version', 0) AS INTEGER),
    version = CAST(coalesce(record ->> '$.version', 0) AS INTEGER),
    called_off = CAST(coalesce(record ->> '$.called_off', 0) AS INTEGER),
    currency = CAST(coalesce(record ->> '$.offer.price.currency', '') AS TEXT),
    quantity = CAST(coalesce(record ->> '$.offer.quantity', 0) AS INTEGER),
    record = json_remove(record, '$.sales')
WHERE json_valid(record);
