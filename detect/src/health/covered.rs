//! Something is before the lens: where the camera normally shows edges, there are none.
//!
//! A hand, a bag, paint, a spider is so near that it has no sharp edge: a dark or bright face with nothing in it. Night that
//! falls takes the edges away slowly, and the normal picture follows; a switch to infrared leaves most where they are; a lorry
//! has edges of its own and drives on. Pure.

use super::{hold::Verdict, likeness::Block, normal::STRUCTURE};

/// Of its normal strength, edges of less than this are lost …
const LOST: f32 = 0.35;
/// … where what is left does not lie where they did: a blurred picture's do.
const UNLIKE: f32 = 0.5;
/// The lens is covered where this share of the blocks that have structure have lost it …
const COVERED: f32 = 0.5;
/// … and free again where less than this share have.
const FREE: f32 = 0.35;

/// What a picture says.
pub(super) fn judge(blocks: &[Block]) -> Verdict {
    let structured = blocks.iter().filter(|block| block.normal >= STRUCTURE);
    let (mut all, mut lost) = (0, 0);
    for block in structured {
        all += 1;
        lost += usize::from(block.now < LOST * block.normal && block.likeness < UNLIKE);
    }
    let share = lost as f32 / all.max(1) as f32;
    match share {
        _ if share >= COVERED => Verdict::Bad,
        _ if share < FREE => Verdict::Good,
        _ => Verdict::Unknown,
    }
}
