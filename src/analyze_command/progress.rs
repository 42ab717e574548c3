//! How far a file has been analysed, and how fast.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two updates of the bar.
const EVERY: Duration = Duration::from_millis(200);

/// A bar on standard error, where that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
    shown: Instant,
}

impl Progress {
    /// `quiet`: shows nothing.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
        let now = Instant::now();
        Self { bar, began: now, shown: now }
    }

    /// Of a file of that length; none: nobody knows.
    pub(crate) fn begin(&mut self, duration: Option<Duration>) {
        self.began = Instant::now();
        let template = if duration.is_some() {
            "{wide_bar} {percent:>3} %  {msg}  {eta} left"
        } else {
            "{spinner} {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        if let Some(duration) = duration {
            self.bar.set_length(duration.as_millis().try_into().unwrap_or(u64::MAX));
        }
    }

    /// How far it is.
    pub(crate) fn show(&mut self, position: Duration, pictures: u64, revisions: u64) {
        if self.shown.elapsed() < EVERY {
            return;
        }
        self.shown = Instant::now();
        let speed = position.as_secs_f64() / self.began.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_position(position.as_millis().try_into().unwrap_or(u64::MAX));
        let at = position.as_secs();
        self.bar.set_message(format!(
            "{}:{:02}  {speed:.1} x real time  {pictures} pictures  {revisions} revisions",
            at / 60,
            at % 60
        ));
    }

    /// It is done.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
