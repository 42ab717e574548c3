//! RTSP received without GStreamer: whole encoded pictures of one camera, on the caller's task.
//!
//! Retina does the talking: RTSP over TCP or UDP, digest authentication, H.264, H.265 and JPEG put together from their packets. It
//! costs a fifth of GStreamer's `rtspsrc` and no thread. Cameras that it cannot talk to are received by GStreamer.

mod failure;
mod options;

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use gridwatch_runtime::SharedClock;
use retina::{
    client::{Credentials, Described, PlayOptions, Session, SessionOptions, SetupOptions, TeardownPolicy},
    codec::{CodecItem, FrameFormat, VideoFrame},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(crate) use self::{
    failure::Failure,
    options::{ReceiveOptions, Transport},
};
use crate::{AccessUnit, Codec, OfflineReason, address::Address};

/// Receives until the camera ends it, it fails, `deliver` breaks it off, or nothing comes for too long.
///
/// # Errors
/// [`Failure`] with the reason, and whether GStreamer may have more luck.
pub(crate) async fn receive(
    address: &Address,
    options: &ReceiveOptions,
    clock: &SharedClock,
    mut deliver: impl FnMut(AccessUnit) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let patience = Instant::now() + options.connect;
    let silent = || {
        Failure::of(OfflineReason::Silent {
            host: address.host.clone(),
            seconds: options.connect.as_secs().max(1),
        })
    };
    let opened = timeout_at(patience, open(address, options)).await.map_err(|_| silent())?;
    let (session, codec) = opened?;
    let playing = timeout_at(patience, session.play(PlayOptions::default())).await.map_err(|_| silent())?;
    let failed = |error: retina::Error| failure::of(&error, address);
    let mut stream = playing.map_err(failed)?.demuxed().map_err(failed)?;

    let mut units = Units { codec, seq: 0, last: None };
    let timed_out = || Failure::of(OfflineReason::Timeout { seconds: options.no_frame.as_secs().max(1) });
    loop {
        let deadline = units.last.map_or(patience, |(_, advanced)| advanced) + options.no_frame;
        let item = timeout_at(deadline, stream.next()).await.map_err(|_| timed_out())?;
        match item {
            None => return Ok(()),
            Some(Err(error)) => return Err(failed(error)),
            Some(Ok(CodecItem::VideoFrame(frame))) => {
                let unit = units.unit(frame, clock);
                if deliver(unit).is_break() {
                    return Ok(());
                }
            }
            Some(Ok(_)) => {}
        }
    }
}

/// Asks what there is, and for the first stream that can be decoded.
async fn open(address: &Address, options: &ReceiveOptions) -> Result<(Session<Described>, Codec), Failure> {
    let failed = |error: retina::Error| failure::of(&error, address);
    let url = Url::parse(&address.location)
        .map_err(|error| Failure::of(OfflineReason::Setup { detail: format!("camera address: {error}") }))?;
    let credentials = address.user.as_ref().map(|username| Credentials {
        username: username.clone(),
        password: address.password.clone().unwrap_or_default(),
    });
    let session_options = SessionOptions::default()
        .creds(credentials)
        .user_agent(concat!("gridwatch/", env!("CARGO_PKG_VERSION")).to_owned())
        .teardown(TeardownPolicy::Auto);
    let mut session = Session::describe(url, session_options).await.map_err(failed)?;
    let mut others = Vec::new();
    let found = session.streams().iter().enumerate().find_map(|(index, stream)| {
        if stream.media() != "video" {
            return None;
        }
        let codec = Codec::named(stream.encoding_name());
        if codec.is_none() {
            others.push(stream.encoding_name().to_owned());
        }
        codec.map(|codec| (index, codec))
    });
    let Some((index, codec)) = found else {
        let codec = if others.is_empty() { "none: it sends no video".to_owned() } else { others.join(", ") };
        return Err(Failure::of(OfflineReason::UnsupportedCodec { codec }));
    };
    let setup =
        SetupOptions::default().transport(options.transport.for_retina()).frame_format(FrameFormat::SIMPLE);
    session.setup(index, setup).await.map_err(failed)?;
    Ok((session, codec))
}

/// Makes access units of retina's frames.
struct Units {
    codec: Codec,
    seq: u64,
    /// Time in the stream of the newest picture so far, and when it came.
    last: Option<(Duration, Instant)>,
}

impl Units {
    fn unit(&mut self, frame: VideoFrame, clock: &SharedClock) -> AccessUnit {
        let elapsed = frame.timestamp().elapsed_secs().max(0.0);
        let time = Duration::try_from_secs_f64(elapsed).unwrap_or_default();
        // Of a camera whose pictures bear the same time for ever nothing new comes.
        if self.last.is_none_or(|(newest, _)| time > newest) {
            self.last = Some((time, Instant::now()));
        }
        self.seq += 1;
        let (is_key, after_loss) = (frame.is_random_access_point(), frame.loss() > 0);
        AccessUnit {
            seq: self.seq,
            bytes: Arc::from(frame.into_data()),
            codec: self.codec,
            is_key,
            time,
            at: clock.now(),
            after_loss,
        }
    }
}
