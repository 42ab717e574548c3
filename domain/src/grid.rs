//! The tree of a county: county → township → community → grid cell, each code a prefix of its children's.

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::DomainError;

/// A node's code: 6 digits (county), 9 (township or subdistrict), 12 (village or community) or 15 (grid cell: the
/// community's statistical division code and a serial of 3 digits).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CellCode(String);

/// A level of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellLevel {
    /// 县, 区: 6 digits.
    County,
    /// 乡镇, 街道: 9 digits.
    Township,
    /// 村, 社区: 12 digits.
    Community,
    /// 网格: 15 digits.
    Cell,
}

impl CellCode {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The level, from the number of digits.
    pub fn level(&self) -> CellLevel {
        match self.0.len() {
            6 => CellLevel::County,
            9 => CellLevel::Township,
            12 => CellLevel::Community,
            _ => CellLevel::Cell,
        }
    }

    /// One level up; `None` for a county.
    pub fn parent(&self) -> Option<Self> {
        (self.level() != CellLevel::County).then(|| Self(self.0[..self.0.len() - 3].to_owned()))
    }

    /// Whether `self` is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}
impl FromStr for CellCode {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && matches!(text.len(), 6 | 9 | 12 | 15) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DomainError::CellCode(text.to_owned()))
        }
    }
}
impl TryFrom<String> for CellCode {
    type Error = DomainError;
    fn try_from(text: String) -> Result<Self, DomainError> {
        text.parse()
    }
}
impl From<CellCode> for String {
    fn from(code: CellCode) -> Self {
        code.0
    }
}
impl fmt::Display for CellCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl schemars::JsonSchema for CellCode {
    fn schema_name() -> Cow<'static, str> {
        "CellCode".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})$" })
    }
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridNode {
    /// Its code.
    pub code: CellCode,
    /// What people call it.
    pub name: String,
    /// Who leads it (网格长), if known.
    pub leader: Option<String>,
}

/// A county's nodes: every node's parent is there, no code twice. Counties need no parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GridTree {
    nodes: BTreeMap<CellCode, GridNode>,
}

impl GridTree {
    /// Checks and takes the nodes, in any order.
    pub fn new(nodes: Vec<GridNode>) -> Result<Self, DomainError> {
        let mut tree = BTreeMap::new();
        for node in nodes {
            if let Some(twice) = tree.insert(node.code.clone(), node) {
                return Err(DomainError::GridTwice(twice.code.to_string()));
            }
        }
        for code in tree.keys() {
            if let Some(parent) = code.parent().filter(|parent| !tree.contains_key(parent)) {
                return Err(DomainError::GridParent { code: code.to_string(), parent: parent.to_string() });
            }
        }
        Ok(Self { nodes: tree })
    }

    /// The node of a code.
    pub fn get(&self, code: &CellCode) -> Option<&GridNode> {
        self.nodes.get(code)
    }

    /// All nodes, by code: parents before their children.
    pub fn nodes(&self) -> impl Iterator<Item = &GridNode> {
        self.nodes.values()
    }

    /// Names from the county down to `code`; empty where the code is unknown.
    pub fn path(&self, code: &CellCode) -> Vec<&str> {
        let mut names = Vec::new();
        let mut next = self.nodes.contains_key(code).then(|| code.clone());
        while let Some(code) = next {
            names.extend(self.nodes.get(&code).map(|node| node.name.as_str()));
            next = code.parent();
        }
        names.reverse();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(code: &str, name: &str) -> GridNode {
        GridNode { code: code.parse().expect("valid code"), name: name.to_owned(), leader: None }
    }

    #[test]
    fn a_path_runs_from_the_county_down() {
        let tree = GridTree::new(vec![
            node("520121002003007", "第七网格"),
            node("520121", "开阳县"),
            node("520121002", "硒城街道"),
            node("520121002003", "刘家坡社区"),
        ])
        .expect("complete");
        let cell = "520121002003007".parse().expect("valid code");
        assert_eq!(tree.path(&cell), ["开阳县", "硒城街道", "刘家坡社区", "第七网格"]);
        assert!(tree.path(&"520121002003008".parse().expect("valid code")).is_empty());
    }

    #[test]
    fn refuses_orphans_twins_and_other_lengths() {
        assert!(matches!(
            GridTree::new(vec![node("520121002", "街道")]),
            Err(DomainError::GridParent { .. })
        ));
        assert!(matches!(
            GridTree::new(vec![node("520121", "a"), node("520121", "b")]),
            Err(DomainError::GridTwice(_))
        ));
        assert!("5201210".parse::<CellCode>().is_err());
        assert!("52012a".parse::<CellCode>().is_err());
    }
}
