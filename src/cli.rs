//! The command line. Its help is the short manual.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
#[cfg(feature = "edge")]
use gridwatch_detect::Provider;
#[cfg(feature = "edge")]
use gridwatch_models::DownloadUrl;

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
use crate::bench_command::{CodecName, Targets};
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
    /// Checks configuration files and prints what they may hold.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Lists, inspects, imports, fetches, measures and quantises detector networks.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Proves, lists and protects the evidence that an edge box keeps: pictures, clips and recordings.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Looks for cameras on the network.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Cameras(CamerasCommand),
    /// Renders simulated cameras, and serves them over RTSP.
    #[cfg(feature = "edge")]
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Finds how many cameras this machine holds, how well, and what runs out first; writes a report, or compares two.
    #[cfg(all(feature = "edge", feature = "embedded-broker"))]
    Bench(BenchArguments),
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
            Self::Config(_) => LogLevel::Warnings,
            #[cfg(feature = "edge")]
            Self::Models(_) => LogLevel::WarningsButCameras,
            #[cfg(feature = "edge")]
            Self::Cameras(_) | Self::Evidence(_) | Self::Simulate(_) => LogLevel::Warnings,
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
    /// Reports every problem of a file at once, each with its key path.
    Check {
        /// The file of an edge box or a center.
        file: PathBuf,
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

#[cfg(feature = "edge")]
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Lists the networks that gridwatch ships, or those in a folder.
    List {
        /// A folder of networks, one folder each.
        folder: Option<PathBuf>,
    },
    /// Shows what a network is, how it is fed and read, how long it takes, and what it sees in a picture.
    Inspect(InspectArguments),
    /// Takes an ONNX file in: works out how it is fed and read, and writes its manifest.
    Import(ImportArguments),
    /// Fetches the file of a network whose manifest says where it is.
    Pull(PullArguments),
    /// Measures networks on labelled pictures: average precision and time, as a table, a file and a plot.
    Evaluate(EvaluateArguments),
    /// Makes a network of 8-bit numbers out of one of 32-bit ones, and tells what that changes in quality and speed.
    Quantize(QuantizeArguments),
}

#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// An ONNX file, a manifest, the folder of one, or the name of a shipped network.
    pub(crate) network: PathBuf,
    /// Looks for objects in this picture, or in the first one of a video.
    #[arg(long)]
    pub(crate) image: Option<PathBuf>,
    /// Where the picture with its boxes goes, as JPEG.
    #[arg(long, default_value = "inspected.jpg", requires = "image")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) recognition: Recognition,
}

#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The ONNX file.
    pub(crate) file: PathBuf,
    /// Name of the network. Default: the file's.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Folder of networks; the network gets a folder of its own in it.
    #[arg(long, default_value = "networks")]
    pub(crate) into: PathBuf,
    /// SPDX identifier of the licence that the weights are under.
    #[arg(long, default_value = "unknown")]
    pub(crate) licence: String,
    #[command(flatten)]
    pub(crate) recognition: Recognition,
}

#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct PullArguments {
    /// A network that `gridwatch models list` marks, a manifest, or the folder of one.
    pub(crate) network: PathBuf,
    /// Another address of the same file, such as a mirror's.
    #[arg(long)]
    pub(crate) from: Option<DownloadUrl>,
    /// Folder of networks; the network gets a folder of its own in it. Default: beside its manifest where it has one, else
    /// networks/.
    #[arg(long)]
    pub(crate) into: Option<PathBuf>,
}

