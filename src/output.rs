//! What commands print.

/// Prints a line. Whoever reads our standard output may be gone, as with `gridwatch models list | head`: the work goes on.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}
pub(crate) use say;

/// What is told as a JSON object of a schema, which comes first.
#[derive(serde::Serialize)]
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
