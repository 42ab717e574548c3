//! The pinhole camera with a little barrel distortion.
//!
//! World: metres, x east, y north, z up. View: x right, y down, z forward. Headings count clockwise as on a map: 0 looks
//! north (+y), 90 east (+x).

use glam::{Mat3, Vec2, Vec3};

/// Beyond this squared distance from the axis (in units of the focal length) the distortion is held constant, so that
/// points far outside of the picture cannot fold back into it.
const DISTORTION_REACH: f32 = 1.6;

/// A camera's pose and lens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pose {
    /// Metres.
    pub position: Vec3,
    /// Where it looks, in degrees clockwise from north (+y).
    pub heading_deg: f32,
    /// Degrees below the horizon.
    pub pitch_deg: f32,
    /// How far the picture is turned clockwise, in degrees.
    pub roll_deg: f32,
    /// Horizontal field of view in degrees.
    pub fov_deg: f32,
    /// Radial distortion coefficient; negative is barrel.
    pub distortion: f32,
}

/// A pose looked through at a picture size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Camera {
    pub position: Vec3,
    /// World to view.
    to_view: Mat3,
    pub width: f32,
    pub height: f32,
    /// Focal length in pixels.
    pub focal: f32,
    distortion: f32,
}

impl Camera {
    pub(crate) fn new(pose: &Pose, width: u32, height: u32) -> Self {
        let (heading, pitch, roll) =
            (pose.heading_deg.to_radians(), pose.pitch_deg.to_radians(), pose.roll_deg.to_radians());
        let forward = Vec3::new(heading.sin() * pitch.cos(), heading.cos() * pitch.cos(), -pitch.sin());
        let level = Vec3::new(heading.cos(), -heading.sin(), 0.0);
        let right = level * roll.cos() + level.cross(forward) * roll.sin();
        let down = forward.cross(right);
        let width = width as f32;
        Self {
            position: pose.position,
            to_view: Mat3::from_cols(right, down, forward).transpose(),
            width,
            height: height as f32,
            focal: width / 2.0 / (pose.fov_deg.to_radians() / 2.0).tan(),
            distortion: pose.distortion,
        }
    }

    /// A world point in view space, already bent by the lens, so that `x / z · focal` is where it is seen.
    pub(crate) fn view(&self, point: Vec3) -> Vec3 {
        let v = self.to_view * (point - self.position);
        if self.distortion == 0.0 || v.z < 0.05 {
            return v;
        }
        let r2 = ((v.x * v.x + v.y * v.y) / (v.z * v.z)).min(DISTORTION_REACH);
        let bend = 1.0 + self.distortion * r2;
        Vec3::new(v.x * bend, v.y * bend, v.z)
    }

    /// Where a world point is seen, in pixels; `None` behind the camera.
    pub(crate) fn project(&self, point: Vec3) -> Option<Vec2> {
        let v = self.view(point);
        (v.z > 0.05).then(|| {
            Vec2::new(v.x / v.z * self.focal + self.width / 2.0, v.y / v.z * self.focal + self.height / 2.0)
        })
    }

    /// Direction (not of unit length: view depth 1) in which a pixel looks.
    pub(crate) fn ray(&self, x: f32, y: f32) -> Vec3 {
        let bent = Vec2::new((x - self.width / 2.0) / self.focal, (y - self.height / 2.0) / self.focal);
        let mut straight = bent;
        if self.distortion != 0.0 {
            for _ in 0..3 {
                let r2 = straight.length_squared().min(DISTORTION_REACH);
                straight = bent / (1.0 + self.distortion * r2);
            }
        }
        self.to_view.transpose() * Vec3::new(straight.x, straight.y, 1.0)
    }

    /// The point of the ground plane that a pixel sees, if it looks down.
    pub(crate) fn ground(&self, x: f32, y: f32) -> Option<Vec2> {
        let ray = self.ray(x, y);
        (ray.z < -1e-4).then(|| {
            let t = -self.position.z / ray.z;
            Vec2::new(self.position.x + ray.x * t, self.position.y + ray.y * t)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pose(heading_deg: f32, roll_deg: f32) -> Pose {
        Pose {
            position: Vec3::new(3.0, -2.0, 6.0),
            heading_deg,
            pitch_deg: 30.0,
            roll_deg,
            fov_deg: 80.0,
            distortion: -0.08,
        }
    }

    #[test]
    fn a_ground_point_is_found_again_through_its_pixel() {
        let camera = Camera::new(&pose(25.0, 1.5), 1280, 720);
        for point in [Vec2::new(8.0, 9.0), Vec2::new(5.0, 14.0), Vec2::new(12.0, 7.0)] {
            let pixel = camera.project(point.extend(0.0)).expect("in front");
            let found = camera.ground(pixel.x, pixel.y).expect("below the horizon");
            assert!(found.distance(point) < 0.02, "{point} came back as {found}");
        }
    }

    #[test]
    fn headings_count_clockwise_from_north() {
        // Heading; a point straight ahead of the camera, and one to its right.
        let table = [
            (0.0, [3.0, 10.0], [6.0, 10.0]),
            (90.0, [15.0, -2.0], [15.0, -5.0]),
            (180.0, [3.0, -14.0], [0.0, -14.0]),
            (270.0, [-9.0, -2.0], [-9.0, 1.0]),
            (45.0, [13.0, 8.0], [15.0, 6.0]),
            (-45.0, [-7.0, 8.0], [-5.0, 10.0]),
        ];
        for (heading, ahead, right) in table {
            let camera = Camera::new(&pose(heading, 0.0), 1280, 720);
            let seen = |[x, y]: [f32; 2]| camera.project(Vec3::new(x, y, 0.0)).expect("in front").x;
            assert!((seen(ahead) - 640.0).abs() < 0.1, "{heading}: ahead is seen at {}", seen(ahead));
            assert!(seen(right) > 700.0, "{heading}: what lies to the right is seen at {}", seen(right));
        }
    }

    #[test]
    fn roll_turns_the_picture_clockwise() {
        let (straight, rolled) =
            (Camera::new(&pose(0.0, 0.0), 1280, 720), Camera::new(&pose(0.0, 5.0), 1280, 720));
        let right = Vec3::new(7.0, 8.0, 0.0);
        let moved = rolled.project(right).expect("in front") - straight.project(right).expect("in front");
        assert!(moved.y > 10.0, "what is on the right comes down, by {moved}");
    }
}
