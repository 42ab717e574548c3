//! Where results go: events, observations, near passes, a video.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use gridwatch_config::EdgeSettings;
use gridwatch_domain::{
    Event, NEAR_PASS_SCHEMA, NearPass,
    wire::{EventMessage, Message as _},
};
use serde::Serialize;
use serde_json::json;

use super::{
    Summary,
    observe::Observation,
    render::{Renderer, Seen},
};
use crate::{cli::AnalyzeArguments, of_schema::OfSchema, overwriting};

/// Schema of the line that ends partial results.
const PARTIAL: &str = "gridwatch.analysis/1";

/// Lines of JSON, into a file or to standard output.
struct Lines {
    path: Option<PathBuf>,
    out: Box<dyn Write>,
}

/// All that results go to.
pub(crate) struct Outputs {
    events: Lines,
    observations: Option<Lines>,
    passes: Option<Lines>,
    video: Option<(PathBuf, Renderer)>,
    seq: u64,
}

/// Files that results go to: events, observations and near passes.
#[cfg(feature = "embedded-broker")] // for `bench accuracy`
#[derive(Debug, Clone)]
pub(crate) struct ResultFiles {
    pub(crate) events: PathBuf,
    pub(crate) observations: PathBuf,
    pub(crate) passes: PathBuf,
}

#[cfg(feature = "embedded-broker")] // for `bench accuracy`
impl ResultFiles {
    /// In a folder, under their usual names.
    pub(crate) fn within(folder: &Path) -> Self {
        let file = |name: &str| folder.join(name);
        Self {
            events: file("events.jsonl"),
            observations: file("observations.jsonl"),
            passes: file("passes.jsonl"),
        }
    }
}

/// Fails where a result would take the place of what is read, or of another result.
pub(super) fn refuse_overwriting(arguments: &AnalyzeArguments) -> anyhow::Result<()> {
    let read = [("--input", Some(arguments.input.as_path())), ("--config", Some(&*arguments.config))];
    let written = [
        ("--events", arguments.events.as_deref()),
        ("--observations", arguments.observations.as_deref()),
        ("--passes", arguments.passes.as_deref()),
        ("--render", arguments.render.as_deref()),
    ];
    overwriting::refuse(read, written)
}

/// Fails where a video would be written under the name of another form.
pub(super) fn refuse_other_forms(render: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = render else { return Ok(()) };
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    if ending.is_none_or(|ending| ending != "mp4") {
        bail!("--render {}: the video is an MP4, expected a name that ends in .mp4", path.display());
    }
    Ok(())
}

impl Outputs {
    pub(super) fn create(arguments: &AnalyzeArguments, settings: &EdgeSettings) -> anyhow::Result<Self> {
        let events = match &arguments.events {
            Some(path) => Lines::create(path)?,
            None => Lines { path: None, out: Box::new(BufWriter::new(io::stdout())) },
        };
        let observations = arguments.observations.as_deref().map(Lines::create).transpose()?;
        let passes = arguments.passes.as_deref().map(Lines::create).transpose()?;
        let render = |path: &PathBuf| {
            let renderer = Renderer::create(path, settings, arguments.start, arguments.language);
            renderer.map(|renderer| (path.clone(), renderer))
        };
        let video = arguments.render.as_ref().map(render).transpose()?;
        Ok(Self { events, observations, passes, video, seq: 0 })
    }

    /// All but a video, into files.
    #[cfg(feature = "embedded-broker")] // for `bench accuracy`
    pub(super) fn of_files(files: &ResultFiles) -> anyhow::Result<Self> {
        let observations = Some(Lines::create(&files.observations)?);
        let passes = Some(Lines::create(&files.passes)?);
        Ok(Self { events: Lines::create(&files.events)?, observations, passes, video: None, seq: 0 })
    }

    /// What one picture led to.
    pub(super) fn take(&mut self, seen: &Seen<'_>) -> anyhow::Result<()> {
        for event in &seen.analysed.events {
            let message = self.message(event.clone());
            self.events.put_raw(&message.to_json())?;
        }
        self.take_passes(&seen.analysed.passes)?;
        if let Some(lines) = &mut self.observations {
            lines.put(&Observation::of(seen.frame, seen.state, seen.analysed.is_relied_on))?;
        }
        if let Some((_, renderer)) = &mut self.video {
            renderer.take(seen)?;
        }
        Ok(())
    }

    /// Near passes that are over.
    pub(super) fn take_passes(&mut self, passes: &[NearPass]) -> anyhow::Result<()> {
        match &mut self.passes {
            Some(lines) => {
                passes.iter().try_for_each(|pass| lines.put(&OfSchema::new(NEAR_PASS_SCHEMA, pass)))
            }
            None => Ok(()),
        }
    }

    /// As the event would travel, published when it became true: the same file gives the same bytes.
    fn message(&mut self, event: Event) -> EventMessage {
        self.seq += 1;
        EventMessage { published_at: event.at, event, seq: self.seq }
    }

    /// All has been said; partial results are marked by a last line.
    pub(super) fn finish(&mut self, summary: &Summary) -> anyhow::Result<()> {
        let flaws: Vec<String> = summary.flaws.iter().map(ToString::to_string).collect();
        let partial =
            json!({ "schema": PARTIAL, "complete": false, "seconds": summary.seconds, "flaws": flaws });
        for lines in [&mut self.events].into_iter().chain(&mut self.observations).chain(&mut self.passes) {
            if !summary.is_complete {
                lines.put(&partial)?;
            }
            lines.flush()?;
        }
        if let Some((path, renderer)) = self.video.take()
            && !renderer.finish(Duration::from_secs_f64(summary.seconds))?
        {
            eprintln!("{}: no picture was analysed, so there is no video", path.display());
        }
        Ok(())
    }
}

impl Lines {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self { path: Some(path.to_owned()), out: Box::new(BufWriter::new(file)) })
    }

    fn put(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let line = serde_json::to_vec(value).context("write JSON")?;
        self.put_raw(&line)
    }

    fn put_raw(&mut self, line: &[u8]) -> anyhow::Result<()> {
        // At once: whoever kills it keeps what was told.
        let written =
            self.out.write_all(line).and_then(|()| self.out.write_all(b"\n")).and_then(|()| self.out.flush());
        self.checked(written)
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let flushed = self.out.flush();
        self.checked(flushed)
    }

    /// Whoever reads our standard output may be gone, as with `| head`: the work goes on.
    fn checked(&self, outcome: io::Result<()>) -> anyhow::Result<()> {
        match (&self.path, outcome) {
            (None, Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            (None, outcome) => outcome.context("write to standard output"),
            (Some(path), outcome) => outcome.with_context(|| format!("write {}", path.display())),
        }
    }
}
