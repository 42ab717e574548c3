//! Encoded pictures in, decoded pictures out, on a few threads that all cameras share.
//!
//! A key picture needs nothing that came before it, so one decoder a thread serves every camera whose key pictures alone are
//! looked at. A camera whose every picture is decoded has a decoder of its own. Which pictures are decoded is decided
//! elsewhere; what cannot be decoded in time is left out up to the next key picture, and counted.

mod chain;
mod decoders;
mod desk;
mod pool;

use std::sync::Arc;

use gridwatch_domain::Nv12Planes;

use crate::{AccessUnit, planes::MappedNv12};

pub use self::{decoders::Decoders, pool::DecodePool};
pub(crate) use self::{
    desk::{Desk, Order},
    pool::{Chains, Work},
};

/// Decodes pictures from a key picture on, and gives the last one with its width and height; `None` where it cannot be decoded. Sets up a
/// decoder for it alone. Blocks.
pub(crate) fn decode_last(units: &[AccessUnit]) -> Option<(Arc<dyn Nv12Planes>, u32, u32)> {
    let (last, before) = units.split_last()?;
    let mut chain = chain::Chain::new(last.codec, &Decoders::software()).ok()?;
    for unit in before {
        chain.push(unit.into(), false);
    }
    chain.push(last.into(), true);
    chain.drain();
    let picture = chain.take().pictures.pop()?;
    let info = gstreamer_video::VideoInfo::from_caps(&picture.form).ok()?;
    let planes = MappedNv12::map(picture.buffer, &info).ok()?;
    Some((Arc::new(planes), info.width(), info.height()))
}
