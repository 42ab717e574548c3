//! The configuration while the box runs: the file is watched, the API's orders are carried out, and what is right is put in force.
//!
//! A file with anything wrong in it changes nothing: what was in force stays, and log, metrics and the box's status say so.

use std::path::{Path, PathBuf};

use gridwatch_config::{Problems, parse_edge};
use gridwatch_runtime::Metrics;
use tokio::sync::mpsc;
use tracing::{debug, error, info, warn};

use super::{
    Edge,
    change::Change,
    file::{LOOK_EVERY, Look, WatchedFile},
};
use crate::edge_api::{Answer, Document, Order, Refusal, replace_file};

/// Problems that the status tells; the log has all of them.
const PROBLEMS_TOLD: usize = 3;
/// Most characters of each that it tells: some repeat what was found, which may be a polygon of a thousand corners.
const LONGEST_TOLD: usize = 300;

/// See the module's documentation.
pub(crate) struct LiveConfiguration {
    path: PathBuf,
    file: WatchedFile,
    /// The text whose cameras are in force.
    in_force: String,
    /// Whether the file is refused at present.
    is_refused: bool,
    metrics: ConfigMetrics,
}

struct ConfigMetrics(Metrics);

impl ConfigMetrics {
    fn count(&self, outcome: &str) {
        let changes = self.0.counters(
            "gridwatch_edge_config_changes_total",
            "Times that another configuration was found: applied or refused.",
            &["outcome"],
        );
        changes.with_label_values(&[outcome]).inc();
    }

    fn show_refused(&self, is_refused: bool) {
        let refused = self.0.gauges(
            "gridwatch_edge_config_refused",
            "1 while the configuration file has something wrong in it, so that the one before it stays in force.",
            &[],
        );
        refused.with_label_values(&[] as &[&str]).set(i64::from(is_refused));
    }
}

impl LiveConfiguration {
    /// `look`: the file as it was when its settings were put in force.
    pub(crate) fn new(path: PathBuf, look: Look, metrics: &Metrics) -> Self {
        let in_force = look.text.clone().unwrap_or_default();
        let metrics = ConfigMetrics(metrics.clone());
        metrics.show_refused(false);
        Self { file: WatchedFile::new(path.clone(), look), path, in_force, is_refused: false, metrics }
    }

    /// Keeps `edge` as the file and the orders say. Never ends.
    pub(crate) async fn run(&mut self, edge: &mut Edge, mut orders: mpsc::Receiver<Order>) {
        loop {
            tokio::select! {
                look = self.file.changed() => self.take_file(edge, look).await,
                Some(order) = orders.recv() => {
                    let answer = self.carry_out(edge, &order).await;
                    order.answer(answer);
                }
            }
        }
    }

    /// The file has changed.
    async fn take_file(&mut self, edge: &mut Edge, look: Look) {
        let text = match look.text {
            Ok(text) => text,
            Err(problem) => return self.refuse(edge, &problem, &problem),
        };
        match parse_edge(&text, folder(&self.path)) {
            Ok(settings) => {
                // What went wrong is in the log.
                let _ = self.put_in_force(edge, text, settings).await;
            }
            Err(problems) => self.refuse(edge, &format!("\n{problems}"), &shortened(&problems)),
        }
    }

    fn refuse(&mut self, edge: &Edge, all: &str, short: &str) {
        error!(path = %self.path.display(), "the configuration cannot be used, the one before it stays in force: {all}");
        self.is_refused = true;
        self.metrics.count("refused");
        self.metrics.show_refused(true);
        edge.tell_configuration_problem(Some(format!(
            "配置文件有误，仍按原配置运行 / the configuration file cannot be used, the one before it stays in force: {short}"
        )));
    }

    async fn put_in_force(
        &mut self,
        edge: &mut Edge,
        text: String,
        settings: gridwatch_config::EdgeSettings,
    ) -> anyhow::Result<Change> {
        let change = edge.apply(settings).await.inspect_err(|error| {
            error!(error = format!("{error:#}"), "a change of the configuration went wrong");
        })?;
        if std::mem::take(&mut self.is_refused) {
            info!(path = %self.path.display(), "the configuration can be used again");
            self.metrics.show_refused(false);
            edge.tell_configuration_problem(None);
        }
        if text != self.in_force || !change.is_empty() {
            self.metrics.count("applied");
        }
        self.in_force = text;
        tell(&change);
        Ok(change)
    }

    /// The file as it is.
    async fn settled(&self) -> Result<Look, Refusal> {
        settled(&self.in_force, async || {
            let path = self.path.clone();
            tokio::task::spawn_blocking(move || Look::at(&path)).await.map_err(Refusal::failed)
        })
        .await
    }

