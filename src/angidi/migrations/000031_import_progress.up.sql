-- How far an import in batches has come, written by each batch in its own transaction: so a batch is stored and noted,
-- or neither. The row goes when the import has ended; what stays is what was interrupted.
CREATE TABLE import_progress (
    digest     bytea NOT NULL,
    file       text NOT NULL,
    line       bigint NOT NULL,
    added      bigint NOT NULL DEFAULT 0,
    changed    bigint NOT NULL DEFAULT 0,
    unchanged  bigint NOT NULL DEFAULT 0,
    refused    bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT import_progress_pkey PRIMARY KEY (digest)
);

COMMENT ON TABLE import_progress IS
    'Imports in batches that are under way or were interrupted: how far each is stored.';
COMMENT ON COLUMN import_progress.digest IS
    'The SHA-256 of the file, by which it is known again.';
COMMENT ON COLUMN import_progress.file IS
    'The name of the file, for people.';
COMMENT ON COLUMN import_progress.line IS
    'The line of the last row that was stored or refused; the rows behind it are still to come.';
COMMENT ON COLUMN import_progress.added IS
    'Rows that made a product.';
COMMENT ON COLUMN import_progress.changed IS
    'Rows that changed a product.';
COMMENT ON COLUMN import_progress.unchanged IS
    'Rows that changed nothing.';
COMMENT ON COLUMN import_progress.refused IS
    'Rows that were refused, and reported by the run that read them.';
COMMENT ON COLUMN import_progress.started_at IS
    'When the import was begun.';
COMMENT ON COLUMN import_progress.updated_at IS
    'When its last batch was stored.';
COMMENT ON CONSTRAINT import_progress_pkey ON import_progress IS
    'One import of a file at a time.';
