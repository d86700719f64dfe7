-- Progress of imports in batches, written by each batch in its own transaction: either both the batch and its progress are
-- stored, or neither. The row is deleted when the import ends; remaining rows are interrupted imports.
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
    'Progress of running and interrupted imports in batches.';
COMMENT ON COLUMN import_progress.digest IS
    'SHA-256 of the file, which identifies it.';
COMMENT ON COLUMN import_progress.file IS
    'File name, for display.';
COMMENT ON COLUMN import_progress.line IS
    'Line of the last row that was stored or refused.';
COMMENT ON COLUMN import_progress.added IS
    'Rows that created a product.';
COMMENT ON COLUMN import_progress.changed IS
    'Rows that changed a product.';
COMMENT ON COLUMN import_progress.unchanged IS
    'Rows that changed nothing.';
COMMENT ON COLUMN import_progress.refused IS
    'Refused rows, which the run that read them reported.';
COMMENT ON COLUMN import_progress.started_at IS
    'When the import started.';
COMMENT ON COLUMN import_progress.updated_at IS
    'When its last batch was stored.';
COMMENT ON CONSTRAINT import_progress_pkey ON import_progress IS
    'One import of a file at a time.';
