-- Parts of the ledger that stand in files of their own.
CREATE TABLE segment (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    head BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    sealed_at INTEGER NOT NULL,
    newest_at INTEGER NOT NULL,
    dropped INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What is left of each of their receipts: its hash, and where its text stands in the file.
CREATE TABLE sealed (
    seq INTEGER PRIMARY KEY,
    content_hash BLOB NOT NULL,
    segment INTEGER NOT NULL REFERENCES segment,
    place INTEGER NOT NULL,
    length INTEGER NOT NULL
) STRICT;

-- Who forbids that any of them is dropped.
CREATE TABLE hold (
    name TEXT PRIMARY KEY,
    why TEXT,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
