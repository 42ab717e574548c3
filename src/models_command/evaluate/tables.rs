//! The report as tables, for a terminal and as Markdown.

use comfy_table::{CellAlignment, Table, presets};
use gridwatch_domain::ObjectClass;
use gridwatch_models::evaluation::{Figures, Group};

use super::report::{GroupReport, NetworkReport, Report};

/// The order of groups: what counts most comes first.
pub(in crate::models_command) const COLUMNS: [Group; 8] = [
    Group::Vehicle,
    Group::Class(ObjectClass::Car),
    Group::Class(ObjectClass::Bus),
    Group::Class(ObjectClass::Truck),
    Group::TwoWheeler,
    Group::Class(ObjectClass::Motorcycle),
    Group::Class(ObjectClass::Bicycle),
    Group::Class(ObjectClass::Person),
];
/// Of which figures are told by source.
const BY_SOURCE: [Group; 3] = [Group::Vehicle, Group::TwoWheeler, Group::Class(ObjectClass::Person)];
/// Stands for a figure that there is not.
const NONE: &str = "n/a";

/// A table and what it shows.
pub(in crate::models_command) struct Titled {
    title: String,
    table: Table,
}

impl Titled {
    fn new(title: String, header: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN).set_header(header).add_rows(rows);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        Self { title, table }
    }

    /// For a terminal: the table can be pasted into Markdown as it is.
    pub(in crate::models_command) fn terminal(&self) -> String {
        format!("{}\n{}\n", self.title, self.table)
    }

    pub(in crate::models_command) fn markdown(&self) -> String {
        format!("**{}**\n\n{}\n", self.title, self.table)
    }
}

pub(in crate::models_command) fn of(report: &Report) -> Vec<Titled> {
    let average = |title: &str, figure: fn(&Figures) -> Option<f64>| {
        let cell = move |figures: &Figures| share(figure(figures));
        by_group(format!("{title}, {} pictures of {}", report.pictures, report.data), report, cell)
    };
    let mut tables = vec![
        average("AP50", |figures| figures.ap50),
        average("AP50:95", |figures| figures.ap50_95),
        by_group("Recall / precision at the network's own score".to_owned(), report, |figures| {
            format!("{} / {}", share(figures.recall), share(figures.precision))
        }),
    ];
    tables.extend(BY_SOURCE.into_iter().filter_map(|group| by_source(group, report)));
    tables.push(networks(report));
    tables.extend(timings(report));
    tables
}

/// A column a group, a row a network; the first row counts objects.
fn by_group(title: String, report: &Report, cell: impl Fn(&Figures) -> String) -> Titled {
    let header = std::iter::once("network".to_owned()).chain(COLUMNS.map(|group| group.to_string()));
    let row = |network: &NetworkReport| {
        let cells =
            COLUMNS.map(|group| of_group(network, group).map_or(NONE.to_owned(), |of| cell(&of.figures)));
        std::iter::once(network.name.clone()).chain(cells).collect()
    };
    let counts = report.networks.first().map(|network| {
        let counts =
            COLUMNS.map(|group| of_group(network, group).map_or(0, |of| of.figures.objects).to_string());
        std::iter::once("(objects)".to_owned()).chain(counts).collect()
    });
    Titled::new(title, header.collect(), counts.into_iter().chain(report.networks.iter().map(row)).collect())
}

/// A column a source, a row a network; `None` where the data set tells no sources or has no such object.
fn by_source(group: Group, report: &Report) -> Option<Titled> {
    let first = of_group(report.networks.first()?, group)?;
    if first.sources.is_empty() || first.figures.objects == 0 {
        return None;
    }
    let names = first.sources.iter().map(|of| of.source.clone());
    let counts = first.sources.iter().map(|of| of.figures.objects.to_string());
    let counts = std::iter::once("(objects)".to_owned()).chain(counts).collect();
    let row = |network: &NetworkReport| {
        let sources = of_group(network, group).map_or(&[][..], |of| &of.sources);
        let cells = sources.iter().map(|of| share(of.figures.ap50));
        std::iter::once(network.name.clone()).chain(cells).collect()
    };
    Some(Titled::new(
        format!("AP50 of {group} by source"),
        std::iter::once("network".to_owned()).chain(names).collect(),
        std::iter::once(counts).chain(report.networks.iter().map(row)).collect(),
    ))
}

fn networks(report: &Report) -> Titled {
    let row = |network: &NetworkReport| {
        vec![
            network.name.clone(),
            format!("{}x{}", network.input[0], network.input[1]),
            (network.bytes / 1024).to_string(),
            network.score.to_string(),
            network.licence.clone(),
        ]
    };
    Titled::new(
        "Networks".to_owned(),
        ["network", "input", "KiB", "own score", "licence"].map(str::to_owned).into(),
        report.networks.iter().map(row).collect(),
    )
}

/// `None` where nothing was timed.
fn timings(report: &Report) -> Option<Titled> {
    let rows: Vec<Vec<String>> = report
        .networks
        .iter()
        .flat_map(|network| network.timings.iter().map(move |timing| (network, timing)))
        .map(|(network, timing)| {
            let steps = [timing.letterbox, timing.network, timing.reading, timing.total];
            let steps = steps.map(|step| format!("{:.2}", step.median_ms));
            let all = std::iter::once(format!("{:.2}", timing.total.p95_ms));
            [network.name.clone(), timing.provider.clone()].into_iter().chain(steps).chain(all).collect()
        })
        .collect();
    let header = ["network", "provider", "letterbox", "network alone", "boxes", "all", "all, p95"];
    let title = "Time for a picture in ms, one thread, medians of turns taken".to_owned();
    (!rows.is_empty()).then(|| Titled::new(title, header.map(str::to_owned).into(), rows))
}

pub(in crate::models_command) fn of_group(network: &NetworkReport, group: Group) -> Option<&GroupReport> {
    network.groups.iter().find(|of| of.group == group)
}

fn share(value: Option<f64>) -> String {
    value.map_or(NONE.to_owned(), |value| format!("{value:.3}"))
}
