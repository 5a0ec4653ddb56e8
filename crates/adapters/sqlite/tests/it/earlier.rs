//! Files as earlier releases left them.

use std::path::Path;

use rusqlite::Connection;

/// What takes back each step of the schema behind the first.
const BACK: [&str; 5] = [
    "ALTER TABLE places DROP COLUMN idle; ALTER TABLE places DROP COLUMN missed;",
    "DROP TABLE sellers; UPDATE listings SET record = json_remove(record, '$.seller_name');",
    "DROP TABLE alert_handles; DROP TABLE alerts; DROP TABLE alert_entries;
     UPDATE letters SET record = json_remove(record, '$.alert', '$.left_out');",
    "DROP TABLE move;",
    "UPDATE listings SET record = json_set(record, '$.sales', json_object('held', held, 'sold', sold, 'version', sales_version))
         WHERE json_valid(record);
     ALTER TABLE listings DROP COLUMN held; ALTER TABLE listings DROP COLUMN sold;
     ALTER TABLE listings DROP COLUMN sales_version; ALTER TABLE listings DROP COLUMN version;
     ALTER TABLE listings DROP COLUMN called_off; ALTER TABLE listings DROP COLUMN currency;
     ALTER TABLE listings DROP COLUMN quantity;",
];

/// Makes a closed file one of the release that knew this version of the schema, and leaves it open.
pub(crate) fn bring_back(path: &Path, version: u8) -> Connection {
    let file = Connection::open(path).expect("it opens");
    for step in BACK.iter().skip(usize::from(version) - 1).rev() {
        file.execute_batch(step).expect("the step was taken");
    }
    file.pragma_update(None, "user_version", version).expect("it is marked");
    file
}
