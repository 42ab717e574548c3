//! The camera looks elsewhere: what always stands in its picture has gone aside, turned or grown, all of it alike.
//!
//! Wind shakes a picture by less than is looked for. A lorry hides what is there, and takes nothing along. Where nothing is
//! found again the camera may have been turned away; but so may a lorry stand there, or the light be another, so this must last.
//! Pure.

use std::time::Duration;

use gridwatch_domain::Timestamp;

use super::{
    hold::Verdict,
    likeness::Block,
    normal::{Normal, STRUCTURE},
    register,
    view::Small,
};

/// A block shows other edges than normally where their correlation is less than this.
const FOREIGN: f32 = 0.3;
/// With a smaller share of foreign blocks the picture is as it was …
const AS_BEFORE: f32 = 0.25;
/// … and with a larger one it shows something else altogether, if nothing is found again.
const ELSEWHERE: f32 = 0.7;
/// The camera has moved if the picture has by more than this share of its longer side: where zones no longer fit …
const MOVED: f32 = 0.02;
/// … and not if by less than this.
const UNMOVED: f32 = 0.012;
/// The picture's movement is measured at most this often: it takes some milliseconds …
const LEAST_INTERVAL: Duration = Duration::from_secs(1);
/// … and more seldom in a street full of cars, where it has been found to be none.
const UNMOVED_INTERVAL: Duration = Duration::from_secs(5);

/// What was seen of a movement.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved {
    /// When it was measured last, and what that said.
    measured: Option<(Timestamp, Verdict)>,
    /// Since when nothing is found again.
    elsewhere_since: Option<Timestamp>,
}

impl Moved {
    /// What a picture says. `turned_away`: how long nothing must be found again.
    pub(super) fn judge(
        &mut self,
        at: Timestamp,
        now: &Small,
        blocks: &[Block],
        normal: &Normal,
        turned_away: Duration,
    ) -> Verdict {
        let structured: Vec<&Block> = blocks.iter().filter(|block| block.normal >= STRUCTURE).collect();
        let foreign = structured.iter().filter(|block| block.now >= STRUCTURE && block.likeness < FOREIGN);
        let share = foreign.count() as f32 / structured.len().max(1) as f32;
        if share < AS_BEFORE {
            (self.measured, self.elsewhere_since) = (None, None);
            return Verdict::Good;
        }
        if let Some((measured, verdict)) = self.measured {
            let interval = if verdict == Verdict::Good { UNMOVED_INTERVAL } else { LEAST_INTERVAL };
            if at.saturating_since(measured) < interval {
                return verdict;
            }
        }
        let verdict = match register::displacement(now, normal.picture()) {
            Some(displacement) => {
                self.elsewhere_since = None;
                match displacement {
                    _ if displacement > MOVED => Verdict::Bad,
                    _ if displacement < UNMOVED => Verdict::Good,
                    _ => Verdict::Unknown,
                }
            }
            None if share >= ELSEWHERE => {
                let since = *self.elsewhere_since.get_or_insert(at);
                if at.saturating_since(since) >= turned_away { Verdict::Bad } else { Verdict::Unknown }
            }
            None => Verdict::Unknown,
        };
        self.measured = Some((at, verdict));
        verdict
    }

    /// Since when pictures are seen that may be of another view.
    pub(super) fn elsewhere_since(&self) -> Option<Timestamp> {
        self.elsewhere_since
    }
}
