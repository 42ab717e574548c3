//! Puts tables and heat maps into the repository's documents, between marks.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use super::{heat, report::Report, sheets};

const DOCUMENT: &str = "accuracy.md";
const PICTURE: &str = "images/accuracy.svg";
const BEGIN: &str = "<!-- tables: begin -->";
const END: &str = "<!-- tables: end -->";

/// Writes both into a folder of documents.
pub(super) fn write(report: &Report, folder: &Path) -> anyhow::Result<()> {
    let document = folder.join(DOCUMENT);
    let text = fs::read_to_string(&document).with_context(|| format!("read {}", document.display()))?;
    let text =
        with_tables(&text, &sheets::markdown(report)).with_context(|| format!("{}", document.display()))?;
    fs::write(&document, text).with_context(|| format!("write {}", document.display()))?;
    if !report.matrix.is_empty() {
        let picture = folder.join(PICTURE);
        fs::write(&picture, heat::svg(report)).with_context(|| format!("write {}", picture.display()))?;
    }
    Ok(())
}

/// What stands between the marks goes.
fn with_tables(text: &str, tables: &str) -> anyhow::Result<String> {
    let (Some((before, rest)), Some((_, after))) = (text.split_once(BEGIN), text.split_once(END)) else {
        bail!("expected {BEGIN} and {END}");
    };
    if !rest.contains(END) {
        bail!("{END} comes before {BEGIN}");
    }
    let picture = format!("![Recall, precision, F1 and start by scene, condition and rate]({PICTURE})");
    Ok(format!("{before}{BEGIN}\n\n{picture}\n\n{}\n\n{END}{after}", tables.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let text = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = with_tables(&text, "new\n").expect("it has both marks");
        assert!(
            once.starts_with(&format!("before\n{BEGIN}\n\n!["))
                && once.ends_with(&format!("new\n\n{END}\nafter\n"))
        );
        assert!(!once.contains("old"));
        assert_eq!(with_tables(&once, "new").expect("again"), once);
        assert!(
            with_tables("nothing", "new").is_err() && with_tables(&format!("{END}{BEGIN}"), "new").is_err()
        );
    }
}
