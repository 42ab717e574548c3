//! `gridwatch passes`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gridwatch_domain::{CameraId, ObjectClass, PlaceId, Timestamp, ZoneId};

/// Who came close to a parked vehicle.
#[derive(Debug, Args)]
pub(crate) struct PassesArguments {
    #[command(flatten)]
    pub(crate) source: PassesSource,
    /// Only what this camera saw.
    #[arg(long)]
    pub(crate) camera: Option<CameraId>,
    /// Only what was parked in this zone: its bay, or another zone over it.
    #[arg(long, value_name = "ZONE")]
    pub(crate) bay: Option<ZoneId>,
    /// Only what was parked at this place, such as p17: events name it.
    #[arg(long)]
    pub(crate) place: Option<PlaceId>,
    /// Only whoever is of this class; may be given again for further ones. Default: everybody.
    #[arg(long)]
    pub(crate) class: Vec<PasserClass>,
    /// Only who was nearest at this time or later, such as 2026-11-23T22:00:00+08:00.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) from: Option<Timestamp>,
    /// Only who was nearest at this time or earlier.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) until: Option<Timestamp>,
    /// Only who came within so many metres; where the ground is not calibrated, a size of the parked vehicle counts as 4 m.
    #[arg(long, value_name = "METRES", value_parser = metres)]
    pub(crate) within: Option<f32>,
    #[command(flatten)]
    pub(crate) order: PassesOrder,
    /// How many at most, 1–100000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// As JSON, one a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the box keeps them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct PassesSource {
    /// The configuration file of the edge box, which may be running.
    #[arg(long, short)]
    pub(crate) config: Option<PathBuf>,
    /// The box's state folder itself, or a copy of it.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
}

/// What comes first.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct PassesOrder {
    /// The nearest first, which is the default.
    #[arg(long)]
    pub(crate) nearest: bool,
    /// The earliest first.
    #[arg(long)]
    pub(crate) by_time: bool,
}

/// A class as people type it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PasserClass {
    /// 行人
    Person,
    /// 自行车
    Bicycle,
    /// 摩托车、电动车
    Motorcycle,
    /// 小汽车
    Car,
    /// 客车
    Bus,
    /// 货车
    Truck,
}

impl From<PasserClass> for ObjectClass {
    fn from(class: PasserClass) -> Self {
        match class {
            PasserClass::Person => Self::Person,
            PasserClass::Bicycle => Self::Bicycle,
            PasserClass::Motorcycle => Self::Motorcycle,
            PasserClass::Car => Self::Car,
            PasserClass::Bus => Self::Bus,
            PasserClass::Truck => Self::Truck,
        }
    }
}

fn metres(text: &str) -> Result<f32, String> {
    let metres = text.parse::<f32>().ok().filter(|metres| metres.is_finite() && *metres >= 0.0);
    metres.ok_or_else(|| format!("{text:?}: expected metres, 0 or more"))
}
