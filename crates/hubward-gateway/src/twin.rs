//! The twin of a hub for development: nothing was written to it.

/// The twin of a device or a module.
pub(crate) const EMPTY_TWIN: &str = r#"{"desired":{"$version":1},"reported":{"$version":1}}"#;
