//! Gathers what a head finds in one picture: known classes only, boxes of the picture, and how much was no number.

use gridwatch_domain::{Detection, ObjectClass};

use super::suppression::suppress;
use crate::letterbox::Fit;

/// Candidates that suppression looks at. A picture of a full car park holds some hundred; a broken network thousands,
/// and suppression compares each with each.
const MOST_CANDIDATES: usize = 1000;

/// The classes of a network's labels.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    /// How many labels there are.
    pub(super) count: usize,
    /// Those that mean something: index and class.
    known: Vec<(usize, ObjectClass)>,
}

impl Labels {
    pub(super) fn new(classes: &[Option<ObjectClass>]) -> Self {
        let known = classes.iter().enumerate().filter_map(|(index, class)| Some((index, (*class)?)));
        Self { count: classes.len(), known: known.collect() }
    }

    /// What the label of this index means.
    pub(super) fn class(&self, index: usize) -> Option<ObjectClass> {
        self.known.iter().find(|(known, _)| *known == index).map(|&(_, class)| class)
    }

    /// The best of the classes that gridwatch knows. A label that is ignored does not outvote them: a van that looks a
    /// little more like a train than like a truck is still a vehicle.
    pub(super) fn best(&self, score: impl Fn(usize) -> f32) -> Option<(ObjectClass, f32)> {
        let known = self.known.iter().map(|&(index, class)| (class, score(index)));
        known.filter(|(_, score)| score.is_finite()).max_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

/// What was found in one picture so far.
pub(super) struct Found {
    pub(super) least_score: f32,
    fit: Fit,
    detections: Vec<Detection>,
    /// Rows looked at, those that claim to show something or whose score is no number, and those whose numbers were not
    /// finite.
    rows: usize,
    claims: usize,
    spoiled: usize,
}

impl Found {
    pub(super) fn new(least_score: f32, fit: Fit) -> Self {
        Self { least_score, fit, detections: Vec::new(), rows: 0, claims: 0, spoiled: 0 }
    }

    /// Whether a row with this score, or upper bound of it, is worth reading.
    pub(super) fn wants(&mut self, score: f32) -> bool {
        self.rows += 1;
        // Not-a-number is not less.
        if score < self.least_score {
            return false;
        }
        self.claims += 1;
        self.spoiled += usize::from(!score.is_finite());
        score.is_finite()
    }

    /// Keeps a box by its corners in pixels of the input.
    pub(super) fn keep(&mut self, class: ObjectClass, score: f32, [x1, y1, x2, y2]: [f32; 4]) {
        if score < self.least_score || !score.is_finite() {
            return;
        }
        match self.fit.to_picture(x1, y1, x2, y2) {
            Some(bbox) => self.detections.push(Detection { class, score: score.min(1.0), bbox }),
            None => self.spoiled += usize::from(![x1, y1, x2, y2].iter().all(|corner| corner.is_finite())),
        }
    }

    /// Keeps a box by centre and size in pixels of the input.
    pub(super) fn keep_centered(&mut self, class: ObjectClass, score: f32, [x, y, width, height]: [f32; 4]) {
        let (across, down) = (width / 2.0, height / 2.0);
        self.keep(class, score, [x - across, y - down, x + across, y + down]);
    }

    /// Whether the network answered with rubbish: most of what it claims to see is no number. Rows of low scores say nothing
    /// for it: a network that spoils half of its boxes on a quiet scene has thousands of them.
    pub(super) fn is_spoiled(&self) -> bool {
        self.spoiled * 2 > self.claims
    }

    /// Rows whose numbers are not finite, and all that were looked at.
    pub(super) fn spoiled(&self) -> (usize, usize) {
        (self.spoiled, self.rows)
    }

    /// The best of what covers the same thing, best first.
    pub(super) fn finish(mut self, nms_iou: f32) -> Vec<Detection> {
        if self.detections.len() > MOST_CANDIDATES {
            self.detections.select_nth_unstable_by(MOST_CANDIDATES, |a, b| b.score.total_cmp(&a.score));
            self.detections.truncate(MOST_CANDIDATES);
        }
        suppress(&mut self.detections, nms_iou);
        self.detections
    }
}

/// 1 / (1 + e⁻ˣ).
pub(super) fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}
