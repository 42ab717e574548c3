//! The command line. Its help is the short manual.

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
mod accuracy;
#[cfg(feature = "edge")]
mod analyze;
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
mod bench;
#[cfg(feature = "edge")]
mod cameras;
#[cfg(feature = "edge")]
mod evidence;
#[cfg(feature = "edge")]
mod models;
#[cfg(feature = "edge")]
mod passes;
mod score;
#[cfg(feature = "edge")]
mod simulate;
#[cfg(feature = "edge")]
mod zones;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::score::*;
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
pub(crate) use self::{accuracy::*, bench::*};
#[cfg(feature = "edge")]
pub(crate) use self::{analyze::*, cameras::*, evidence::*, models::*, passes::*, simulate::*, zones::*};
use crate::logging::LogLevel;

/// Neighbourhood cameras as a governance tool: parking disorder noticed, told, dealt with, published.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs everything on this machine, with simulated cameras, and prints the address to open.
    #[cfg(all(feature = "edge", feature = "center", feature = "embedded-broker"))]
    Demo(DemoArguments),
    /// Runs an edge box: cameras in, alerts out.
    #[cfg(feature = "edge")]
    Edge(ConfigFile),
    /// Runs a monitoring center: alerts in, pages out.
    #[cfg(feature = "center")]
    Center(ConfigFile),
    /// Finds the events in a recorded file, as fast as this machine goes, by the way that a live camera's pictures go.
    #[cfg(feature = "edge")]
    Analyze(AnalyzeArguments),
    /// Checks configuration files and prints what they may hold.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Shows what is watched in the cameras' pictures.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Zones(ZonesCommand),
    /// Lists, inspects, imports, fetches, measures and quantises detector networks.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Proves, lists and protects the evidence that an edge box keeps: pictures, clips and recordings.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Tells who came close to parked vehicles, such as to one that was scratched at night, as an edge box has kept it.
    #[cfg(feature = "edge")]
    Passes(Box<PassesArguments>),
    /// Looks for cameras on the network.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Cameras(CamerasCommand),
    /// Holds events against what was true: found, missed, false and doubled ones, and how late they are.
    Score(Box<ScoreArguments>),
    /// Renders simulated cameras, and serves them over RTSP.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Finds how many cameras this machine holds, how well, and what runs out first; writes a report, or compares two.
    #[cfg(all(feature = "edge", feature = "embedded-broker"))]
    Bench(Box<BenchArguments>),
    /// The processes of a measurement, for `bench`.
    #[cfg(all(feature = "edge", feature = "embedded-broker"))]
    #[command(subcommand, hide = true)]
    BenchPart(BenchPart),
}

impl Command {
    /// What it logs unless the user says.
    pub(crate) fn log_level(&self) -> LogLevel {
        match self {
            #[cfg(all(feature = "edge", feature = "center", feature = "embedded-broker"))]
            Self::Demo(_) => LogLevel::Warnings,
            #[cfg(feature = "edge")]
            Self::Edge(_) => LogLevel::All,
            #[cfg(feature = "center")]
            Self::Center(_) => LogLevel::All,
            Self::Config(_) | Self::Score(_) => LogLevel::Warnings,
            #[cfg(feature = "edge")]
            Self::Models(_) | Self::Analyze(_) | Self::Zones(_) => LogLevel::WarningsButCameras,
            #[cfg(feature = "edge")]
            Self::Cameras(_) | Self::Evidence(_) | Self::Passes(_) | Self::Simulate(_) => LogLevel::Warnings,
            #[cfg(all(feature = "edge", feature = "embedded-broker"))]
            Self::Bench(_) | Self::BenchPart(_) => LogLevel::Warnings,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// The configuration file; examples are in config/examples/.
    #[arg(long, short)]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Reports every problem of a file at once, each with its key path; and warns of zones that cannot work.
    Check {
        /// The file of an edge box or a center.
        file: PathBuf,
        /// A folder for a drawing of what each camera watches, as `zones draw` makes it.
        #[cfg(feature = "edge")]
        #[arg(long)]
        draw: Option<PathBuf>,
    },
    /// Prints the JSON Schema of a kind of file: every key with its meaning, unit, range and default.
    Schema {
        /// Which kind of file.
        kind: FileKind,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FileKind {
    /// `gridwatch edge`.
    Edge,
    /// `gridwatch center`.
    Center,
}

#[cfg(all(feature = "edge", feature = "center", feature = "embedded-broker"))]
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) scenes: SceneArguments,
    /// Address for the pages. Default: 127.0.0.1:8080, or a free port where that one is taken.
    #[arg(long)]
    pub(crate) listen: Option<std::net::SocketAddr>,
    /// Folder for outbox and store; what is in it is kept and shown again at the next start.
    #[arg(long, default_value = "state/demo")]
    pub(crate) state: PathBuf,
}
