//! Gathers verdicts picture by picture, and works figures out of them.

use gridwatch_domain::{Detection, NormBox};
use serde::Serialize;

use super::average_precision::Curve;
use super::data_set::TruePicture;
use super::group::Group;
use super::matching::{THRESHOLDS, Verdict, judge};

/// What one network did on the pictures so far.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    sources: Vec<String>,
    groups: Vec<(Group, GroupTally)>,
}

#[derive(Debug, Clone, Default)]
struct GroupTally {
    /// Each with the index of its picture's source.
    verdicts: Vec<(Option<usize>, Verdict)>,
    /// One entry a wanted object: the index of its picture's source.
    objects: Vec<Option<usize>>,
}

/// The figures of one group. All are 0–1, and `None` where there is no object of the group: nothing can be said then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Objects that were wanted.
    pub objects: usize,
    /// Average precision at an overlap of 0.5.
    pub ap50: Option<f64>,
    /// Average precision, mean over the overlaps 0.50, 0.55 … 0.95: COCO's AP.
    pub ap50_95: Option<f64>,
    /// Share of the objects that are found at the network's own score, at an overlap of 0.5.
    pub recall: Option<f64>,
    /// Share of the boxes that are right at the network's own score, at an overlap of 0.5; `None` also without a box.
    pub precision: Option<f64>,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            sources: Vec::new(),
            groups: Group::all().map(|group| (group, GroupTally::default())).collect(),
        }
    }

    /// Takes one picture in: its truth, and everything the network found in it, whatever the score.
    pub fn add(&mut self, truth: &TruePicture, found: &[Detection]) {
        let source = truth.source.as_deref().map(|source| self.source(source));
        for (group, tally) in &mut self.groups {
            let of_group = found.iter().filter(|detection| group.includes(detection.class));
            let boxes: Vec<_> = of_group.map(|detection| (detection.score, detection.bbox)).collect();
            let objects = truth.wanted.iter().filter(|(class, _)| group.includes(*class));
            let wanted: Vec<NormBox> = objects.map(|&(_, bbox)| bbox).collect();
            let verdicts = judge(&boxes, &wanted, &truth.ignored);
            tally.verdicts.extend(verdicts.into_iter().map(|verdict| (source, verdict)));
            tally.objects.extend(wanted.iter().map(|_| source));
        }
    }

    fn source(&mut self, name: &str) -> usize {
        self.sources.iter().position(|known| known == name).unwrap_or_else(|| {
            self.sources.push(name.to_owned());
            self.sources.len() - 1
        })
    }

    /// Where pictures came from, in the order they were met; empty where none says.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The figures of `group`, over the pictures of one source or over all; recall and precision at `score` (0–1). No
    /// objects for a source that was never met.
    pub fn figures(&self, group: Group, source: Option<&str>, score: f32) -> Figures {
        let (verdicts, objects) = self.of(group, source);
        let average = |threshold| Some(curve(&verdicts, threshold, objects)?.average());
        let averages: Option<Vec<f64>> = (0..THRESHOLDS.len()).map(average).collect();
        let told =
            verdicts.iter().filter(|verdict| verdict.score >= score).filter_map(|verdict| verdict.at(0));
        let (right, boxes) = told.fold((0, 0), |(right, all), is| (right + usize::from(is), all + 1));
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        Figures {
            objects,
            ap50: averages.as_ref().map(|averages| averages[0]),
            ap50_95: averages.map(|averages| averages.iter().sum::<f64>() / THRESHOLDS.len() as f64),
            recall: share(right, objects),
            precision: share(right, boxes).filter(|_| objects > 0),
        }
    }

    /// Precision over recall of `group` at an overlap of 0.5, over all pictures; `None` without an object.
    pub fn curve(&self, group: Group) -> Option<Curve> {
        let (verdicts, objects) = self.of(group, None);
        curve(&verdicts, 0, objects)
    }

    /// Verdicts, best score first, and how many objects were wanted.
    fn of(&self, group: Group, source: Option<&str>) -> (Vec<Verdict>, usize) {
        let Some((_, tally)) = self.groups.iter().find(|(known, _)| *known == group) else {
            return (Vec::new(), 0);
        };
        let wanted = source.map(|name| self.sources.iter().position(|known| known == name));
        // A name that is not known belongs to no picture; no name belongs to all.
        let counts = |of: Option<usize>| wanted.is_none_or(|wanted| wanted.is_some() && wanted == of);
        let mut verdicts: Vec<Verdict> =
            tally.verdicts.iter().filter(|(of, _)| counts(*of)).map(|&(_, verdict)| verdict).collect();
        // Stable: boxes of equal score stay in the order of the pictures, as in COCO's.
        verdicts.sort_by(|a, b| b.score.total_cmp(&a.score));
        (verdicts, tally.objects.iter().filter(|of| counts(**of)).count())
    }
}

