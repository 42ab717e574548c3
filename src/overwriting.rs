//! Files that a command may not write over.

use std::path::{Path, PathBuf};

use anyhow::bail;

/// Fails where a result would take the place of what is read, or of another result: recordings are evidence, and truths are labelled by hand.
/// Each with the name of the option, or of what it is.
pub(crate) fn refuse<'a>(
    read: impl IntoIterator<Item = (&'static str, Option<&'a Path>)>,
    written: impl IntoIterator<Item = (&'static str, Option<&'a Path>)>,
) -> anyhow::Result<()> {
    let named = |(option, path): (&'static str, Option<&Path>)| Some((option, identity(path?)?));
    let mut known: Vec<(&str, PathBuf)> = read.into_iter().filter_map(named).collect();
    for (option, file) in written.into_iter().filter_map(named) {
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == file) {
            bail!("{option} and {other} name the same file, {}: name another one", file.display());
        }
        known.push((option, file));
    }
    Ok(())
}

/// A file's own path, however it is named; `None` for what is no file, such as `/dev/null`.
fn identity(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return real.is_file().then_some(real);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_use() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("truth.json"), "{}").expect("it is writable");
        std::os::unix::fs::symlink(file("truth.json"), file("link")).expect("it is writable");
        let check = |read: &str, html: &str, json: &str| {
            let (read, html, json) = (file(read), file(html), file(json));
            refuse([("--truth", Some(read.as_path()))], [("--html", Some(&*html)), ("--json", Some(&*json))])
        };
        assert!(check("truth.json", "a.html", "a.json").is_ok());
        for (html, json, options) in [
            ("truth.json", "a.json", "--html and --truth"),
            ("link", "a.json", "--html and --truth"),
            ("a", "a", "--json and --html"),
        ] {
            let error = check("truth.json", html, json).expect_err("refused").to_string();
            assert!(error.starts_with(options), "{error}");
        }
        let nothing = Path::new("/dev/null");
        assert!(refuse([("--truth", Some(nothing))], [("--html", Some(nothing)), ("--json", None)]).is_ok());
    }
}
