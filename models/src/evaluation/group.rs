//! What figures are told of: single classes, and groups that count as one class.

use std::fmt;

use gridwatch_domain::ObjectClass;
use serde::{Serialize, Serializer};

/// Classes that are counted as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// One class: an object found under another name is missed, and the name it was given is wrong.
    Class(ObjectClass),
    /// Whatever takes up a parking space: car (vans among them), bus, truck. What every parking rule goes by.
    Vehicle,
    /// Bicycles and motorcycles (e-bikes among them).
    TwoWheeler,
}

impl Group {
    /// All groups, classes first.
    pub fn all() -> impl Iterator<Item = Self> {
        ObjectClass::ALL.into_iter().map(Self::Class).chain([Self::Vehicle, Self::TwoWheeler])
    }

    /// Whether objects of `class` belong to it.
    pub fn includes(self, class: ObjectClass) -> bool {
        match self {
            Self::Class(only) => class == only,
            Self::Vehicle => class.is_vehicle(),
            Self::TwoWheeler => matches!(class, ObjectClass::Bicycle | ObjectClass::Motorcycle),
        }
    }

    /// Its name in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class(class) => class.as_str(),
            Self::Vehicle => "vehicle",
            Self::TwoWheeler => "two-wheeler",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
