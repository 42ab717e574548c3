//! One look of a scene: what stands drawn into a plate, what moves drawn over it, and the truth about both.

use std::sync::Arc;

use glam::Vec2;

use crate::{
    I420Frame, TruthObject,
    actor::Actor,
    draw::{
        patch::{self, Patch},
        plate::Plate,
        raster::{Rect, SAMPLES},
        reach,
        world::View,
    },
    scene::{Content, State},
    truth::{self, Sight},
};

/// Owner numbers set aside for each player: more than any has parts.
const OWNERS_EACH: u16 = 4;
/// How far before the lower edge of the picture headlights from behind the camera begin, in metres.
const GLANCE_FROM_M: f32 = 2.5;

/// Someone drawn into the plate.
struct Standing {
    player: usize,
    /// Which of its stands.
    stand: u32,
    actor: Actor,
    reach: Rect,
    whole: Vec<Sight>,
    /// What the plate shows of each part.
    parts: Vec<Sight>,
}

/// A look of a scene, in one light.
pub(super) struct Stage {
    content: Arc<Content>,
    view: View,
    /// The world without anybody.
    base: Plate,
    /// With everybody who stands.
    plate: Plate,
    standing: Vec<Standing>,
    /// The plate with what moves on it; `dirty` is where it differs from the plate.
    work: I420Frame,
    dirty: Vec<Rect>,
}

/// Who moves in a picture, and what of them is seen.
pub(super) struct Moving {
    actors: Vec<Actor>,
    /// Each with the numbers of those in it.
    patches: Vec<(Patch, Vec<usize>)>,
}

impl Stage {
    /// Draws everything that stands still, in one of the scene's looks.
    pub(super) fn new(content: Arc<Content>, look: usize, width: u32, height: u32) -> Self {
        let view = content.view(look, width, height);
        let base = Plate::new(&view, true);
        let mut work = I420Frame::new(width, height);
        work.y.clone_from(&base.y);
        work.u.clone_from(&base.u);
        work.v.clone_from(&base.v);
        Self { plate: base.clone(), content, view, base, standing: Vec::new(), work, dirty: Vec::new() }
    }

    /// The picture that was drawn last.
    pub(super) fn picture(&self) -> &I420Frame {
        &self.work
    }

    /// Draws the picture of a time of the loop. `glance_deg`: where somebody behind the camera points their headlights.
    pub(super) fn draw(&mut self, at_s: f64, glance_deg: Option<f32>) -> Moving {
        let states = self.states(at_s);
        self.settle(&states, at_s);
        let moving = states.iter().filter(|(_, state)| state.is_moving());
        let mut actors: Vec<Actor> = moving.map(|(player, state)| self.actor(*player, state, at_s)).collect();
        let is_dark = self.view.light.dark > 0.3;
        actors.extend(glance_deg.filter(|_| is_dark).and_then(|turn_deg| self.glance(turn_deg)));
        let patches = self.draw_moving(&actors);
        Moving { actors, patches }
    }

    /// Headlights without a vehicle, from below the camera.
    fn glance(&self, turn_deg: f32) -> Option<Actor> {
        let camera = &self.view.camera;
        let ahead = camera.ray(camera.width / 2.0, camera.height / 2.0).truncate();
        let below = camera.ground(camera.width / 2.0, camera.height)?;
        let ahead = ahead.try_normalize()?;
        let heading = ahead.y.atan2(ahead.x) - turn_deg.to_radians();
        Some(Actor::headlights(below - ahead * GLANCE_FROM_M, heading))
    }

    /// Everybody who is there at a time.
    fn states(&self, at_s: f64) -> Vec<(usize, State)> {
        let players = self.content.players.iter().enumerate();
        players.filter_map(|(index, player)| player.track.state(at_s).map(|state| (index, state))).collect()
    }

    fn actor(&self, player: usize, state: &State, at_s: f64) -> Actor {
        self.content.players[player].actor(state, at_s, self.view.light.dark)
    }

    /// Brings the plate in line with who stands now.
    fn settle(&mut self, states: &[(usize, State)], at_s: f64) {
        let stands =
            |player: usize, stand: u32| states.iter().any(|(p, s)| *p == player && s.stand == Some(stand));
        let mut changed = Vec::new();
        self.standing.retain(|one| {
            let stays = stands(one.player, one.stand);
            if !stays {
                changed.push(one.reach);
            }
            stays
        });
        for (player, state) in states {
            let Some(stand) = state.stand else { continue };
            if !self.standing.iter().any(|one| one.player == *player && one.stand == stand) {
                let actor = self.actor(*player, state, at_s);
                let reach = reach::reach(&self.view, &actor);
                changed.push(reach);
                let whole = truth::silhouettes(&self.view, &actor);
                self.standing.push(Standing {
                    player: *player,
                    stand,
                    actor,
                    reach,
                    whole,
                    parts: Vec::new(),
                });
            }
        }
        self.standing.sort_by_key(|one| one.player);
        let changed = joined(changed);
        for area in &changed {
            self.redraw(area);
        }
        if !changed.is_empty() || self.standing.iter().any(|one| one.parts.is_empty()) {
            self.look_at_standing();
        }
    }

    fn redraw(&mut self, area: &Rect) {
        restore(&self.base, &mut self.plate, area);
        let present: Vec<&Standing> =
            self.standing.iter().filter(|one| !one.reach.and(area).is_empty()).collect();
        if !present.is_empty() {
            let actors: Vec<&Actor> = present.iter().map(|one| &one.actor).collect();
            let owners: Vec<u16> = present.iter().map(|one| owner(one.player)).collect();
            patch::draw(&self.view, &self.base, &actors, *area).merge(&mut self.plate, &owners);
        }
        copy_picture(&self.plate, &mut self.work, area);
    }

