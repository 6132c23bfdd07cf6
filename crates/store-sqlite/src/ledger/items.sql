-- Items of approved batches that were used, each once.
CREATE TABLE item_claim (
    request TEXT NOT NULL REFERENCES request,
    item INTEGER NOT NULL CHECK (item >= 0),
    claim TEXT NOT NULL UNIQUE REFERENCES claim,
    PRIMARY KEY (request, item)
) STRICT, WITHOUT ROWID;
