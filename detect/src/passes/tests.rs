//! Passes, told who stands and who comes without a tracker: which box is of whom is certain here.

use std::collections::BTreeMap;

use gridwatch_domain::Detection;

use super::*;
use crate::{
    MemorySettings,
    motion::Kind,
    parked::{Observation, ParkedMemory},
};

/// One parked car, or several, and what is told of who comes near.
struct Yard {
    memory: ParkedMemory,
    passes: Passes,
    parked: Vec<NormBox>,
    millis: i64,
    told: Vec<NearPass>,
    contacts: Vec<Contact>,
    /// When each person was shown first.
    stay_since: BTreeMap<u64, Timestamp>,
}

fn bbox([x1, y1, x2, y2]: [f32; 4]) -> NormBox {
    NormBox::new(x1, y1, x2, y2).expect("valid")
}

/// A car of 0.1 × 0.12 with its upper left corner there.
fn car(x: f32, y: f32) -> NormBox {
    bbox([x, y, x + 0.1, y + 0.12])
}

fn passer(track: u64, class: ObjectClass, bbox: NormBox, is_moving: bool) -> Passer {
    Passer {
        track: TrackId(track),
        class,
        score: 0.8,
        is_sure: true,
        bbox,
        is_moving,
        is_new: false,
        footprint: None,
    }
}

fn driving(track: u64, bbox: NormBox) -> Passer {
    passer(track, ObjectClass::Car, bbox, true)
}

impl Yard {
    fn with(parked: &[NormBox]) -> Self {
        let memory = ParkedMemory::new(MemorySettings::default(), vec![Kind::Vehicle]);
        let (passes, parked) = (Passes::default(), parked.to_vec());
        let mut yard = Self {
            memory,
            passes,
            parked,
            millis: 0,
            told: Vec::new(),
            contacts: Vec::new(),
            stay_since: BTreeMap::new(),
        };
        for _ in 0..60 {
            yard.show(&[]);
        }
        assert!(yard.memory.places().iter().all(Place::is_standing));
        yard
    }

    /// One picture, five a second.
    fn show(&mut self, passers: &[Passer]) -> &mut Self {
        let now = Timestamp::from_millisecond(self.millis).expect("in range");
        let people = passers.iter().filter(|one| one.class == ObjectClass::Person && !one.is_moving);
        let stays = |one: &Passer| {
            let since = *self.stay_since.entry(one.track.0).or_insert(now);
            Lingerer { bbox: one.bbox, footprint: None, since, is_sure: one.is_sure }
        };
        let lingerers: Vec<Lingerer> = people.map(stays).collect();
        self.show_with(passers, &lingerers)
    }

    fn show_with(&mut self, passers: &[Passer], lingerers: &[Lingerer]) -> &mut Self {
        let at = Timestamp::from_millisecond(self.millis).expect("in range");
        self.millis += 200;
        let found = |bbox: &NormBox| Detection { class: ObjectClass::Car, score: 0.9, bbox: *bbox };
        let detections: Vec<Detection> = self.parked.iter().map(found).collect();
        let movements = vec![None; detections.len()];
        self.memory.observe(&Observation { at, detections: &detections, movements: &movements, grey: None });
        let scene = Scene {
            at,
            places: self.memory.places(),
            passers,
            lingerers,
            fine: None,
            ground: None,
            zones_of: &|_| Vec::new(),
            is_in_bay: &|_| false,
        };
        let camera = "yard".parse().expect("valid");
        let outcome = self.passes.observe(&camera, &scene, &mut || [0; 10]);
        self.told.extend(outcome.passes);
        self.contacts.extend(outcome.contacts);
        self
    }

    /// Something has come to stand there.
    fn park(&mut self, bbox: NormBox) -> &mut Self {
        self.parked.push(bbox);
        self
    }

    fn show_for(&mut self, seconds: u32, passers: &[Passer]) -> &mut Self {
        (0..seconds * 5).for_each(|_| {
            self.show(passers);
        });
        self
    }

    fn end(&mut self) {
        self.show_for(40, &[]);
        self.told.extend(self.passes.forget());
    }
}

#[test]
fn a_single_box_that_is_off_is_nobody_who_came_near() {
    for (near_for, noted) in [(1, 0), (2, 1)] {
        let mut yard = Yard::with(&[car(0.4, 0.4)]);
        yard.show(&[driving(9, car(0.2, 0.7))]).show(&[driving(9, car(0.25, 0.7))]);
        for _ in 0..near_for {
            yard.show(&[driving(9, car(0.42, 0.45))]);
        }
        // From one picture to the next it does not come near on its way either.
        yard.show(&[driving(9, car(0.9, 0.8))]).show(&[driving(9, car(0.9, 0.8))]).end();
        assert_eq!(yard.told.len(), noted, "near in {near_for} pictures: {:#?}", yard.told);
    }
}

