//! What was observed in each analysed picture: `gridwatch.observation/1`, one a line.
//!
//! Only what is judged is read, and what a later version adds is passed over.

use std::io::BufRead;

use gridwatch_domain::{NormBox, Timestamp};
use serde::{Deserialize, Serialize};

use super::lines::{self, LineProblems, Read};

/// The schema that this version reads.
pub(crate) const OBSERVATION_SCHEMA: &str = "gridwatch.observation/1";

/// One analysed picture.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Observation {
    pub(crate) camera: String,
    pub(crate) at: Timestamp,
    #[serde(default)]
    pub(crate) detections: Vec<ObservedDetection>,
    #[serde(default)]
    pub(crate) places: Vec<ObservedPlace>,
    #[serde(default)]
    pub(crate) zones: Vec<ObservedZone>,
}

/// An object that the network saw.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ObservedDetection {
    #[serde(rename = "box")]
    pub(crate) bbox: NormBox,
    /// The track that it belongs to.
    #[serde(default)]
    pub(crate) track: Option<u64>,
}

/// A place that is remembered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ObservedPlace {
    pub(crate) id: String,
    #[serde(rename = "box")]
    pub(crate) bbox: NormBox,
}

/// What is told of a zone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ObservedZone {
    pub(crate) id: String,
    /// Of a bay.
    #[serde(default)]
    pub(crate) occupancy: Option<Occupancy>,
}

/// Whether a bay is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Occupancy {
    Free,
    Occupied,
    /// Nobody knows, or a later version's word.
    #[serde(other)]
    Unknown,
}

/// Reads all observations, in the order of their times.
pub(crate) fn read_observations(from: impl BufRead) -> Result<Read<Observation>, LineProblems> {
    let mut problems = LineProblems::default();
    let read = lines::read(from, OBSERVATION_SCHEMA, &mut problems);
    let mut observations: Vec<Observation> =
        read.items.into_iter().map(|(_, observation)| observation).collect();
    observations.sort_by_key(|observation| observation.at);
    if problems.is_empty() { Ok(Read { items: observations, partial: read.partial }) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_is_read_and_the_rest_is_passed_over() {
        let lines = concat!(
            r#"{"schema":"gridwatch.observation/1","camera":"c","at":"1970-01-01T00:00:02Z","frame":20,"weather":"fog","#,
            r#""zones":[{"id":"bay-1","count":1,"occupancy":"haunted"},{"id":"lane","count":0,"occupancy":null}]}"#,
            "\n\n",
            r#"{"schema":"gridwatch.observation/1","camera":"c","at":"1970-01-01T00:00:01Z","frame":10,"#,
            r#""detections":[{"class":"car","score":0.8,"box":[0.1,0.1,0.2,0.2],"track":5,"place":"p3"}],"#,
            r#""places":[{"id":"p3","class":"car","state":"standing","presence":"seen","box":[0.1,0.1,0.2,0.2]}],"troubles":[]}"#,
        );
        let observations = read_observations(lines.as_bytes()).expect("valid").items;
        assert_eq!(observations[0].detections[0].track, Some(5));
        assert_eq!(observations[0].places[0].id, "p3");
        let zones: Vec<_> = observations[1].zones.iter().map(|zone| zone.occupancy).collect();
        assert_eq!(zones, [Some(Occupancy::Unknown), None]);
        let said =
            read_observations(&b"{\"schema\":\"gridwatch.observation/1\"}"[..]).expect_err("no camera");
        assert!(
            said.to_string().contains("line 1: not of gridwatch.observation/1: missing field `camera`"),
            "{said}"
        );
    }
}
