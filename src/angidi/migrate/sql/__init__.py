"""SQL text: lexing, statements, how a file can be run."""
