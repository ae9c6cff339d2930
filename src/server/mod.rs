//! The embedded API: an axum router over one `SQLite` file.
