//! `gridwatch models`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gridwatch_detect::Provider;
use gridwatch_models::DownloadUrl;

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
#[derive(Debug, Clone, Copy)]
pub(crate) struct InputSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

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
