//! Discovered cameras taken into the configuration file of an edge box.

use std::path::Path;

use anyhow::{Context as _, bail};
use gridwatch_config::{ConfigError, SourceSettings, parse_edge_offline, read_text};

use super::snippet::CameraTable;
use crate::{edge_api::replace_file, output::say};

/// Appends those that the file does not have yet. A box that runs with it takes them in at once.
pub(super) fn append(path: &Path, tables: &[CameraTable]) -> anyhow::Result<()> {
    let text = read_text(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let invalid = |problems| ConfigError::Invalid { path: path.to_owned(), problems };
    let known = parse_edge_offline(&text, folder).map_err(invalid)?;
    let has = |table: &&CameraTable| {
        known.cameras.iter().any(|camera| {
            let sources = [Some(&camera.source), camera.main.as_ref()];
            camera.id.as_str() == table.id || sources.into_iter().flatten().any(|source| is_at(source, table))
        })
    };
    let new: Vec<&CameraTable> = tables.iter().filter(|table| !has(table)).collect();
    if new.is_empty() {
        say!("{}: has these cameras already, nothing was changed", path.display());
        return Ok(());
    }
    let mut changed = text.trim_end().to_owned();
    changed.push('\n');
    for table in &new {
        changed.push('\n');
        changed.push_str(&table.text);
    }
    if let Err(problems) = parse_edge_offline(&changed, folder) {
        bail!(
            "{} would not be usable with these cameras, so it was not changed:\n{problems}",
            path.display()
        );
    }
    replace_file(path, &changed).with_context(|| format!("replace {}", path.display()))?;
    let ids: Vec<&str> = new.iter().map(|table| table.id.as_str()).collect();
    say!("{}: taken in {}; they watch nothing until they are given zones", path.display(), ids.join(" "));
    Ok(())
}

/// Whether a source is the stream of that table, whatever its login.
fn is_at(source: &SourceSettings, table: &CameraTable) -> bool {
    let SourceSettings::Rtsp { url, .. } = source else { return false };
    url::Url::parse(url.reveal()).is_ok_and(|url| {
        (url.host_str(), url.port_or_known_default(), url.path(), url.query())
            == (table.url.host_str(), table.url.port_or_known_default(), table.url.path(), table.url.query())
    })
}
