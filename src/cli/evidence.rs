//! `gridwatch evidence`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Where evidence is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct EvidencePlace {
    /// The configuration file of the edge box.
    #[arg(long, short)]
    pub(crate) config: Option<PathBuf>,
    /// The folder itself: `evidence` in the box's state folder, or a copy of it.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Proves that nothing was altered, removed or put in: the chain of the log, and every file against it. Fails if anything was.
    Verify {
        #[command(flatten)]
        place: EvidencePlace,
        /// A hash that was noted before, as this command prints it: proves that the log was not cut off or exchanged since.
        #[arg(long)]
        noted: Option<gridwatch_domain::Sha256Hex>,
        /// A file, such as a copy that is shown in a dispute: proves that it is one of those that were kept, and tells what it shows.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Lists what is kept, newest last.
    List {
        #[command(flatten)]
        place: EvidencePlace,
        /// Only what shows this event.
        #[arg(long)]
        event: Option<gridwatch_domain::EventId>,
        /// Only what this camera sent.
        #[arg(long)]
        camera: Option<gridwatch_domain::CameraId>,
        /// As JSON, one a line.
        #[arg(long)]
        json: bool,
    },
    /// Makes the files of an event stay, whatever their age and size. The box must not be running.
    Protect {
        #[command(flatten)]
        place: EvidencePlace,
        /// The event.
        event: gridwatch_domain::EventId,
    },
    /// Lets the files of an event go with time again. The box must not be running.
    Release {
        #[command(flatten)]
        place: EvidencePlace,
        /// The event.
        event: gridwatch_domain::EventId,
    },
}
