//! A file replaced in one step.

use std::{fs, io, io::Write as _, path::Path};

/// Puts `text` in place of a file: whoever reads it sees the old one or the new one, also after a power cut. What a link points to is
/// replaced, not the link; permissions and, as far as allowed, the owner stay.
///
/// # Errors
/// When the folder cannot be written, or the disk is full; the file is as it was.
pub(crate) fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let folder = path.parent().ok_or_else(|| io::Error::other("it has no folder"))?;
    let before = fs::metadata(&path)?;
    let mut file = tempfile::Builder::new().prefix(".gridwatch-").suffix(".toml").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(before.permissions())?;
    #[cfg(unix)]
    keep_owner(file.path(), &before);
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn keep_owner(path: &Path, before: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    if let Err(error) = std::os::unix::fs::chown(path, Some(before.uid()), Some(before.gid())) {
        tracing::debug!(%error, "the configuration file changes its owner");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_is_replaced_and_the_link_to_it_and_its_mode_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("real.toml"), folder.path().join("edge.toml"));
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("ours");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        replace_file(&link, "new").expect("replaced");
        assert_eq!(fs::read_to_string(&file).expect("there"), "new");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("ours").count(), 2, "nothing is left beside it");
    }
}
