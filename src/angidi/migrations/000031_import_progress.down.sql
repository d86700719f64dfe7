-- squawk-ignore-file ban-drop-table
DROP TABLE import_progress;
