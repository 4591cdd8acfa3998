-- Facts a person accepted; mac authenticates kind, key and value with the vault's key.
CREATE TABLE sealed (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, mac BLOB NOT NULL, PRIMARY KEY (kind, key)) STRICT;
-- Which id belongs to which name of config.json, so that a rename keeps it.
CREATE TABLE server_ids (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE, digest TEXT NOT NULL) STRICT;
-- Names of secrets only; the values are in the keychain.
CREATE TABLE secrets (name TEXT PRIMARY KEY, chars INTEGER NOT NULL, set_at INTEGER NOT NULL, used_at INTEGER) STRICT;
CREATE TABLE listings (server_id TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
CREATE TABLE proposals (id TEXT PRIMARY KEY, at INTEGER NOT NULL, asked_from TEXT NOT NULL, what TEXT NOT NULL, before TEXT, after TEXT NOT NULL, apply TEXT NOT NULL) STRICT;
-- What was written into files of AI clients, newest last; backup names a file under backups/.
CREATE TABLE written (id INTEGER PRIMARY KEY AUTOINCREMENT, client TEXT NOT NULL, path TEXT NOT NULL, entry TEXT NOT NULL, action TEXT NOT NULL, hash_before TEXT, hash_after TEXT, backup TEXT, at INTEGER NOT NULL) STRICT;
CREATE INDEX written_by_client ON written (client, id);
-- What was about to be written: what remains after a crash is settled at the next start.
CREATE TABLE intents (id INTEGER PRIMARY KEY AUTOINCREMENT, client TEXT NOT NULL, path TEXT NOT NULL, entry TEXT NOT NULL, action TEXT NOT NULL, hash_before TEXT, hash_after TEXT, backup TEXT, at INTEGER NOT NULL) STRICT;
CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
