//! The description of the API.

/// The document, as `openapi/ambient.json` has it; a test keeps it in step with the routes.
pub const DOCUMENT: &str = include_str!("../../openapi/ambient.json");
