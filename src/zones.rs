//! Zones of simulated scenes, as a configuration file has them.

/// A zone as a table of a configuration file. JSON's strings, numbers and arrays are TOML's as well.
pub(crate) fn zone_table(zone: &gridwatch_domain::Zone) -> anyhow::Result<String> {
    Ok(format!(
        "[[camera.zone]]\nid = {}\nname = {}\ntype = {}\nlimit_s = {}\npolygon = {}\n",
        serde_json::to_string(&zone.id)?,
        serde_json::to_string(&zone.name)?,
        serde_json::to_string(&zone.zone_type)?,
        zone.limit.get().as_secs_f64(),
        serde_json::to_string(&zone.polygon)?
    ))
}