    /// What a caller of the API asked for; in force when it is answered, or told to be so later.
    async fn carry_out(&mut self, edge: &mut Edge, order: &Order) -> Result<Answer, Refusal> {
        if order.only_reads() {
            return order.read(&Document::parse(&self.in_force)?);
        }
        // Somebody may have changed the file in this moment: their change is built on, or the tag does not match.
        let text = self.settled().await?.text.map_err(Refusal::unreadable)?;
        parse_edge(&text, folder(&self.path)).map_err(|problems| Refusal::file_has_problems(&problems))?;
        let mut document = Document::parse(&text)?;
        let answer = order.change(&mut document)?;
        let text = document.text();
        let settings =
            parse_edge(&text, folder(&self.path)).map_err(|problems| order.invalid(&document, &problems))?;
        let (path, written) = (self.path.clone(), text.clone());
        tokio::task::spawn_blocking(move || replace_file(&path, &written))
            .await
            .map_err(Refusal::failed)?
            .map_err(|error| Refusal::unwritable(&self.path, &error))?;
        match self.put_in_force(edge, text, settings).await {
            Ok(change) if change.is_held_up => Ok(Answer::Later(Box::new(answer))),
            Ok(_) => Ok(answer),
            Err(_) => Err(Refusal::failed(
                "the file is written, and the change could not be put in force; see the log",
            )),
        }
    }
}

/// The file as `look` shows it, looked at twice where it is not what is in force: it may be half written.
async fn settled(in_force: &str, look: impl AsyncFn() -> Result<Look, Refusal>) -> Result<Look, Refusal> {
    let (mut ticks, mut seen) = (tokio::time::interval(LOOK_EVERY), None);
    loop {
        ticks.tick().await;
        let look = look().await?;
        if look.text.as_deref() == Ok(in_force) || seen.as_ref() == Some(&look) {
            return Ok(look);
        }
        seen = Some(look);
    }
}

fn tell(change: &Change) {
    if change.is_empty() && change.after_restart.is_empty() {
        return debug!("nothing of the configuration is different");
    }
    if !change.is_empty() {
        let names = |cameras: &[gridwatch_config::CameraSettings]| -> Vec<String> {
            cameras.iter().map(|camera| camera.id.to_string()).collect()
        };
        let removed: Vec<String> = change.removed.iter().map(ToString::to_string).collect();
        info!(
            added = names(&change.added).join(" "),
            removed = removed.join(" "),
            begun_anew = names(&change.restarted).join(" "),
            adjusted = names(&change.adjusted).join(" "),
            "the configuration has changed{}",
            if change.is_held_up {
                ", and will be in force once detection goes on"
            } else {
                ", and is in force"
            }
        );
    }
    for key in &change.after_restart {
        warn!(key, "takes effect after a restart");
    }
}

/// For a status: a few of them, in one line that any center takes.
fn shortened(problems: &Problems) -> String {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let cut = |problem: &String| problem.chars().take(LONGEST_TOLD).collect::<String>();
    let mut told = all.iter().take(PROBLEMS_TOLD).map(cut).collect::<Vec<_>>().join("; ");
    if all.len() > PROBLEMS_TOLD {
        told += &format!("; and {} more", all.len() - PROBLEMS_TOLD);
    }
    told
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_half_written_is_not_what_the_api_edits() {
        // As somebody writes it, look by look.
        let written = async |texts: &[&str]| {
            let next = std::cell::Cell::new(0);
            let look = async || Ok(Look::of(texts[next.replace(next.get() + 1)]));
            let settled = settled("in force", look).await.expect("there");
            (settled.text.expect("readable"), next.get())
        };
        assert_eq!(written(&["in force"]).await, ("in force".to_owned(), 1));
        let texts = ["half", "half and", "half and half", "half and half"];
        assert_eq!(written(&texts).await, ("half and half".to_owned(), 4));
    }

    #[test]
    fn a_status_tells_a_few_problems_and_none_for_ever() {
        let mut problems = Problems::default();
        problems.push("camera[0].zone[0].polygon", "[0.5, 0.5]".repeat(10_000));
        problems.push("camera[1].url", "missing");
        let told = shortened(&problems);
        assert!(told.len() < 1000 && told.contains("camera[1].url: missing"), "{told}");
        for number in 2..9 {
            problems.push(format!("camera[{number}].url"), "missing");
        }
        assert!(shortened(&problems).ends_with("; and 6 more"), "{}", shortened(&problems));
    }
}
