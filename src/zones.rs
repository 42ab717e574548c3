//! What is watched in simulated scenes, as a configuration file has it. JSON's strings, numbers and arrays are TOML's as well.

use gridwatch_domain::{BayGroup, EventKind, Ground, Line, Zone, ZoneRule, ZoneType};
use gridwatch_sim::Scene;

const DAY_S: f64 = 86_400.0;

/// Zones, lines and groups of a scene, as tables of a camera.
pub(crate) fn watched_tables(scene: &Scene) -> anyhow::Result<String> {
    let mut text = String::new();
    for zone in scene.zones() {
        text += &zone_table(&zone)?;
    }
    for line in scene.lines() {
        text += &line_table(&line)?;
    }
    for group in scene.groups() {
        text += &group_table(&group)?;
    }
    Ok(text)
}

/// A zone as a table of a camera.
fn zone_table(zone: &Zone) -> anyhow::Result<String> {
    let mut text = format!(
        "[[camera.zone]]\nid = {}\nname = {}\ntype = {}\nclasses = {}\npolygon = {}\n",
        serde_json::to_string(&zone.id)?,
        serde_json::to_string(&zone.name)?,
        serde_json::to_string(&zone.zone_type)?,
        serde_json::to_string(&zone.classes)?,
        serde_json::to_string(&zone.polygon)?
    );
    for &kind in zone.zone_type.kinds() {
        text += &rule_keys(zone.zone_type, kind, zone.rule(kind));
    }
    Ok(text)
}

/// The keys that make a rule what it is; those of rules that are told unless one says otherwise say so.
fn rule_keys(zone_type: ZoneType, kind: EventKind, rule: Option<&ZoneRule>) -> String {
    let seconds = rule.map(|rule| rule.limit.get().as_secs_f64());
    let optional =
        |key: &str, value: Option<f64>| value.map_or_else(String::new, |value| format!("{key} = {value}\n"));
    let or_never = |key: &str, value: Option<f64>| format!("{key} = {}\n", value.unwrap_or(0.0));
    match kind {
        EventKind::Double => or_never("double_s", seconds),
        EventKind::Straddling => or_never("straddling_s", seconds),
        EventKind::LongStay => or_never("long_stay_days", seconds.map(|seconds| seconds / DAY_S)),
        EventKind::ContactSuspected => format!("contact = {}\n", rule.is_some()),
        EventKind::Intrusion => optional("intrusion_s", seconds),
        EventKind::Loitering => optional("loitering_s", seconds),
        EventKind::Crowd => {
            let crowd = rule.map_or_else(String::new, |rule| format!("crowd = {}\n", rule.least));
            crowd + &optional("crowd_s", seconds)
        }
        _ if zone_type == ZoneType::Area => String::new(),
        _ => optional("limit_s", seconds),
    }
}

fn line_table(line: &Line) -> anyhow::Result<String> {
    Ok(format!(
        "[[camera.line]]\nid = {}\nname = {}\nclasses = {}\nfrom = {}\nto = {}\none_way = {}\n",
        serde_json::to_string(&line.id)?,
        serde_json::to_string(&line.name)?,
        serde_json::to_string(&line.classes)?,
        serde_json::to_string(&line.ends[0])?,
        serde_json::to_string(&line.ends[1])?,
        line.rule(EventKind::WrongWay).is_some()
    ))
}

fn group_table(group: &BayGroup) -> anyhow::Result<String> {
    Ok(format!(
        "[[camera.group]]\nid = {}\nname = {}\nbays = {}\nfull = {}\nlimit_s = {}\n",
        serde_json::to_string(&group.id)?,
        serde_json::to_string(&group.name)?,
        serde_json::to_string(&group.bays)?,
        group.rule.least,
        group.rule.limit.get().as_secs_f64()
    ))
}

/// A calibration as the table of a camera.
pub(crate) fn ground_table(ground: &Ground) -> anyhow::Result<String> {
    Ok(format!(
        "[camera.ground]\npoints = {}\nmetres = {}\n",
        serde_json::to_string(&ground.points())?,
        serde_json::to_string(&ground.metres())?
    ))
}
