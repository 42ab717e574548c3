//! The report in words, for the terminal.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::{
    protocol::Moment,
    report::{Report, SceneReport, Spread, Trial},
};

const MIB: f64 = 1_048_576.0;

/// A trial in one line, as soon as it is over.
pub(super) fn line(trial: &Trial) -> String {
    let verdict = if trial.holds() {
        "holds".to_owned()
    } else {
        format!("does not hold: {}", trial.missed.join("; "))
    };
    let events = match trial.events.wanted {
        0 => "no event was due, so that nothing is said of recall".to_owned(),
        wanted => format!("{} of {wanted} events", trial.events.found),
    };
    format!(
        "{} cameras on {:.2} cores ({:.0} a core), {events}: {verdict}",
        trial.cameras,
        trial.used(),
        trial.per_core(),
    )
}

/// Everything.
pub(super) fn all(report: &Report) -> String {
    let machine = &report.machine;
    let servers = if machine.apart { "on the others" } else { "on the same" };
    let mut text = format!(
        "\n{}, pipeline on {} of {} cores, simulated cameras {servers}; network {}, decode {}\n",
        machine.processor,
        machine.pipeline_cores,
        machine.cores,
        report.settings.network,
        report.settings.decode
    );
    for scene in &report.scenes {
        text += &of_scene(scene);
    }
    text
}

/// The number held in one sentence.
pub(super) fn verdict(scene: &SceneReport) -> String {
    let footage = &scene.footage;
    let form = format!(
        "{}, {}x{}, {:?}, {:.1} Mbit/s, key picture every {} pictures",
        footage.scene,
        footage.width,
        footage.height,
        footage.codec,
        f64::from(footage.kbit) / 1000.0,
        footage.group
    );
    let Some(best) = scene.best() else {
        return format!("{form}: no number that was tried holds");
    };
    let more = match (&scene.saturated, scene.searched) {
        (Some(what), _) => format!("; with more, what runs out is {what}"),
        (None, true) => "; no more were tried (--most)".to_owned(),
        (None, false) => "; this number was asked for, no other was tried".to_owned(),
    };
    format!(
        "{form}: {} cameras hold on {:.2} cores, {:.0} a core{more}",
        best.cameras,
        best.used(),
        best.per_core()
    )
}

fn of_scene(scene: &SceneReport) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(HEADER);
    for trial in &scene.trials {
        table.add_row(row(trial));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("\n{}\n{table}\n", verdict(scene));
    for trial in &scene.trials {
        for problem in &trial.missed {
            text += &format!("{} cameras: {problem}\n", trial.cameras);
        }
    }
    if let Some(trial) = scene.told_of() {
        text += &format!("at {} cameras: {}\n", trial.cameras, course(trial));
    }
    if scene.trials.iter().all(|trial| trial.watts.is_none()) {
        text += "energy: this machine does not tell (no readable meter under /sys/class/powercap)\n";
    }
    text
}

/// From a shorter time nothing is said of an hour.
const LEAST_COURSE_S: f64 = 300.0;

/// What the process held over the time of the measurement, in words.
pub(super) fn course(trial: &Trial) -> String {
    let range = |name: &str, value: &dyn Fn(&Moment) -> f64| {
        let values = || trial.course.iter().map(value);
        let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
        format!("{name} {least:.0}–{most:.0}")
    };
    let growth = trial.growth_an_hour().filter(|_| trial.seconds >= LEAST_COURSE_S);
    let growth = growth.map_or_else(
        || "too short to tell how it goes on".to_owned(),
        |growth| format!("{:+.1} an hour after the first quarter", growth / MIB),
    );
    format!(
        "in {:.1} minutes {} ({growth}), {}, {}",
        trial.seconds / 60.0,
        range("memory in MiB", &|moment| moment.memory as f64 / MIB),
        range("open files", &|moment| f64::from(moment.files)),
        range("threads", &|moment| f64::from(moment.threads))
    )
}

/// The columns of [`row`].
pub(super) const HEADER: [&str; 15] = [
    "cameras",
    "holds",
    "cores",
    "a core",
    "receive mc",
    "decode mc",
    "inference mc",
    "rules, alert mc",
    "overhead %",
    "MiB each",
    "decoded/s",
    "network/s",
    "gap s",
    "events",
    "limit → told s, 95 %",
];

/// A trial's figures; `mc` are thousandths of a core for each camera.
pub(super) fn row(trial: &Trial) -> [String; 15] {
    let each = |used: f64| format!("{:.2}", used * 1000.0 / f64::from(trial.cameras.max(1)));
    let rest =
        trial.used() - ["receive", "decode", "inference"].map(|stage| trial.stage(stage)).iter().sum::<f64>();
    [
        trial.cameras.to_string(),
        if trial.holds() { "yes" } else { "no" }.to_owned(),
        format!("{:.3}", trial.used()),
        format!("{:.0}", trial.per_core()),
        each(trial.stage("receive")),
        each(trial.stage("decode")),
        each(trial.stage("inference")),
        each(rest),
        format!("{:.1}", trial.overhead() * 100.0),
        format!("{:.1}", trial.memory_each / MIB),
        format!("{:.2}", trial.decoded),
        format!("{:.2}", trial.inferred),
        format!("{:.1}", trial.longest_gap_s),
        format!("{}/{}", trial.events.found, trial.events.wanted),
        spread(trial.events.limit_to_arrival_s.as_ref()),
    ]
}

fn spread(spread: Option<&Spread>) -> String {
    spread.map_or("–".to_owned(), |spread| format!("{:.2}", spread.p95))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_comes_first_and_every_trial_has_its_line() {
        let report = Report::example();
        let text = all(&report);
        let verdict = "quiet, 1920x1080, H264, 4.0 Mbit/s, key picture every 50 pictures: 16 cameras hold";
        assert!(text.contains(verdict), "{text}");
        assert!(
            text.contains("40 cameras: 12 of 14 events found") && text.contains("does not tell"),
            "{text}"
        );
        assert!(
            text.contains("at 16 cameras: in 1.0 minutes memory in MiB 190–190 (too short to tell"),
            "{text}"
        );
        let longer = Trial { seconds: 600.0, ..Trial::example(16) };
        assert!(course(&longer).contains("(+0.0 an hour after the first quarter)"), "{}", course(&longer));
        assert_eq!(row(&Trial::example(10))[4], "2.00");
        let none = SceneReport { held: 0, ..report.scenes[0].clone() };
        assert!(super::verdict(&none).contains("no number that was tried holds"));
    }
}
