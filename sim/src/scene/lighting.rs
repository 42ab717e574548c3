//! How a place is lit over the loop: looks, and when one goes over into the next.
//!
//! A look is a light that stays as it is; the renderer keeps the pictures of each. As long as one goes over into another both are drawn
//! and mixed. A camera's exposure is late: after a sudden change the picture is too bright or too dark for a while.

use super::spec::{LightSpec, Spec};
use crate::draw::noise::smoothstep;

/// A light that stays as it is.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub light: LightSpec,
    /// Share of the sun that comes through the clouds.
    pub sun: f32,
    /// The first lamp that shines is out.
    pub lamp_out: bool,
    /// Noise, in terms of the sensor's.
    pub noise: f32,
}

/// When a look begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cue {
    pub at_s: f64,
    /// Which of the looks.
    pub look: usize,
    /// How long it takes to come.
    pub fade_s: f64,
    /// How bright the picture is at first, in terms of what it will be.
    pub jump: f32,
    /// In what time the exposure follows, in seconds.
    pub settles_s: f64,
}

/// Headlights of somebody behind the camera, swept over the place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glance {
    pub at_s: f64,
    pub lasts_s: f64,
    /// From where to where, in degrees to the right of where the camera looks.
    pub sweep_deg: [f32; 2],
}

/// The light of a loop. Its first cue is at its beginning.
#[derive(Debug, Clone)]
pub(crate) struct Lighting {
    pub looks: Vec<Look>,
    pub cues: Vec<Cue>,
    pub glances: Vec<Glance>,
}

/// The light at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    /// The look that was, where it is not yet gone, and the one that is.
    pub from: usize,
    pub to: usize,
    /// How much of the change is done, above 0 to 1.
    pub share: f32,
    /// Factors on brightness and noise.
    pub gain: f32,
    pub noise: f32,
}

impl Lighting {
    /// As the scene says, for the whole loop.
    pub(crate) fn steady(spec: &Spec) -> Self {
        let look = Look { light: spec.light.clone(), sun: 1.0, lamp_out: false, noise: 1.0 };
        let cue = Cue { at_s: 0.0, look: 0, fade_s: 0.0, jump: 1.0, settles_s: 1.0 };
        Self { looks: vec![look], cues: vec![cue], glances: Vec::new() }
    }

    /// The light at a time of the loop.
    pub(crate) fn at(&self, at_s: f64) -> Moment {
        let number = self.cues.partition_point(|cue| cue.at_s <= at_s).max(1) - 1;
        let cue = self.cues[number];
        let before = self.cues[number.saturating_sub(1)].look;
        let since_s = (at_s - cue.at_s) as f32;
        let share =
            if cue.fade_s > 0.0 { smoothstep(0.0, cue.fade_s as f32, since_s).max(0.01) } else { 1.0 };
        let from = if share < 1.0 { before } else { cue.look };
        let noise = |look: usize| self.looks[look].noise;
        let gain = 1.0 + (cue.jump - 1.0) * (-since_s / cue.settles_s as f32).exp();
        let noise = noise(from) + (noise(cue.look) - noise(from)) * share;
        Moment { from, to: cue.look, share, gain, noise }
    }

    /// Where somebody behind the camera points their headlights, in degrees to its right.
    pub(crate) fn glance_deg(&self, at_s: f64) -> Option<f32> {
        let glance =
            self.glances.iter().find(|glance| (0.0..glance.lasts_s).contains(&(at_s - glance.at_s)))?;
        let [from, to] = glance.sweep_deg;
        Some(from + (to - from) * ((at_s - glance.at_s) / glance.lasts_s) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Scene, spec::Spec};

    #[test]
    fn looks_go_over_into_each_other_and_the_exposure_follows() {
        let spec = Spec::read(include_str!("../../scenes/yard.toml")).expect("built in");
        let mut lighting = Lighting::steady(&spec);
        let still = Moment { from: 0, to: 0, share: 1.0, gain: 1.0, noise: 1.0 };
        assert_eq!([0.0, 50.0, 109.9].map(|at_s| lighting.at(at_s)), [still; 3]);
        lighting.looks.push(Look { noise: 3.0, ..lighting.looks[0].clone() });
        lighting.cues.push(Cue { at_s: 20.0, look: 1, fade_s: 2.0, jump: 1.8, settles_s: 0.5 });
        assert_eq!(lighting.at(19.99), still);
        let (begins, half, done) = (lighting.at(20.0), lighting.at(21.0), lighting.at(30.0));
        assert_eq!((begins.from, begins.to), (0, 1));
        assert!((begins.gain - 1.8).abs() < 1e-3 && half.gain < 1.2, "{begins:?} {half:?}");
        assert!((half.share - 0.5).abs() < 1e-3 && (half.noise - 2.0).abs() < 1e-3, "{half:?}");
        assert_eq!((done.from, done.to, done.share, done.noise), (1, 1, 1.0, 3.0));
        assert!(Scene::builtin("yard").is_ok());
    }
}
