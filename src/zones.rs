//! Zones of simulated scenes, as a configuration file has them.

/// A zone as a table of a configuration file. JSON's strings, numbers and arrays are TOML's as well.
pub(crate) fn zone_table(zone: &gridwatch_domain::Zone) -> anyhow::Result<String> {
    let limit = zone.limit().filter(|_| zone.zone_type != gridwatch_domain::ZoneType::Area);
    let limit = limit.map(|limit| format!("limit_s = {}\n", limit.get().as_secs_f64()));
    Ok(format!(
        "[[camera.zone]]\nid = {}\nname = {}\ntype = {}\n{}polygon = {}\n",
        serde_json::to_string(&zone.id)?,
        serde_json::to_string(&zone.name)?,
        serde_json::to_string(&zone.zone_type)?,
        limit.unwrap_or_default(),
        serde_json::to_string(&zone.polygon)?
    ))
}
