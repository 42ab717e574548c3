//! What kind of object a detector sees.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The classes gridwatch's rules know. A network's own labels are mapped onto these; the rest is ignored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ObjectClass {
    /// A person, walking, standing or riding.
    Person,
    /// A pedal cycle.
    Bicycle,
    /// A motorcycle or electric bicycle (电动车), with its rider if there is one.
    Motorcycle,
    /// A car, SUV or small van.
    Car,
    /// A bus or coach.
    Bus,
    /// A lorry, from the small flatbed upwards.
    Truck,
}

impl ObjectClass {
    /// All classes, in wire order.
    pub const ALL: [Self; 6] =
        [Self::Person, Self::Bicycle, Self::Motorcycle, Self::Car, Self::Bus, Self::Truck];

    /// Whether this takes up a parking space. Small networks flip between car, truck and bus from frame to frame, so
    /// suppression and the memory of places treat these as one.
    pub fn is_vehicle(self) -> bool {
        matches!(self, Self::Car | Self::Bus | Self::Truck)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bicycle => "bicycle",
            Self::Motorcycle => "motorcycle",
            Self::Car => "car",
            Self::Bus => "bus",
            Self::Truck => "truck",
        }
    }
}

impl fmt::Display for ObjectClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
