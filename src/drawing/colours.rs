//! Which colour is what. Yellow to red is kept for events, by how bad they are.

use gridwatch_alert::drawing::Colour;
use gridwatch_detect::rules::Occupancy;
use gridwatch_domain::{ObjectClass, ZoneType};

/// Behind what is written about the picture.
pub(crate) const DARK: Colour = Colour([18, 22, 28]);
/// What is said in passing.
pub(crate) const QUIET: Colour = Colour([176, 190, 197]);
/// Something that stands.
pub(crate) const PLACE: Colour = Colour([255, 255, 255]);
/// A line that is crossed.
pub(crate) const LINE: Colour = Colour([77, 208, 225]);
/// The metre grid on the ground.
pub(crate) const GROUND: Colour = Colour([225, 190, 231]);
/// What is wrong.
pub(crate) const WRONG: Colour = Colour([255, 64, 129]);

/// Of a zone; of a bay whose occupancy nobody knows.
pub(crate) fn of_zone(zone_type: ZoneType) -> Colour {
    match zone_type {
        ZoneType::NoParking => Colour([186, 104, 200]),
        ZoneType::FireLane => Colour([240, 98, 146]),
        ZoneType::Entrance => Colour([149, 117, 205]),
        ZoneType::Bay => Colour([144, 202, 249]),
        ZoneType::Aisle => Colour([128, 203, 196]),
        ZoneType::Area => Colour([121, 134, 203]),
    }
}

/// Of a bay.
pub(crate) fn of_occupancy(occupancy: Occupancy) -> Colour {
    match occupancy {
        Occupancy::Free => Colour([102, 220, 110]),
        Occupancy::Occupied => Colour([66, 165, 245]),
        Occupancy::Unknown => Colour([158, 158, 158]),
    }
}

/// Of what is detected.
pub(crate) fn of_class(class: ObjectClass) -> Colour {
    match class {
        ObjectClass::Person => Colour([0, 229, 255]),
        ObjectClass::Bicycle => Colour([178, 255, 89]),
        ObjectClass::Motorcycle => Colour([105, 240, 174]),
        ObjectClass::Car => Colour([255, 245, 200]),
        ObjectClass::Bus => Colour([255, 204, 188]),
        ObjectClass::Truck => Colour([215, 204, 200]),
    }
}
