//! What the camera shows where nothing stands.

use gridwatch_domain::NormBox;

use super::{Grey, Patch};

/// The camera's picture without what comes and goes: a slow average that leaves out what is covered.
#[derive(Debug, Clone, Default)]
pub struct Background {
    grey: Grey,
    /// Average times 256, so that small steps are not lost.
    sums: Vec<u16>,
    covered: Vec<bool>,
}

impl Background {
    /// Takes a picture in by `share` (0–1), except where `covered` says that something stands or passes.
    pub fn update(&mut self, grey: &Grey, covered: impl Iterator<Item = NormBox>, share: f32) {
        if !self.grey.same_size(grey) {
            self.reset(grey);
            return;
        }
        self.note_covered(grey, covered);
        let share = (share.clamp(0.0, 1.0) * 256.0) as i32;
        let averages = self.sums.iter_mut().zip(&mut self.grey.pixels);
        for ((&pixel, &covered), (sum, average)) in grey.pixels.iter().zip(&self.covered).zip(averages) {
            if !covered {
                let step = (((i32::from(pixel) << 8) - i32::from(*sum)) * share) >> 8;
                *sum = (i32::from(*sum) + step) as u16;
                *average = (*sum >> 8) as u8;
            }
        }
    }

    fn note_covered(&mut self, grey: &Grey, covered: impl Iterator<Item = NormBox>) {
        self.covered.clear();
        self.covered.resize(grey.pixels.len(), false);
        for bbox in covered {
            let (columns, rows) = grey.span(bbox);
            for row in rows {
                self.covered[row * grey.width..][columns.clone()].fill(true);
            }
        }
    }

    /// Begins anew with a picture.
    pub fn reset(&mut self, grey: &Grey) {
        self.grey.clone_from(grey);
        self.sums = grey.pixels.iter().map(|&pixel| u16::from(pixel) << 8).collect();
    }

    /// Takes a box over from a picture at once, except where `covered` says that something else is already: what stood there has left.
    pub fn uncover(&mut self, grey: &Grey, bbox: NormBox, covered: impl Iterator<Item = NormBox>) {
        if !self.grey.same_size(grey) {
            return;
        }
        self.note_covered(grey, covered);
        let (columns, rows) = grey.span(bbox);
        for row in rows {
            let line = row * grey.width + columns.start..row * grey.width + columns.end;
            for index in line.filter(|&index| !self.covered[index]) {
                self.grey.pixels[index] = grey.pixels[index];
                self.sums[index] = u16::from(grey.pixels[index]) << 8;
            }
        }
    }

    /// What a box looks like when nothing is in it, as far as that was seen.
    pub fn patch(&self, bbox: NormBox) -> Option<Patch> {
        Patch::cut(&self.grey, bbox)
    }
}