#[test]
fn a_box_around_two_parked_cars_is_neither_of_them_nor_a_third() {
    let mut yard = Yard::with(&[car(0.4, 0.4), car(0.52, 0.4)]);
    let both = driving(9, bbox([0.4, 0.4, 0.62, 0.52]));
    yard.show_for(2, &[both]).end();
    assert_eq!(yard.told, []);
    // The same beside one of them alone is a lorry.
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    yard.show_for(2, &[driving(9, bbox([0.47, 0.42, 0.69, 0.54]))]).end();
    assert_eq!(yard.told.len(), 1);
}

#[test]
fn what_turns_out_to_be_the_parked_one_has_passed_nobody() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    // Its box is off for a while, under another track.
    yard.show_for(1, &[driving(9, car(0.43, 0.43))]);
    yard.show_for(1, &[passer(9, ObjectClass::Car, car(0.4, 0.4), false)]).end();
    assert_eq!(yard.told, []);
}

#[test]
fn one_contact_is_told_once_whoever_else_comes_to_look() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let stopped = |track: u64, x: f32| passer(track, ObjectClass::Car, car(x, 0.42), false);
    let looks = passer(7, ObjectClass::Person, bbox([0.44, 0.42, 0.48, 0.54]), false);
    yard.show_for(1, &[driving(9, car(0.5, 0.42))]).park(car(0.5, 0.42));
    yard.show_for(12, &[stopped(9, 0.5), looks]);
    assert_eq!(yard.contacts.len(), 1, "{:#?}", yard.contacts);
    yard.show_for(1, &[stopped(9, 0.5), looks, driving(11, car(0.3, 0.42))]);
    yard.show_for(8, &[stopped(9, 0.5), looks, stopped(11, 0.3)]).end();
    assert_eq!(yard.contacts.len(), 1, "{:#?}", yard.contacts);
    assert!(
        yard.told.iter().any(|pass| pass.passer.track == Some(TrackId(11))),
        "it is recorded all the same"
    );
}

#[test]
fn one_that_comes_near_to_two_at_once_has_touched_the_nearer_one() {
    let touch = |place: u64, by: u64, seconds: i64, sizes: f32| Touch {
        place,
        of: None,
        by: Some(TrackId(by)),
        at: Timestamp::from_millisecond(seconds * 1000).expect("in range"),
        distance: Distance { sizes, metres: None },
    };
    let told = touch(1, 9, 100, 0.05);
    assert!(touch(2, 9, 101, 0.1).continues(&told) && touch(2, 9, 99, 0.1).continues(&told));
    assert!(!touch(2, 9, 101, 0.02).continues(&told), "nearer than what was told");
    assert!(!touch(2, 9, 108, 0.1).continues(&told), "later, another one");
    assert!(!touch(2, 8, 101, 0.1).continues(&told), "somebody else");
    assert!(touch(1, 8, 130, 0.0).continues(&told), "who comes to look");
}

#[test]
fn what_stands_nowhere_has_nobody_who_gets_out_of_it() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let looks = passer(7, ObjectClass::Person, bbox([0.44, 0.42, 0.48, 0.54]), false);
    // A box that is seen for a while, and that no vehicle stands in.
    let ghost = passer(9, ObjectClass::Car, car(0.5, 0.42), false);
    yard.show_for(1, &[driving(9, car(0.5, 0.42))]).show_for(12, &[ghost, looks]).end();
    assert_eq!(yard.contacts, []);
}

#[test]
fn who_looks_and_is_missed_now_and_then_looks_all_the_same() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let looks = passer(7, ObjectClass::Person, bbox([0.44, 0.42, 0.48, 0.54]), false);
    let stopped = passer(9, ObjectClass::Car, car(0.5, 0.42), false);
    yard.show_for(1, &[driving(9, car(0.5, 0.42))]).park(car(0.5, 0.42)).show_for(8, &[stopped]);
    for _ in 0..10 {
        yard.show(&[stopped, looks]).show(&[stopped]).show(&[stopped]).show(&[stopped]);
    }
    assert_eq!(yard.contacts.len(), 1);
}

#[test]
fn who_is_hardly_seen_and_has_come_since_looks_as_well() {
    let beside = bbox([0.43, 0.44, 0.47, 0.56]);
    let check = |bbox: NormBox, since_s: i64, contacts: usize| {
        let mut yard = Yard::with(&[car(0.4, 0.4)]);
        let stopped = passer(9, ObjectClass::Car, car(0.5, 0.42), false);
        let since = Timestamp::from_millisecond(yard.millis + since_s * 1000).expect("in range");
        yard.show_for(1, &[driving(9, car(0.5, 0.42))]).park(car(0.5, 0.42)).show_for(4, &[stopped]);
        for _ in 0..30 {
            yard.show_with(&[stopped], &[Lingerer { bbox, footprint: None, since, is_sure: false }]);
        }
        assert_eq!(yard.contacts.len(), contacts, "{bbox:?} since {since_s}");
    };
    check(beside, 5, 1);
    // It was found there before anybody came: a post, or who waits there.
    check(beside, -20, 0);
    // Who drives sits in there.
    check(bbox([0.53, 0.43, 0.56, 0.48]), 5, 0);
    check(bbox([0.8, 0.48, 0.84, 0.6]), 5, 0);
}

