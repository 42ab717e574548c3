//! What a camera is to do, and what it has heard.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::super::{footage::Footage, link::Loss};

/// Everything that a test may change, at any time.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) footage: Arc<Footage>,
    /// Number of the picture that each viewer is shown first.
    pub(crate) joins_at: usize,
    /// User and password that it wants, by digest.
    pub(crate) login: Option<(String, String)>,
    /// Methods that are not answered as they should be.
    pub(crate) answers: BTreeMap<&'static str, Answer>,
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
    /// What it offers, in this order.
    pub(crate) media: Vec<Media>,
    /// Whether the description holds the parameters of the form.
    pub(crate) describes_parameters: bool,
    pub(crate) content_base: Option<String>,
    /// Where it sends whoever asks for the description.
    pub(crate) moved_to: Option<String>,
    /// Whether it describes itself only to whoever has asked for its methods: rtspsrc does, retina does not.
    pub(crate) wants_options: bool,
    /// A viewer that is silent for so long is dropped; told in the answer to SETUP.
    pub(crate) session_timeout: Option<Duration>,
    /// Whether pictures are sent.
    pub(crate) sends: bool,
    /// After how many each viewer is sent nothing more.
    pub(crate) sends_only: Option<u64>,
    /// Whether their RTP time goes on.
    pub(crate) time_goes_on: bool,
    /// Added to their RTP time.
    pub(crate) time_jump: u32,
    /// By how much its clock is ahead, in seconds, where it reports it.
    pub(crate) clock_ahead: Option<f64>,
    /// Every so many pictures are damaged.
    pub(crate) damages: Option<usize>,
    /// Every so many packets are none of RTP.
    pub(crate) breaks: Option<usize>,
    /// How long the network holds pictures up, at most, now and then.
    pub(crate) holds_up: Duration,
    /// What befalls datagrams.
    pub(crate) loss: Loss,
    /// Time between two pictures.
    pub(crate) pace: Duration,
}

impl Script {
    pub(crate) fn of(footage: Arc<Footage>) -> Self {
        Self {
            footage,
            joins_at: 0,
            login: None,
            answers: BTreeMap::new(),
            tcp: true,
            udp: true,
            media: vec![Media::Main],
            describes_parameters: true,
            content_base: None,
            moved_to: None,
            wants_options: false,
            session_timeout: None,
            sends: true,
            sends_only: None,
            time_goes_on: true,
            time_jump: 0,
            clock_ahead: None,
            damages: None,
            breaks: None,
            holds_up: Duration::ZERO,
            loss: Loss::default(),
            pace: Duration::from_millis(40),
        }
    }
}

/// Anything but the right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Status(u16),
    Silence,
    /// A byte from time to time, for ever.
    Dribble,
    /// Heads without an end.
    Endless,
    /// The connection is closed.
    Close,
    /// Noise.
    Noise,
    /// A packet on the connection of the greatest length, of which little comes.
    HugeFrame,
}

/// A stream on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// The footage.
    Main,
    /// Something of the same form that must not be chosen.
    Second,
    Sound,
    /// A form of video that nobody here decodes.
    Vp8,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) login: Login,
}

/// How a request was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    None,
    Right,
    Wrong,
}