#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// ONNX files, manifests, folders of one, names of shipped networks or of folders in networks/. Several are compared.
    #[arg(required = true)]
    pub(crate) networks: Vec<PathBuf>,
    /// Folder with `labels.jsonl` and `images/`, as `gridwatch simulate dataset` writes it.
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Folder for evaluation.json and evaluation.svg. Default: that of the network where it is one, else the current one.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Writes the tables as Markdown, too.
    #[arg(long)]
    pub(crate) markdown: Option<PathBuf>,
    /// Execution providers of ONNX Runtime to be timed, parted by commas: tensorrt, cuda, openvino, cpu; boxes are those of
    /// the first. Default: all that the library has.
    #[arg(long, value_delimiter = ',')]
    pub(crate) provider: Vec<Provider>,
    /// Boxes of a lower score are not looked at, 0–1.
    #[arg(long, default_value_t = 0.01)]
    pub(crate) score: f32,
    /// Objects that are narrower or lower, in pixels of a picture fitted into 640x384, are neither wanted nor wrong.
    #[arg(long, default_value = "3x6")]
    pub(crate) smallest: InputSize,
    /// How often each network is timed; 0 leaves that out.
    #[arg(long, default_value_t = 60)]
    pub(crate) runs: usize,
    #[command(flatten)]
    pub(crate) recognition: Recognition,
}

#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct QuantizeArguments {
    /// An ONNX file, a manifest, the folder of one, or the name of a shipped network or of a folder in networks/.
    pub(crate) network: PathBuf,
    /// Folder of pictures such as the network will see; with `labels.jsonl` in it quality is measured, else how far both
    /// networks agree. Every second picture calibrates, the others measure.
    #[arg(long)]
    pub(crate) images: PathBuf,
    /// Folder of networks; the new network gets a folder of its own in it.
    #[arg(long, default_value = "networks")]
    pub(crate) into: PathBuf,
    /// Name of the new network. Default: the old one's with -int8.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Most pictures to calibrate with.
    #[arg(long, default_value_t = 100)]
    pub(crate) calibrate: usize,
    /// How often both networks are timed.
    #[arg(long, default_value_t = 60)]
    pub(crate) runs: usize,
    /// The Python with numpy, onnx and onnxruntime.
    #[arg(long, default_value = "python3", env = "GRIDWATCH_PYTHON")]
    pub(crate) python: PathBuf,
    #[command(flatten)]
    pub(crate) recognition: Recognition,
}

/// What an ONNX file may not say of itself.
#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct Recognition {
    /// File with the names of its classes, one a line, in its order; `coco` for the 80 of COCO. Needed where neither the
    /// file nor the number of classes tells.
    #[arg(long)]
    pub(crate) labels: Option<PathBuf>,
    /// Size of the input, such as 640x384, for a file that leaves it free.
    #[arg(long)]
    pub(crate) size: Option<InputSize>,
    /// What a label means: LABEL=CLASS, where CLASS is person, bicycle, motorcycle, car, bus or truck. May be repeated.
    #[arg(long, value_name = "LABEL=CLASS")]
    pub(crate) class: Vec<String>,
}

/// Width and height in pixels.
#[cfg(feature = "edge")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

#[cfg(feature = "edge")]
impl std::str::FromStr for InputSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides = text
            .split_once('x')
            .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let (width, height) = sides.ok_or("expected WIDTHxHEIGHT, such as 640x384")?;
        Ok(Self { width, height })
    }
}

/// Where evidence is.
#[cfg(feature = "edge")]
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

#[cfg(feature = "edge")]
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

#[cfg(feature = "edge")]
#[derive(Debug, Subcommand)]
pub(crate) enum CamerasCommand {
    /// Asks the network for ONVIF cameras: what they are, where their streams are, and the table that takes each into a configuration.
    Discover(DiscoverArguments),
}

