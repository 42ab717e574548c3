//! Bars on standard error that show how far a command is; nothing where that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `length` steps, named `what`.
pub(super) fn steps(what: &str, length: usize) -> ProgressBar {
    bar(what, length as u64, "{msg} {wide_bar} {pos}/{len}, {eta} left")
}

fn bar(what: &str, length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("templates are literals of this file");
    ProgressBar::new(length).with_style(style).with_message(what.to_owned())
}