    fn look_at_standing(&mut self) {
        for one in &mut self.standing {
            let bounds = one.whole.iter().fold(Rect::EMPTY, |sum, sight| sum.or(&sight.bounds));
            one.parts = (0..one.actor.parts.len() as u16)
                .map(|part| truth::in_plate(&self.plate, owner(one.player) + part, &bounds, &[]))
                .collect();
        }
    }

    /// Draws everybody who moves; those whose rectangles touch share a patch.
    fn draw_moving(&mut self, moving: &[Actor]) -> Vec<(Patch, Vec<usize>)> {
        for area in std::mem::take(&mut self.dirty) {
            copy_picture(&self.plate, &mut self.work, &area);
        }
        let reaches: Vec<Rect> = moving.iter().map(|actor| reach::reach(&self.view, actor)).collect();
        let areas = joined(reaches.clone());
        let mut patches = Vec::with_capacity(areas.len());
        for area in areas {
            let members: Vec<usize> =
                (0..moving.len()).filter(|&index| !reaches[index].and(&area).is_empty()).collect();
            let actors: Vec<&Actor> = members.iter().map(|&index| &moving[index]).collect();
            let patch = patch::draw(&self.view, &self.plate, &actors, area);
            patch.put(self.view.width, &mut self.work.y, &mut self.work.u, &mut self.work.v);
            self.dirty.push(area);
            patches.push((patch, members));
        }
        patches
    }

    /// The truth about the picture that was drawn last, which the sensor shows shifted by so many pixels.
    pub(super) fn truth(&self, moving: Moving, shift: Vec2) -> Vec<TruthObject> {
        let Moving { actors: moving, patches } = moving;
        let mut objects = Vec::new();
        for (patch, members) in &patches {
            let actors: Vec<&Actor> = members.iter().map(|&index| &moving[index]).collect();
            for (actor, parts) in actors.iter().zip(truth::in_patch(patch, &actors)) {
                if parts.iter().any(|part| part.samples > 0) {
                    let whole = truth::silhouettes(&self.view, actor);
                    truth::objects(&self.view, actor, &parts, &whole, shift, &mut objects);
                }
            }
        }
        let patches: Vec<Patch> = patches.into_iter().map(|(patch, _)| patch).collect();
        for one in &self.standing {
            let parts: Vec<Sight> = one
                .parts
                .iter()
                .enumerate()
                .map(|(part, sight)| self.now(one, part, sight, &patches))
                .collect();
            truth::objects(&self.view, &one.actor, &parts, &one.whole, shift, &mut objects);
        }
        objects.sort_by_key(|object| (object.id, object.class));
        objects
    }

    /// What is seen of a standing part now that others pass before it.
    fn now(&self, one: &Standing, part: usize, sight: &Sight, patches: &[Patch]) -> Sight {
        let scale = SAMPLES as i32;
        let touched = patches.iter().any(|patch| {
            let a = patch.area;
            let area = Rect { x0: a.x0 * scale, y0: a.y0 * scale, x1: a.x1 * scale, y1: a.y1 * scale };
            !area.and(&sight.bounds).is_empty()
        });
        if touched {
            truth::in_plate(&self.plate, owner(one.player) + part as u16, &sight.bounds, patches)
        } else {
            *sight
        }
    }
}

fn owner(player: usize) -> u16 {
    1 + player as u16 * OWNERS_EACH
}

/// Rectangles put together until none touches another.
fn joined(rects: Vec<Rect>) -> Vec<Rect> {
    let mut apart: Vec<Rect> = Vec::new();
    for rect in rects.into_iter().filter(|rect| !rect.is_empty()) {
        let mut rect = rect;
        while let Some(index) = apart.iter().position(|other| !other.and(&rect).is_empty()) {
            rect = rect.or(&apart.swap_remove(index));
        }
        apart.push(rect);
    }
    apart.sort_by_key(|rect| (rect.y0, rect.x0));
    apart
}

fn copy_rows<T: Copy>(from: &[T], to: &mut [T], area: &Rect, width: usize, times: usize) {
    for row in area.y0 as usize * times..area.y1 as usize * times {
        let start = row * width * times;
        let span = start + area.x0 as usize * times..start + area.x1 as usize * times;
        to[span.clone()].copy_from_slice(&from[span]);
    }
}

fn halved(area: &Rect) -> Rect {
    Rect { x0: area.x0 / 2, y0: area.y0 / 2, x1: area.x1 / 2, y1: area.y1 / 2 }
}

fn restore(base: &Plate, plate: &mut Plate, area: &Rect) {
    let width = base.width;
    for (from, to) in
        [(&base.y, &mut plate.y), (&base.shade, &mut plate.shade), (&base.ground, &mut plate.ground)]
    {
        copy_rows(from, to, area, width, 1);
    }
    copy_rows(&base.u, &mut plate.u, &halved(area), width / 2, 1);
    copy_rows(&base.v, &mut plate.v, &halved(area), width / 2, 1);
    copy_rows(&base.inverse_depth, &mut plate.inverse_depth, area, width, SAMPLES);
    copy_rows(&base.owner, &mut plate.owner, area, width, SAMPLES);
}

fn copy_picture(plate: &Plate, work: &mut I420Frame, area: &Rect) {
    copy_rows(&plate.y, &mut work.y, area, plate.width, 1);
    copy_rows(&plate.u, &mut work.u, &halved(area), plate.width / 2, 1);
    copy_rows(&plate.v, &mut work.v, &halved(area), plate.width / 2, 1);
}
