//! `gridwatch passes`: who came close to parked vehicles, as a box has kept it.

mod table;
mod zone;

use anyhow::bail;
use gridwatch_alert::{PassOrder, PassPage, PassQuery, PassReader};
use gridwatch_config::load_edge_offline;

use self::zone::LocalTime;
use crate::{
    cli::{PassesArguments, PassesSource},
    output::say,
};

pub(crate) async fn run(arguments: PassesArguments) -> anyhow::Result<()> {
    let (reader, time) = open(&arguments.source)?;
    let (json, camera) = (arguments.json, arguments.camera.clone());
    let page = reader.passes(&query(arguments)).await?;
    if json {
        for stored in &page.passes {
            say!("{}", serde_json::to_string(stored)?);
        }
    } else {
        show(&page, &time, camera.is_none());
    }
    if page.unreadable > 0 {
        eprintln!("gridwatch: {} more were written by another version and cannot be read", page.unreadable);
    }
    Ok(())
}

fn open(source: &PassesSource) -> anyhow::Result<(PassReader, LocalTime)> {
    match (&source.config, &source.folder) {
        (Some(config), _) => {
            let settings = load_edge_offline(config)?;
            let time = LocalTime::named(&settings.time_zone);
            Ok((PassReader::of_state(&settings.state_dir), time))
        }
        (None, Some(folder)) => Ok((PassReader::of_state(folder), LocalTime::of_system())),
        (None, None) => bail!("expected --config FILE or --folder FOLDER"),
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
