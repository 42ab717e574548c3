//! `gridwatch passes`: who came close to parked vehicles, as a box has kept it.

mod table;
mod zone;

use anyhow::bail;
use gridwatch_alert::{PassOrder, PassPage, PassQuery, PassReader};
use gridwatch_config::{CameraSettings, EdgeSettings, load_edge_offline};
use gridwatch_domain::NEAR_PASS_SCHEMA;

use self::zone::LocalTime;
use crate::{
    cli::{PassesArguments, PassesSource},
    of_schema::OfSchema,
    output::say,
};

pub(crate) async fn run(arguments: PassesArguments) -> anyhow::Result<()> {
    let (reader, time, settings) = open(&arguments.source)?;
    let names = settings.map(|settings| Names::of(&settings, &arguments));
    let (json, camera) = (arguments.json, arguments.camera.clone());
    let page = reader.passes(&query(arguments)).await?;
    if let Some(names) = names.filter(|_| page.passes.is_empty()) {
        names.check()?;
    }
    if json {
        for stored in &page.passes {
            say!("{}", serde_json::to_string(&OfSchema::new(NEAR_PASS_SCHEMA, stored))?);
        }
    } else {
        show(&page, &time, camera.is_none());
    }
    if page.unreadable > 0 {
        eprintln!("gridwatch: {} more were written by another version and cannot be read", page.unreadable);
    }
    Ok(())
}

fn open(source: &PassesSource) -> anyhow::Result<(PassReader, LocalTime, Option<EdgeSettings>)> {
    match (&source.config, &source.folder) {
        (Some(config), _) => {
            let settings = load_edge_offline(config)?;
            let time = LocalTime::named(&settings.time_zone);
            Ok((PassReader::of_state(&settings.state_dir), time, Some(settings)))
        }
        (None, Some(folder)) => Ok((PassReader::of_state(folder), LocalTime::of_system(), None)),
        (None, None) => bail!("expected --config FILE or --folder FOLDER"),
    }
}

/// What is asked for, and what there is: whoever mistypes a bay must not read that nobody came close to it. Zones that the configuration has no
/// longer may have been passed all the same; so it is only looked at where nothing is found.
struct Names {
    wanted: [(&'static str, Option<String>); 2],
    there: [Vec<String>; 2],
}

impl Names {
    fn of(settings: &EdgeSettings, arguments: &PassesArguments) -> Self {
        let camera = arguments.camera.as_ref().map(ToString::to_string);
        let zone = arguments.bay.as_ref().map(ToString::to_string);
        let is_meant = |of: &&CameraSettings| arguments.camera.as_ref().is_none_or(|wanted| *wanted == of.id);
        let zones = settings.cameras.iter().filter(is_meant).flat_map(|camera| &camera.zones);
        let cameras = settings.cameras.iter().map(|camera| camera.id.to_string());
        Self {
            wanted: [("camera", camera), ("zone", zone)],
            there: [cameras.collect(), zones.map(|zone| zone.id.to_string()).collect()],
        }
    }

    fn check(self) -> anyhow::Result<()> {
        for ((what, wanted), there) in self.wanted.into_iter().zip(self.there) {
            if let Some(wanted) = wanted.filter(|wanted| !there.contains(wanted)) {
                bail!(
                    "the configuration has no {what} {wanted}, and nothing is kept of one; it has: {}",
                    there.join(", ")
                );
            }
        }
        Ok(())
    }
}

fn query(arguments: PassesArguments) -> PassQuery {
    PassQuery {
        camera: arguments.camera,
        zone: arguments.bay,
        place: arguments.place,
        classes: arguments.class.into_iter().map(Into::into).collect(),
        from: arguments.from,
        until: arguments.until,
        within_metres: arguments.within,
        within_sizes: None,
        order: if arguments.order.by_time { PassOrder::Time } else { PassOrder::Nearest },
        after: None,
        limit: arguments.limit,
    }
}

fn show(page: &PassPage, time: &LocalTime, all_cameras: bool) {
    if page.passes.is_empty() {
        say!("没有记录。 Nobody is known to have come close.");
        return;
    }
    say!("{}", table::of(&page.passes, time));
    let (count, zone) = (page.passes.len(), time.name());
    let more =
        if page.next.is_some() { "；还有更多，用 --limit / there are more: --limit" } else { "" };
    say!("共 {count} 条 / {count} near passes{more}。时间为 {zone} / times are of {zone}");
    let camera = if all_cameras { "CAMERA" } else { page.passes[0].pass.camera.as_str() };
    say!(
        "录像 / recordings: gridwatch evidence list --camera {camera}; --json 给出全部字段 / --json has everything"
    );
}