#[cfg(feature = "edge")]
#[derive(Debug, Args)]
pub(crate) struct DiscoverArguments {
    /// IPv4 address of this machine on the network to look in. May be repeated. Default: all of them.
    #[arg(long, value_name = "IP")]
    pub(crate) interface: Vec<std::net::Ipv4Addr>,
    /// How long answers are waited for, such as 3s or 500ms.
    #[arg(long, default_value = "3s")]
    pub(crate) timeout: Wait,
    /// Asks this camera, without looking for others: IP, IP:PORT or http://HOST/PATH. May be repeated.
    #[arg(long)]
    pub(crate) address: Vec<String>,
    /// User of the cameras.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// File with the password of the cameras. It goes out as a digest only.
    #[arg(long, requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// Configuration file of an edge box to take them into; those that it has are left out. With --address only those named.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}

/// A wait, from 100 ms to a minute.
#[cfg(feature = "edge")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait(pub(crate) std::time::Duration);

#[cfg(feature = "edge")]
impl std::str::FromStr for Wait {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = match text.strip_suffix("ms") {
            Some(number) => (number, 1),
            None => (text.strip_suffix('s').unwrap_or(text), 1000),
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        let millis = millis.filter(|millis| (100..=60_000).contains(millis));
        let millis = millis.ok_or("expected 100ms to 60s, such as 3s")?;
        Ok(Self(std::time::Duration::from_millis(millis)))
    }
}

#[cfg(feature = "edge")]
#[derive(Debug, Subcommand)]
pub(crate) enum SimulateCommand {
    /// Renders scenes into the cache, and serves each as rtsp://ADDRESS/CAMERA until Ctrl-C. The cameras of the
    /// shipped scenes: ljp-yard (yard), ljp-back (night), ljp-gate (gate).
    Serve {
        #[command(flatten)]
        scenes: SceneArguments,
        /// Address to serve on.
        #[arg(long, default_value = "127.0.0.1:8554")]
        listen: std::net::SocketAddr,
    },
    /// Prints, for each scene, its zones and the events that must be found in each loop, as JSON.
    Truth {
        #[command(flatten)]
        scenes: SceneArguments,
    },
    /// Writes one picture of a scene as PNG.
    Still {
        /// The scene: yard, night, gate, or a TOML file.
        scene: String,
        /// Seconds into the loop.
        #[arg(long, default_value_t = 0.0)]
        at: f64,
        /// Where to.
        #[arg(long, default_value = "still.png")]
        out: PathBuf,
        /// Draws the zones and the true boxes.
        #[arg(long)]
        boxes: bool,
    },
    /// Makes labelled training pictures of random places.
    Dataset {
        /// Folder to write `images/` and `labels.jsonl` to.
        #[arg(long)]
        out: PathBuf,
        /// How many pictures.
        #[arg(long, default_value_t = 1000)]
        count: u32,
        /// The same seed gives the same pictures.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Size of the pictures: 64 to 4096 pixels a side, a multiple of 8 across, even down.
        #[arg(long, default_value = "640x360")]
        size: InputSize,
    },
}

/// Which scenes, how large, and where the rendered ones are kept.
#[cfg(feature = "edge")]
#[derive(Debug, Clone, Args)]
pub(crate) struct SceneArguments {
    /// Scenes, parted by commas: yard, night, gate, or TOML files.
    #[arg(long, value_delimiter = ',', default_value = "yard,night,gate")]
    pub(crate) scenes: Vec<String>,
    /// Picture size.
    #[arg(long, default_value = "1080p")]
    pub(crate) size: SizeArgument,
    /// Folder of rendered scenes.
    #[arg(long, default_value = ".cache/scenes", env = "GRIDWATCH_CACHE")]
    pub(crate) cache: PathBuf,
}

#[cfg(feature = "edge")]
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SizeArgument {
    /// 1280×720.
    #[value(name = "720p")]
    Hd,
    /// 1920×1080.
    #[value(name = "1080p")]
    FullHd,
}

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Scenes to measure, one after the other, parted by commas: quiet, busy, another shipped one, or TOML files.
    #[arg(long, value_delimiter = ',', default_value = "quiet,busy")]
    pub(crate) scenes: Vec<String>,
    /// What the cameras send.
    #[arg(long, default_value = "h264")]
    pub(crate) codec: CodecName,
    /// Picture size.
    #[arg(long, default_value = "1920x1080")]
    pub(crate) size: InputSize,
    /// Bits a second of each camera: 4M, 2500k.
    #[arg(long, default_value = "4M")]
    pub(crate) bitrate: Bitrate,
    /// Time between two key pictures: 2s, 0.5s.
    #[arg(long, default_value = "2s")]
    pub(crate) gop: Gop,
    /// A shipped network. Default: the one that an edge box runs by default.
    #[arg(long)]
    pub(crate) network: Option<String>,
    /// Cores for the pipeline; the simulated cameras get the others. Default: all, and the cameras share them.
    #[arg(long)]
    pub(crate) cores: Option<std::num::NonZeroU16>,
    /// Which pictures are decoded.
    #[arg(long, default_value = "adaptive")]
    pub(crate) decode: DecodeArgument,
    /// Seconds that each number of cameras is measured for.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    pub(crate) seconds: u32,
    /// This number of cameras, without a search.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) cameras: Option<u32>,
    /// Most cameras to try.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) most: u32,
    /// Share of the result that it may be off by.
    #[arg(long, default_value_t = 0.08)]
    pub(crate) precision: f64,
    /// What has to be reached, such as freshness=3,alert=0.5: freshness (seconds that a camera may go without a look beyond what is
    /// configured, 2), opened (seconds from a limit to its event, 2), recall (share of events found, 1), untrue (events that
    /// nothing is behind, 0), alert (seconds from event to broker, 95 %, 1), lost (share of pictures, 0.05), waiting (more
    /// in the outbox at the end, 5).
    #[arg(long, default_value = "freshness=2")]
    pub(crate) targets: Targets,
    /// Folder for bench.json and bench.html.
    #[arg(long, default_value = "bench")]
    pub(crate) out: PathBuf,
    /// Folder of rendered scenes.
    #[arg(long, default_value = ".cache/scenes", env = "GRIDWATCH_CACHE")]
    pub(crate) cache: PathBuf,
    /// Compares two bench.json instead: ratios of the second to the first.
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
    pub(crate) compare: Vec<PathBuf>,
    /// With --compare: share by which a figure may be worse; beyond it the exit code is 1.
    #[arg(long, default_value_t = 0.1)]
    pub(crate) tolerance: f64,
}

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum BenchPart {
    /// Simulated cameras, broker, and what is behind it.
    Servers,
    /// The edge box.
    Pipeline,
}

