//! What was found and what stands, with boxes and labels; and the events that are about it.

use gridwatch_alert::drawing::{Area, Canvas, Colour, Labels, Spot, Writing};
use gridwatch_detect::{
    CameraState, Followed,
    parked::{Place, Presence},
};
use gridwatch_domain::{Event, NormBox, Timestamp};

use super::events::{OpenEvents, dwell_s, is_moment, is_of_whole};
use crate::drawing::{
    Sizes, colours,
    words::{Language, clock},
};

/// Share of a label's area that may hide something: of the fullest wording, and of each shorter one.
const HIDES: [f32; 3] = [0.25, 0.4, 0.6];
/// The same for what merely passes.
const PASSING_HIDES: f32 = 0.3;
/// A dash of a box that is not certain, in widths of its line.
const DASH: f32 = 3.0;

/// What a picture shows, and what is known of it.
pub(super) struct Objects<'a> {
    pub(super) state: &'a CameraState,
    pub(super) events: &'a OpenEvents,
    pub(super) at: Timestamp,
    pub(super) language: Language,
}

impl Objects<'_> {
    /// The boxes; labels are to leave them free.
    pub(super) fn draw(&self, canvas: &mut Canvas, labels: &mut Labels) {
        for followed in self.state.followed() {
            let area = canvas.area(followed.detection.bbox);
            let colour = colours::of_class(followed.detection.class);
            if followed.movement.is_none() {
                // Too weak to be followed: it keeps a place alive at most.
                canvas.line(&closed(&area), colour, 1.0, 0.5);
                continue;
            }
            labels.spare(area);
            let thickness = (canvas.stroke() * 0.45).max(1.0);
            canvas.outline(&area.corners(), colours::DARK, thickness + 1.0);
            canvas.outline(&area.corners(), colour, thickness);
        }
        for place in self.state.places() {
            self.draw_place(canvas, labels, place);
        }
        for event in self.events.open().into_iter().filter(|event| !is_of_whole(event.kind)) {
            let standing = |object: &&gridwatch_domain::EventObject| object.place.is_some();
            for object in event.objects.iter().filter(|object| !standing(object)) {
                let colour = Colour::of(event.severity);
                match self.current(object.track) {
                    Some(followed) => outline(canvas, followed.detection.bbox, colour, 1.2, Presence::Seen),
                    // Where it was when it was told.
                    None => outline(canvas, object.bbox, colour, 0.8, Presence::Unknown),
                }
            }
        }
    }

    fn draw_place(&self, canvas: &mut Canvas, labels: &mut Labels, place: &Place) {
        if !counts(place) {
            outline(canvas, place.bbox(), colours::QUIET, 0.4, Presence::Unknown);
            return;
        }
        labels.spare(canvas.area(place.bbox()));
        let event = self.events.of_place(&place.id());
        let colour = event.map_or(colours::PLACE, |event| Colour::of(event.severity));
        let dimmed = match place.presence() {
            Presence::Seen => 0.0,
            Presence::Hidden => 0.25,
            Presence::Unknown => 0.45,
            Presence::Empty => 0.65,
        };
        if let Some(footprint) = place.stance().footprint {
            let corners = footprint.seen.corners().map(|[x, y]| canvas.spot(x as f32, y as f32));
            canvas.fill(&corners, colour, 0.25);
        }
        let thickness = if event.is_some() { 1.2 } else { 0.8 };
        outline(canvas, place.bbox(), colour.mixed(Colour([90; 3]), dimmed), thickness, place.presence());
    }

    /// The labels of events and of what stands.
    pub(super) fn label(&self, canvas: &mut Canvas, labels: &mut Labels) {
        let sizes = Sizes::of(canvas);
        for event in self.events.open().into_iter().filter(|event| !is_of_whole(event.kind)) {
            let Some(area) = self.area_of(canvas, event) else { continue };
            let place = event.objects.first().and_then(|object| object.place.clone());
            let place = place.and_then(|id| self.state.places().iter().find(|place| place.id() == id));
            let mut first = self.language.kind(event.kind).to_owned();
            if !is_moment(event.kind) {
                first = format!("{first} {}", clock(dwell_s(event, self.at)));
            }
            if event.unobserved {
                first += self.language.pick(" 画面中断", " unobserved");
            }
            let second =
                place.map(|place| format!("{} {}", place.id(), self.language.presence(place.presence())));
            let lines: Vec<&str> = [Some(first.as_str()), second.as_deref()].into_iter().flatten().collect();
            let writing = Writing::on(Colour::of(event.severity), sizes.usual);
            put(canvas, labels, &event.id.to_string(), area, &lines, &writing, f32::INFINITY);
        }
        let without_event = |place: &&Place| counts(place) && self.events.of_place(&place.id()).is_none();
        for place in self.state.places().iter().filter(without_event) {
            self.label_place(canvas, labels, place, sizes);
        }
    }

    fn label_place(&self, canvas: &mut Canvas, labels: &mut Labels, place: &Place, sizes: Sizes) {
        let id = place.id();
        let stood = clock(self.at.saturating_since(place.first_seen()).as_secs_f64());
        let first = format!("{id} {stood} {}", self.language.presence(place.presence()));
        let found = self.state.followed().iter().find(|followed| followed.place == Some(place.number()));
        let second = found.map(|followed| self.found(followed));
        let short = format!("{id} {stood}");
        let both: Vec<&str> = [Some(first.as_str()), second.as_deref()].into_iter().flatten().collect();
        let dim = if place.presence() == Presence::Seen { 0.72 } else { 0.55 };
        let writing =
            Writing { ink: Some(colours::PLACE), opacity: dim, ..Writing::on(colours::DARK, sizes.small) };
        let area = canvas.area(place.bbox());
        for (lines, most) in [&both[..], &[first.as_str()], &[short.as_str()]].into_iter().zip(HIDES) {
            if put(canvas, labels, id.as_str(), area, lines, &writing, most) {
                return;
            }
        }
    }

    /// The labels of what is in no place.
    pub(super) fn label_passing(&self, canvas: &mut Canvas, labels: &mut Labels) {
        let sizes = Sizes::of(canvas);
        let stands = |followed: &Followed| {
            self.state.places().iter().any(|place| counts(place) && followed.place == Some(place.number()))
        };
        let passing = |followed: &&Followed| followed.movement.is_some() && !stands(followed);
        for followed in self.state.followed().iter().filter(passing) {
            let text = self.found(followed);
            let writing = Writing::bare(colours::of_class(followed.detection.class), sizes.small);
            let area = canvas.area(followed.detection.bbox);
            put(canvas, labels, &text, area, &[&text], &writing, PASSING_HIDES);
        }
    }

    /// `小汽车 #12 0.87`
    fn found(&self, followed: &Followed) -> String {
        let class = self.language.class(followed.detection.class);
        let track = followed.movement.map(|movement| format!(" #{}", movement.track.0)).unwrap_or_default();
        format!("{class}{track} {:.2}", followed.detection.score)
    }

    fn current(&self, track: Option<gridwatch_domain::TrackId>) -> Option<&Followed> {
        let is_it = |followed: &&Followed| followed.movement.map(|movement| movement.track) == track;
        track.and_then(|_| self.state.followed().iter().find(is_it))
    }

    /// Where an event is: its first object, where it is now.
    fn area_of(&self, canvas: &Canvas, event: &Event) -> Option<Area> {
        let object = event.objects.first()?;
        let place =
            object.place.as_ref().and_then(|id| self.state.places().iter().find(|place| place.id() == *id));
        let of_track = self.current(object.track).map(|followed| followed.detection.bbox);
        let bbox = place.map(Place::bbox).or(of_track).unwrap_or(object.bbox);
        Some(canvas.area(bbox))
    }
}

