//! Light, weather, camera and crowd laid over any scene, so that the same things go on under each.

use std::str::FromStr;

use super::{
    lighting::{Cue, Glance, Lighting, Look},
    spec::{LightSpec, Spec},
};
use crate::{
    SimError,
    draw::{light::Mode, noise::unit},
};

/// Grows whenever a condition gives other pictures than before.
pub(super) const VERSION: u32 = 1;

/// Under what a scene is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// Sun.
    Day,
    /// After sunset: blue light, lamps and headlights on.
    Dusk,
    /// Black and white, lit by the camera's infrared lamps.
    Infrared,
    /// A downpour: wet ground that mirrors, streaks, drops on the glass.
    Rain,
    /// Snow that falls, and lies on ground, roofs and bonnets.
    Snow,
    /// A mast that sways in the wind, with gusts.
    Shake,
    /// A tenth of the usual rate.
    LowBitrate,
    /// People and vans before what matters.
    Occlusion,
    /// Dusk, and in the middle of the loop the camera goes over to infrared.
    InfraredSwitch,
    /// Light that changes of a sudden: clouds before the sun, then a lamp that goes on and off and headlights at dusk.
    Flicker,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Day,
        Self::Dusk,
        Self::Infrared,
        Self::Rain,
        Self::Snow,
        Self::Shake,
        Self::LowBitrate,
        Self::Occlusion,
        Self::InfraredSwitch,
        Self::Flicker,
    ];

    /// The name in commands and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Dusk => "dusk",
            Self::Infrared => "infrared",
            Self::Rain => "rain",
            Self::Snow => "snow",
            Self::Shake => "shake",
            Self::LowBitrate => "low_bitrate",
            Self::Occlusion => "occlusion",
            Self::InfraredSwitch => "infrared_switch",
            Self::Flicker => "flicker",
        }
    }

    /// A scene's description under it, and how the place is lit.
    pub(super) fn over(self, base: &Spec) -> Result<(Spec, Lighting), SimError> {
        let mut spec = base.clone();
        spec.light = LightSpec { rain: 0.0, snow: 0.0, ..spec.light };
        set(&mut spec, Mode::Day, "10:12:40");
        match self {
            Self::Day | Self::LowBitrate => {}
            Self::Dusk => dusk(&mut spec),
            Self::Infrared => infrared(&mut spec),
            Self::Rain => {
                set(&mut spec, Mode::Overcast, "14:36:10");
                spec.light.rain = 0.75;
                (spec.sensor.noise, spec.sensor.drops) = (spec.sensor.noise + 0.5, 10);
            }
            Self::Snow => {
                set(&mut spec, Mode::Overcast, "");
                spec.light.clock = "2026-01-19T08:47:30".into();
                (spec.light.snow, spec.light.exposure) = (0.85, 1.0);
                spec.sensor.noise += 0.3;
            }
            Self::Shake => (spec.sensor.shake, spec.sensor.gusts) = (8.0, 0.8),
            Self::Occlusion => {
                if spec.occlusion.is_empty() {
                    return Err(SimError::scene("occlusion", "has nobody who could hide anything"));
                }
                let hiding = std::mem::take(&mut spec.occlusion);
                spec.vehicle.extend(hiding.vehicle);
                spec.bike.extend(hiding.bike);
                spec.person.extend(hiding.person);
            }
            Self::InfraredSwitch => return Ok(infrared_switch(spec)),
            Self::Flicker => return Ok(flicker(spec)),
        }
        let lighting = Lighting::steady(&spec);
        Ok((spec, lighting))
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|condition| condition.as_str() == text)
            .ok_or_else(|| format!("{text:?}: expected one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// Light of a mode, and the hour on the caption's clock.
fn set(spec: &mut Spec, mode: Mode, clock: &str) {
    if spec.light.mode != mode {
        spec.light.exposure = 1.0;
    }
    spec.light.mode = mode;
    if let Some(date) = spec.light.clock.get(..10) {
        spec.light.clock = format!("{date}T{clock}");
    }
}

fn dusk(spec: &mut Spec) {
    set(spec, Mode::Dusk, "19:34:20");
    spec.sensor.noise = spec.sensor.noise.max(1.0) * DUSK_NOISE;
}

fn infrared(spec: &mut Spec) {
    set(spec, Mode::Infrared, "02:41:10");
    spec.sensor.noise = spec.sensor.noise.max(1.0) * INFRARED_NOISE;
}

/// Noise in terms of what it is by day.
const DUSK_NOISE: f32 = 1.7;
const INFRARED_NOISE: f32 = 2.3;

fn look(spec: &Spec, mode: Mode, noise: f32) -> Look {
    let light = LightSpec { mode, exposure: 1.0, ..spec.light.clone() };
    Look { light, sun: 1.0, lamp_out: false, noise }
}

/// It gets dark, and in the middle of the loop the camera swings its filter away: a flash, then black and white.
fn infrared_switch(mut spec: Spec) -> (Spec, Lighting) {
    let darker = Look {
        light: LightSpec { exposure: 0.8, ..look(&spec, Mode::Dusk, 1.0).light },
        ..look(&spec, Mode::Dusk, 2.4)
    };
    let looks =
        vec![look(&spec, Mode::Dusk, DUSK_NOISE), darker, look(&spec, Mode::Infrared, INFRARED_NOISE)];
    let middle_s = (spec.loop_s * 0.5).round();
    let steady = Cue { at_s: 0.0, look: 0, fade_s: 0.0, jump: 1.0, settles_s: 1.0 };
    let cues = vec![
        steady,
        Cue { at_s: middle_s - 40.0, look: 1, fade_s: 30.0, ..steady },
        Cue { at_s: middle_s, look: 2, jump: 2.1, settles_s: 0.8, ..steady },
    ];
    set(&mut spec, Mode::Dusk, "19:48:20");
    (spec, Lighting { looks, cues, glances: Vec::new() })
}

/// Clouds before the sun in the first half of the loop; in the second it is dusk, a lamp flickers, and headlights sweep over the place.
fn flicker(mut spec: Spec) -> (Spec, Lighting) {
    let (sunny, dusk) = (look(&spec, Mode::Day, 1.0), look(&spec, Mode::Dusk, DUSK_NOISE));
    let clouded = Look { sun: 0.0, ..sunny.clone() };
    let unlit = Look { lamp_out: true, ..dusk.clone() };
    let looks = vec![sunny, clouded, dusk, unlit];
    let dice = |salt: u32| f64::from(unit(spec.seed ^ (salt * 7_919)));
    let still = Cue { at_s: 0.0, look: 0, fade_s: 0.0, jump: 1.0, settles_s: 1.0 };
    let mut cues = vec![still];
    let half_s = spec.loop_s * 0.5;
    let mut at_s = 6.0 + 4.0 * dice(1);
    for number in 2.. {
        let (clouds, fade_s) = (number % 2 == 0, 0.4 + 1.4 * dice(number));
        if at_s > half_s - 8.0 {
            break;
        }
        let (look, jump) = if clouds { (1, 0.66) } else { (0, 1.5) };
        cues.push(Cue { at_s, look, fade_s, jump, settles_s: 2.2 });
        at_s += 7.0 + 9.0 * dice(number + 100);
    }
    cues.push(Cue { at_s: half_s - 5.0, look: 2, fade_s: 4.5, ..still });
    let mut at_s = half_s + 5.0;
    for number in 300.. {
        if at_s > spec.loop_s - 6.0 {
            break;
        }
        // Out, a few tries, on again.
        let tries = [0.0, 3.0 + 5.0 * dice(number), 0.12, 0.3, 0.16, 0.7, 0.2];
        for (index, after_s) in tries.into_iter().enumerate() {
            at_s += after_s;
            cues.push(Cue { at_s, look: if index % 2 == 0 { 3 } else { 2 }, ..still });
        }
        at_s += 0.25;
        cues.push(Cue { at_s, look: 2, ..still });
        at_s += 6.0 + 8.0 * dice(number + 100);
    }
    let glances = (0..((half_s - 8.0) / 13.0) as u32).map(|number| {
        let (from, to) = if number % 2 == 0 { (-46.0, 30.0) } else { (34.0, -40.0) };
        let at_s = half_s + 3.0 + 13.0 * f64::from(number) + 4.0 * dice(number + 500);
        Glance { at_s, lasts_s: 2.4 + 1.6 * dice(number + 600), sweep_deg: [from, to] }
    });
    let glances = glances.collect();
    set(&mut spec, Mode::Day, "18:12:20");
    (spec, Lighting { looks, cues, glances })
}