/// Thousands of bits a second.
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bitrate(pub(crate) u32);

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
impl std::str::FromStr for Bitrate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, factor) = match text.strip_suffix(['M', 'm']) {
            Some(number) => (number, 1000.0),
            None => (text.strip_suffix(['k', 'K']).unwrap_or(text), 1.0),
        };
        let kbit = number.parse::<f64>().ok().map(|number| number * factor);
        let kbit = kbit.filter(|kbit| (50.0..=50_000.0).contains(kbit));
        kbit.map(|kbit| Self(kbit.round() as u32)).ok_or("expected 50k to 50M, such as 4M or 2500k")
    }
}

/// Time between two key pictures.
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gop(f64);

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
impl Gop {
    /// At the 25 pictures a second of simulated cameras.
    pub(crate) fn pictures(self) -> u32 {
        (self.0 * 25.0).round() as u32
    }
}

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
impl std::str::FromStr for Gop {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok();
        let seconds = seconds.filter(|seconds| (0.04..=60.0).contains(seconds));
        seconds.map(Self).ok_or("expected 0.04s to 60s, such as 2s")
    }
}

/// As the key `decode` of a camera.
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecodeArgument {
    /// Key pictures while something goes on, of these one from time to time while nothing does.
    Adaptive,
    /// Key pictures.
    Keyframes,
    /// All.
    Always,
}

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
impl DecodeArgument {
    /// As the configuration has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Keyframes => "keyframes",
            Self::Always => "always",
        }
    }
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
