-- Sessions, by what is left of their names under the ledger's secret. What stood in clear among the
-- names is moved here when the file is opened: it takes the secret, which is no matter of SQL.
CREATE TABLE session (
    name BLOB PRIMARY KEY CHECK (length(name) = 32),
    id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
