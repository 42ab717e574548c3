//! `gridwatch simulate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gridwatch_sim::Condition;

use super::models::InputSize;

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
    /// Prints, for each scene, what is watched and the events that must be found in each loop, as JSON.
    Truth {
        #[command(flatten)]
        scenes: SceneArguments,
        /// Prints the truth of the scene played once, as `gridwatch score` reads it: docs/truth.md.
        #[arg(long)]
        score: bool,
    },
    /// Writes, for each scene, a video (MP4) of one loop and its truth, as `gridwatch score` reads it.
    Video {
        #[command(flatten)]
        scenes: SceneArguments,
        /// Folder to write NAME.mp4 and NAME.truth.json to.
        #[arg(long)]
        out: PathBuf,
        /// Writes NAME.toml, too: the configuration of an edge box that watches the video.
        #[arg(long)]
        config: bool,
    },
    /// Writes one picture of a scene as PNG.
    Still {
        /// The scene: yard, night, gate, quiet, busy, acc-house, acc-lot, acc-gate, acc-side, or a TOML file.
        scene: String,
        /// Under which condition, as for the other commands. Default: as the scene says.
        #[arg(long)]
        condition: Option<Condition>,
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
#[derive(Debug, Clone, Args)]
pub(crate) struct SceneArguments {
    /// Scenes, parted by commas: yard, night, gate, quiet, busy; acc-house, acc-lot, acc-gate, acc-side (for measuring); or TOML files.
    #[arg(long, value_delimiter = ',', default_value = "yard,night,gate")]
    pub(crate) scenes: Vec<String>,
    /// Under which condition: day, dusk, infrared, rain, snow, shake, low_bitrate, occlusion, infrared_switch or flicker. Default: as
    /// each scene says.
    #[arg(long)]
    pub(crate) condition: Option<Condition>,
    /// Picture size.
    #[arg(long, default_value = "1080p")]
    pub(crate) size: SizeArgument,
    /// Folder of rendered scenes.
    #[arg(long, default_value = ".cache/scenes", env = "GRIDWATCH_CACHE")]
    pub(crate) cache: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SizeArgument {
    /// 1280×720.
    #[value(name = "720p")]
    Hd,
    /// 1920×1080.
    #[value(name = "1080p")]
    FullHd,
}
