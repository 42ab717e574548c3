//! What commands print.

/// Prints a line. Whoever reads our standard output may be gone, as with `gridwatch models list | head`: the work goes on.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}
pub(crate) use say;