fn curve(verdicts: &[Verdict], threshold: usize, objects: usize) -> Option<Curve> {
    Curve::new(verdicts.iter().filter_map(|verdict| verdict.at(threshold)), objects)
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::ObjectClass;

    use super::*;

    const HERE: [f32; 4] = [0.1, 0.1, 0.3, 0.3];
    const THERE: [f32; 4] = [0.6, 0.6, 0.8, 0.8];

    fn bbox(corners: [f32; 4]) -> NormBox {
        NormBox::try_from(corners).expect("valid")
    }

    fn picture(source: &str, wanted: &[(ObjectClass, [f32; 4])]) -> TruePicture {
        let wanted = wanted.iter().map(|&(class, corners)| (class, bbox(corners))).collect();
        TruePicture { source: Some(source.to_owned()), wanted, ..TruePicture::default() }
    }

    fn found(class: ObjectClass, score: f32, corners: [f32; 4]) -> Detection {
        Detection { class, score, bbox: bbox(corners) }
    }

    #[test]
    fn a_truck_called_a_car_is_wrong_as_a_class_and_right_as_a_vehicle() {
        let mut tally = Tally::new();
        tally.add(&picture("lot", &[(ObjectClass::Truck, HERE)]), &[found(ObjectClass::Car, 0.9, HERE)]);
        let ap50 = |group| tally.figures(group, None, 0.3).ap50;
        assert_eq!(ap50(Group::Vehicle), Some(1.0));
        assert_eq!(ap50(Group::Class(ObjectClass::Truck)), Some(0.0));
        assert_eq!(ap50(Group::Class(ObjectClass::Car)), None, "there is no car to be found");
        assert_eq!(tally.figures(Group::Class(ObjectClass::Car), None, 0.3).precision, None);
        assert_eq!(ap50(Group::TwoWheeler), None);
    }

    #[test]
    fn sources_are_told_apart() {
        let mut tally = Tally::new();
        tally.add(&picture("lot", &[(ObjectClass::Car, HERE)]), &[found(ObjectClass::Car, 0.9, HERE)]);
        tally.add(&picture("street", &[(ObjectClass::Bus, HERE)]), &[found(ObjectClass::Bus, 0.8, THERE)]);
        assert_eq!(tally.sources(), ["lot", "street"]);
        let vehicles = |source| tally.figures(Group::Vehicle, source, 0.3);
        assert_eq!((vehicles(Some("lot")).objects, vehicles(Some("lot")).ap50), (1, Some(1.0)));
        assert_eq!((vehicles(Some("street")).objects, vehicles(Some("street")).ap50), (1, Some(0.0)));
        assert_eq!((vehicles(None).objects, vehicles(None).ap50), (2, Some(51.0 / 101.0)));
        assert_eq!(vehicles(Some("sea")).objects, 0);
    }

    #[test]
    fn recall_and_precision_are_those_at_the_networks_own_score() {
        let mut tally = Tally::new();
        let truth = picture("lot", &[(ObjectClass::Car, HERE), (ObjectClass::Car, THERE)]);
        tally.add(
            &truth,
            &[
                found(ObjectClass::Car, 0.9, HERE),
                found(ObjectClass::Car, 0.5, [0.4, 0.1, 0.5, 0.2]),
                found(ObjectClass::Car, 0.2, THERE),
            ],
        );
        let at = |score| tally.figures(Group::Vehicle, None, score);
        assert_eq!((at(0.3).recall, at(0.3).precision), (Some(0.5), Some(0.5)));
        assert_eq!((at(0.1).recall, at(0.1).precision), (Some(1.0), Some(2.0 / 3.0)));
        assert_eq!(at(0.95).precision, None, "no box, no precision");
    }
}
