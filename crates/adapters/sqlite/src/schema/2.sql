-- For how long nobody followed the topic in this group while the file was open, in milliseconds; and how many events the
-- log gave up then that the group had not settled.
ALTER TABLE places ADD COLUMN idle INTEGER NOT NULL DEFAULT 0;
ALTER TABLE places ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
