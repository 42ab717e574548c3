//! RTSP received without GStreamer: whole encoded pictures of one camera, on the caller's task.
//!
//! Retina does the talking: RTSP over TCP or UDP, digest authentication, H.264, H.265 and JPEG put together from their packets. It
//! costs a fifth of GStreamer's `rtspsrc` and no thread. Cameras that it cannot talk to are received by GStreamer.

mod failure;
mod options;
mod stream_time;
mod units;
mod wall_clock;

use std::ops::ControlFlow;

use futures_util::StreamExt as _;
use gridwatch_runtime::SharedClock;
use retina::{
    client::{
        Credentials, Demuxed, Described, PlayOptions, Session, SessionOptions, SetupOptions, TeardownPolicy,
    },
    codec::{CodecItem, FrameFormat},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use self::units::Units;
pub(crate) use self::{
    failure::Failure,
    options::{ReceiveOptions, Transport},
};
use crate::{AccessUnit, Codec, OfflineReason, address::Address};

/// Packets in a row that may be unreadable; more are a stream that is no longer understood.
const MOST_UNREADABLE: u32 = 16;

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
    let opened =
        timeout_at(patience, open(address, options)).await.map_err(|_| failure::silent(address, options))?;
    let (mut stream, index, codec) = opened?;
    let mut units = Units::new(codec, clock, patience + options.no_frame, options.no_frame);
    let mut unreadable = None;
    let mut in_a_row = 0;
    loop {
        let item = timeout_at(units.deadline(), stream.next()).await.map_err(|_| units.silence())?;
        match item {
            Some(Ok(CodecItem::VideoFrame(frame))) => {
                in_a_row = 0;
                let parameters = stream.streams()[index].parameters();
                if deliver(units.unit(frame, parameters)).is_break() {
                    return Ok(());
                }
                units.check()?;
            }
            Some(Ok(CodecItem::Rtcp(packets))) => units.report(&packets),
            Some(Ok(_)) => {}
            // A packet that cannot be read is as good as lost.
            Some(Err(error)) if failure::is_of_packet(&error) && in_a_row < MOST_UNREADABLE => {
                tracing::debug!(host = address.host, %error, "a packet is passed over");
                in_a_row += 1;
                units.lost();
                unreadable = Some(error);
            }
            Some(Err(error)) => return Err(units.judge(failure::of(&error, address))),
            // After what it cannot go on with, retina ends.
            None if in_a_row > 0 => {
                let failure = unreadable.map(|error| failure::of(&error, address));
                return failure.map_or(Ok(()), |failure| Err(units.judge(failure)));
            }
            None => return Ok(()),
        }
    }
}

/// Asks what there is, and for the first stream that can be decoded; gives its place among all.
async fn open(address: &Address, options: &ReceiveOptions) -> Result<(Demuxed, usize, Codec), Failure> {
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
    let (index, codec) = choose(&session)?;
    let setup =
        SetupOptions::default().transport(options.transport.for_retina()).frame_format(FrameFormat::SIMPLE);
    session.setup(index, setup).await.map_err(failed)?;
    let playing = session.play(PlayOptions::default()).await.map_err(failed)?;
    Ok((playing.demuxed().map_err(failed)?, index, codec))
}

/// The first video whose form can be decoded.
fn choose(session: &Session<Described>) -> Result<(usize, Codec), Failure> {
    let videos = || session.streams().iter().enumerate().filter(|(_, stream)| stream.media() == "video");
    let mut known =
        videos().filter_map(|(index, stream)| Some((index, Codec::named(stream.encoding_name())?)));
    known.next().ok_or_else(|| {
        let others: Vec<&str> = videos().map(|(_, stream)| stream.encoding_name()).collect();
        let codec = if others.is_empty() { "none: it sends no video".to_owned() } else { others.join(", ") };
        Failure::of(OfflineReason::UnsupportedCodec { codec })
    })
}
