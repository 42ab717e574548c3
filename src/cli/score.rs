//! `gridwatch score`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gridwatch_domain::{CameraId, Timestamp};

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(crate) struct ScoreArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ScoreCommand>,
    #[command(flatten)]
    pub(crate) files: Option<ScoreFiles>,
}

/// What is held against what.
#[derive(Debug, Args)]
pub(crate) struct ScoreFiles {
    /// What was true: JSON of `gridwatch.truth/1`; docs/truth.md tells how to write it for footage of your own.
    #[arg(long)]
    pub(crate) truth: PathBuf,
    /// What was told: events as `gridwatch analyze` prints them, one a line; `-` for the standard input.
    #[arg(long)]
    pub(crate) events: PathBuf,
    /// What was observed in each analysed picture, one a line: with it bays and identities are judged, too.
    #[arg(long)]
    pub(crate) observations: Option<PathBuf>,
    /// The near passes that were told, as `gridwatch analyze --passes` writes them: judged where the truth has some.
    #[arg(long)]
    pub(crate) passes: Option<PathBuf>,
    /// The configuration that it was analysed with: zones of the truth that it does not have are told.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// When the first picture was taken, RFC 3339. Default: the truth's `start`, else 1970-01-01T00:00:00Z.
    #[arg(long)]
    pub(crate) start: Option<Timestamp>,
    /// Only what this camera tells. Needed where the files speak of several.
    #[arg(long)]
    pub(crate) camera: Option<CameraId>,
    /// Writes all of it as JSON: every figure, and every event with what became of it.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes a page that needs nothing beside it: time lines of truth and result, and the tables.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Fails where the analysis broke off, or anything is not as it should be: `events` missed, told twice, not true or of another severity,
    /// `times` out of tolerance (start, limit to alert, end), near `passes` missed, told twice or not true, where the truth has some and `--passes` is
    /// given. Alone it asks for all of them.
    #[arg(
        long,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        value_delimiter = ','
    )]
    pub(crate) require_perfect: Vec<Perfect>,
}

/// What must be as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Perfect {
    All,
    Events,
    Times,
    Passes,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScoreCommand {
    /// Prints the JSON Schema of a truth file: every key with its meaning, unit, range and default.
    Schema,
    /// Makes a truth file of one of the project's own ground truths of real footage, and a configuration with the zones that it speaks of.
    Convert(ConvertArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArguments {
    /// The ground truth, JSON.
    pub(crate) ground_truth: PathBuf,
    /// How long one may stand in its zones, in seconds, 1–3600: decides which stops are events.
    #[arg(long, default_value_t = 20.0, value_parser = limit)]
    pub(crate) limit_s: f64,
    /// Where the truth goes. Default: the standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Writes the configuration of an edge box that watches the footage, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// With the parking bays as zones of type `bay` in the configuration.
    #[arg(long)]
    pub(crate) bays: bool,
}

pub(crate) fn limit(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if (1.0..=3600.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(format!("{seconds}; expected 1 to 3600"))
    }
}
