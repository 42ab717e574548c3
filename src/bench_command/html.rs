//! The report as one page that needs nothing beside it.

use super::{
    plot,
    report::{Report, SceneReport},
    tables,
};

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;font-size:13px}td,th{border:1px solid #ccc;padding:3px 7px;text-align:right}\
th{background:#f3f3f3}.no td{color:#a00}svg{max-width:100%;height:auto}";

/// The page.
pub(super) fn page(report: &Report) -> anyhow::Result<String> {
    let machine = &report.machine;
    let about = format!(
        "gridwatch {}, on {} (Linux {}): pipeline on {} of {} cores, simulated cameras {}. Network {}, decode {}; {} s a trial, {} s after its beginning. Targets: {}.",
        report.version,
        machine.processor,
        machine.kernel,
        machine.pipeline_cores,
        machine.cores,
        if machine.apart { "on the others" } else { "on the same" },
        report.settings.network,
        report.settings.decode,
        report.settings.seconds,
        report.settings.settle_s,
        report.settings.targets.words()
    );
    let mut text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>gridwatch bench</title><style>{STYLE}</style>\
         <h1>How many cameras this box holds</h1><p>{}</p>",
        escaped(&about)
    );
    for scene in &report.scenes {
        text += &of_scene(scene)?;
    }
    Ok(text + "</html>\n")
}

fn of_scene(scene: &SceneReport) -> anyhow::Result<String> {
    let mut text = format!(
        "<h2>{}</h2><p>{}</p><table><tr>",
        escaped(&scene.footage.scene),
        escaped(&tables::verdict(scene))
    );
    for column in tables::HEADER {
        text += &format!("<th>{}</th>", escaped(column));
    }
    text += "</tr>";
    for trial in &scene.trials {
        text += if trial.holds() { "<tr>" } else { "<tr class=\"no\">" };
        for cell in tables::row(trial) {
            text += &format!("<td>{}</td>", escaped(&cell));
        }
        text += "</tr>";
    }
    text += "</table><p>mc: thousandths of a core for each camera. gap: longest time without an analysed picture, worst camera.</p><ul>";
    for (trial, problem) in
        scene.trials.iter().flat_map(|trial| trial.missed.iter().map(move |problem| (trial, problem)))
    {
        text += &format!("<li>{} cameras: {}</li>", trial.cameras, escaped(problem));
    }
    text += "</ul>";
    let first = scene.trials.first().map(|trial| trial.cameras);
    // One number of cameras makes no curve.
    if scene.trials.iter().any(|trial| Some(trial.cameras) != first) {
        text += &plot::scaling(scene)?;
    }
    if let Some(trial) = scene.told_of() {
        text += &format!("<h3>At {} cameras</h3>", trial.cameras);
        text += &plot::latency(trial)?;
        text += &plot::course(trial)?;
        text += &format!("<p>{}</p>", escaped(&tables::course(trial)));
        let watts = trial.watts.map_or("this machine does not tell".to_owned(), |watts| {
            format!("{watts:.1} W, the whole machine's processors")
        });
        let wakings = trial.wakings_an_hour.iter().filter(|(_, times)| **times > 0.0);
        let wakings: Vec<String> = wakings.map(|(reason, times)| format!("{reason} {times:.1}")).collect();
        text += &format!(
            "<p>A camera at rest wakes, times an hour: {}.</p>",
            if wakings.is_empty() { "never".to_owned() } else { escaped(&wakings.join(", ")) }
        );
        text += &format!(
            "<p>Simulated cameras and broker: {:.2} cores. Memory: {:.0} MiB before the first camera, at most {:.0} MiB; of {:.1} MiB a \
             camera {:.1} are encoded pictures of the last seconds. Energy: {}.</p>",
            trial.servers.cores,
            trial.memory_base as f64 / 1_048_576.0,
            trial.memory_most as f64 / 1_048_576.0,
            trial.memory_each / 1_048_576.0,
            trial.ring_each / 1_048_576.0,
            escaped(&watts)
        );
    }
    Ok(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_all_of_it_and_needs_nothing_beside() {
        let mut report = Report::example();
        report.scenes[0].footage.scene = "<quiet>".into();
        let page = page(&report).expect("it can be drawn");
        assert_eq!(page.matches("<svg").count(), 3);
        assert!(page.contains("&lt;quiet&gt;") && !page.contains("<quiet>"));
        assert!(page.contains("16 cameras hold") && page.contains("40 cameras: 12 of 14 events found"));
        assert!(!page.contains("src=") && !page.contains("href="), "self-contained");
    }

    #[test]
    fn one_number_of_cameras_makes_no_curve() {
        let mut report = Report::example();
        report.scenes[0].trials.retain(|trial| trial.cameras == 16);
        assert_eq!(page(&report).expect("it can be drawn").matches("<svg").count(), 2);
    }
}
