//! `gridwatch evidence verify|list|protect|release`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use comfy_table::{Table, presets};
use gridwatch_alert::{Archive, ArchiveError, Listed, list, sha256_of, verify};
use gridwatch_config::{EvidenceSettings, load_edge_offline};
use gridwatch_domain::{EventId, Sha256Hex};
use gridwatch_runtime::{Metrics, SystemClock};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cli::{EvidenceCommand, EvidencePlace},
    edge,
    output::say,
};

/// Findings that are printed; of more the number says enough.
const SHOWN: usize = 50;

pub(crate) fn run(command: EvidenceCommand) -> anyhow::Result<()> {
    match command {
        EvidenceCommand::Verify { place, noted, file } => {
            let folder = Place::find(&place)?.folder;
            prove(&folder, noted.as_ref())?;
            file.map_or(Ok(()), |file| prove_file(&folder, &file))
        }
        EvidenceCommand::List { place, event, camera, json } => {
            let folder = Place::find(&place)?.folder;
            let mut all = list(&folder)?;
            all.retain(|one| event.is_none_or(|event| one.kept.event == Some(event)));
            all.retain(|one| camera.as_ref().is_none_or(|camera| one.kept.camera == *camera));
            show(&all, json)
        }
        EvidenceCommand::Protect { place, event } => protect(&place, event, true),
        EvidenceCommand::Release { place, event } => protect(&place, event, false),
    }
}

struct Place {
    folder: PathBuf,
    /// How long it is kept, where the configuration tells.
    settings: Option<EvidenceSettings>,
}

impl Place {
    fn find(place: &EvidencePlace) -> anyhow::Result<Self> {
        let found = match (&place.config, &place.folder) {
            (Some(config), _) => {
                let settings = load_edge_offline(config)?;
                Self { folder: settings.state_dir.join(edge::EVIDENCE), settings: Some(settings.evidence) }
            }
            (None, Some(folder)) => Self { folder: folder.clone(), settings: None },
            (None, None) => bail!("expected --config FILE or --folder FOLDER"),
        };
        if !found.folder.join("log").is_dir() {
            bail!(
                "{}: no evidence there; the box has not run yet, or it is another folder",
                found.folder.display()
            );
        }
        Ok(found)
    }
}

fn prove(folder: &Path, noted: Option<&Sha256Hex>) -> anyhow::Result<()> {
    let template = "verifying {wide_bar} {bytes}/{total_bytes}, {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is a literal of this file");
    let bar = ProgressBar::new(0).with_style(style);
    let verified = verify(folder, noted, &mut |so_far, all| {
        bar.set_length(all);
        bar.set_position(so_far);
    })?;
    bar.finish_and_clear();
    for finding in verified.findings.iter().take(SHOWN) {
        say!("{finding}");
    }
    let mib = verified.bytes as f64 / f64::from(1 << 20);
    say!("files      {} as they were ({mib:.1} MiB), {} removed with time", verified.files, verified.removed);
    say!("log        {} entries", verified.head.n);
    say!("head       {}", verified.head.hash);
    match verified.findings.len() {
        0 => {
            say!(
                "Nothing was altered. 未被改动。Note the head elsewhere: with --noted it proves later that all this was there today."
            );
            Ok(())
        }
        count => bail!("{count} {} not as it was", if count == 1 { "thing is" } else { "things are" }),
    }
}

fn prove_file(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let sha256 = sha256_of(file).with_context(|| format!("read {}", file.display()))?;
    let all = list(folder)?;
    let Some(listed) = all.iter().find(|one| one.kept.sha256 == sha256) else {
        bail!(
            "{}: no file of this content is kept: it was altered, was removed with time, or comes from elsewhere",
            file.display()
        );
    };
    say!("{} is as it was kept:", file.display());
    show(std::slice::from_ref(listed), false)
}

fn show(all: &[Listed], json: bool) -> anyhow::Result<()> {
    if json {
        for listed in all {
            say!("{}", serde_json::to_string(listed)?);
        }
        return Ok(());
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["from", "s", "camera", "what", "event", "stays", "KiB", "sha256"]);
    for Listed { kept, protected } in all {
        let seconds = kept.until.seconds_since(kept.from);
        let event = match (kept.kind, kept.event) {
            (Some(kind), Some(event)) => format!("{kind} {event}"),
            _ => String::new(),
        };
        table.add_row([
            kept.from.to_string(),
            if seconds > 0.0 { format!("{seconds:.0}") } else { String::new() },
            kept.camera.to_string(),
            kept.media.as_str().to_owned(),
            event,
            if *protected { "yes".to_owned() } else { String::new() },
            kept.bytes.div_ceil(1024).to_string(),
            kept.sha256.to_string(),
        ]);
    }
    say!("{table}");
    Ok(())
}

fn protect(place: &EvidencePlace, event: EventId, stays: bool) -> anyhow::Result<()> {
    let Place { folder, settings } = Place::find(place)?;
    let Some(settings) = settings else {
        bail!("expected --config FILE: a copy of evidence needs no protection");
    };
    let archive =
        match Archive::open(&folder, edge::retention(&settings), SystemClock::shared(), &Metrics::new()) {
            Err(error @ ArchiveError::Locked { .. }) => {
                return Err(error).context("stop the box first, or ask it over its API");
            }
            opened => opened?,
        };
    let files = archive.of_event(event).len();
    if files == 0 {
        bail!("{event}: no files of this event are kept; `gridwatch evidence list` shows what there is");
    }
    archive.protect(event, stays)?;
    say!("{files} files of {event} {}", if stays { "stay from now on" } else { "may go with time" });
    Ok(())
}
