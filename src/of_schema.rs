//! Lines of files that name their schema.

use serde::Serialize;

/// What is told as a JSON object of a schema, which comes first.
#[derive(Serialize)]
pub(crate) struct OfSchema<'v, T> {
    schema: &'static str,
    #[serde(flatten)]
    value: &'v T,
}

impl<'v, T> OfSchema<'v, T> {
    /// `value` must be an object.
    pub(crate) fn new(schema: &'static str, value: &'v T) -> Self {
        Self { schema, value }
    }
}