#[test]
fn who_walks_by_looks_at_nothing() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let stopped = passer(9, ObjectClass::Car, car(0.5, 0.42), false);
    yard.show_for(1, &[driving(9, car(0.5, 0.42))]).park(car(0.5, 0.42)).show_for(4, &[stopped]);
    for _ in 0..40 {
        // Somewhere else in each picture.
        let since = Timestamp::from_millisecond(yard.millis).expect("in range");
        let walks = bbox([0.43, 0.44, 0.47, 0.56]);
        yard.show_with(&[stopped], &[Lingerer { bbox: walks, footprint: None, since, is_sure: true }]);
    }
    assert_eq!(yard.contacts, []);
}

#[test]
fn a_post_that_is_taken_for_somebody_now_and_then_looks_at_nothing() {
    let post = passer(7, ObjectClass::Person, bbox([0.44, 0.42, 0.48, 0.54]), false);
    let post = Passer { is_sure: false, ..post };
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let stopped = passer(9, ObjectClass::Car, car(0.5, 0.42), false);
    yard.show_for(1, &[driving(9, car(0.5, 0.42)), post]).park(car(0.5, 0.42)).show_for(20, &[stopped, post]);
    assert_eq!(yard.contacts, []);
}

#[test]
fn one_box_that_is_off_does_not_bring_anybody_nearer() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let beside = driving(9, car(0.52, 0.4));
    // A fifth of a size away all the time, but for one box that touches.
    yard.show_for(1, &[beside]).show(&[driving(9, car(0.5, 0.4))]).show_for(1, &[beside]).end();
    let [pass] = yard.told.as_slice() else { panic!("{:#?}", yard.told) };
    assert!((0.15..0.25).contains(&pass.distance), "{pass:#?}");
}

#[test]
fn who_passes_where_a_car_has_just_left_has_passed_nobody_unless_it_was_only_hidden() {
    for is_hidden in [false, true] {
        let mut yard = Yard::with(&[car(0.4, 0.4)]);
        let stood = std::mem::take(&mut yard.parked);
        yard.show(&[]);
        for step in 0..20_u8 {
            yard.show(&[driving(9, car(0.1 + 0.03 * f32::from(step), 0.44))]);
        }
        if is_hidden {
            yard.parked = stood;
        }
        yard.show_for(50, &[]).end();
        assert_eq!(yard.told.len(), usize::from(is_hidden), "{:#?}", yard.told);
    }
}

#[test]
fn who_was_near_once_where_a_car_has_just_left_has_passed_nobody_either() {
    for has_left in [true, false] {
        let mut yard = Yard::with(&[car(0.4, 0.4)]);
        if has_left {
            yard.parked.clear();
        }
        // It is followed until it is near, and lost there.
        yard.show(&[driving(9, car(0.2, 0.7))]).show(&[driving(9, car(0.42, 0.45))]);
        yard.show_for(50, &[]).end();
        assert_eq!(yard.told.len(), usize::from(!has_left), "{:#?}", yard.told);
    }
}

#[test]
fn a_car_that_drives_off_under_another_track_has_not_passed_itself() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    yard.parked.clear();
    for step in 0..20_u8 {
        yard.show(&[driving(9, car(0.44 + 0.02 * f32::from(step), 0.43))]);
    }
    yard.show_for(50, &[]).end();
    assert_eq!(yard.told, []);
}

#[test]
fn a_vehicle_that_is_hardly_seen_has_not_passed() {
    for (is_sure, noted) in [(false, 0), (true, 1)] {
        let mut yard = Yard::with(&[car(0.4, 0.4)]);
        yard.show(&[driving(9, car(0.2, 0.7))]);
        yard.show_for(2, &[Passer { is_sure, ..driving(9, car(0.47, 0.45)) }]).end();
        assert_eq!(yard.told.len(), noted, "{:#?}", yard.told);
    }
}

#[test]
fn who_was_lost_where_one_box_is_around_both_stands_there_and_may_be_looked_at() {
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    let approaching = [0.7, 0.56, 0.47, 0.46, 0.46].map(|x| driving(9, car(x, 0.43)));
    approaching.iter().for_each(|passer| {
        yard.show(&[*passer]);
    });
    let both = passer(5, ObjectClass::Car, bbox([0.4, 0.4, 0.56, 0.55]), false);
    let looking = passer(7, ObjectClass::Person, bbox([0.36, 0.42, 0.39, 0.53]), false);
    yard.show_for(3, &[both]).show_for(8, &[both, looking]);
    let touched: Vec<Option<TrackId>> = yard.contacts.iter().map(|contact| contact.passer.track).collect();
    assert_eq!(touched, [Some(TrackId(9))]);
    // Who has driven on instead does not stand there, whoever stands beside the parked one.
    let mut yard = Yard::with(&[car(0.4, 0.4)]);
    approaching.iter().for_each(|passer| {
        yard.show(&[*passer]);
    });
    yard.show_for(3, &[]).show_for(8, &[looking]);
    assert_eq!(yard.contacts, []);
}