fn closed(area: &Area) -> Vec<Spot> {
    let corners = area.corners();
    corners.into_iter().chain([corners[0]]).collect()
}

/// Whether it is shown as something that stands.
fn counts(place: &Place) -> bool {
    place.is_standing() && place.is_credible()
}

fn outline(canvas: &mut Canvas, bbox: NormBox, colour: Colour, thickness: f32, presence: Presence) {
    let thickness = canvas.stroke() * thickness;
    let corners = canvas.area(bbox).corners();
    if presence == Presence::Seen {
        // Dark below bright: visible on snow and on asphalt.
        canvas.outline(&corners, colours::DARK, thickness + 1.6);
        canvas.outline(&corners, colour, thickness);
    } else {
        canvas.dashed(&corners, colours::DARK, thickness + 1.6, thickness * DASH);
        canvas.dashed(&corners, colour, thickness, thickness * DASH);
    }
}

/// Writes lines beside an area, where there is room.
fn put(
    canvas: &mut Canvas,
    labels: &mut Labels,
    key: &str,
    area: Area,
    lines: &[&str],
    writing: &Writing,
    most: f32,
) -> bool {
    let size = writing.extent(lines);
    let spots = area.grown(canvas.stroke() * 0.8).beside(size);
    let placed = labels.place(key, size, &spots, most);
    if let Some(area) = placed {
        canvas.write((area.left, area.top), lines, writing);
    }
    placed.is_some()
}
