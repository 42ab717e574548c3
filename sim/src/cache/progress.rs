//! How far the rendering of a scene is, and how that is shown on a terminal.

use std::io::{IsTerminal as _, Write as _};

/// How far [`ensure`](super::ensure) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Another process is rendering this scene; waiting for it.
    Waiting,
    /// Rendering and encoding.
    Rendering {
        /// Pictures finished.
        done: u32,
        /// Pictures in all.
        total: u32,
    },
}

/// Shows [`Progress`] on standard error: a bar on a terminal, else a line every tenth of the way.
#[derive(Debug)]
pub struct ProgressBar {
    name: String,
    /// `None` where lines are printed.
    bar: Option<indicatif::ProgressBar>,
    told_tenths: u32,
}

impl ProgressBar {
    /// A bar with the scene's name before it.
    pub fn new(name: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::lines(name);
        }
        let bar = indicatif::ProgressBar::new(0);
        let style =
            indicatif::ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} pictures, {eta} left")
                .expect("the template above is well-formed");
        bar.set_style(style);
        bar.set_message(name.to_owned());
        Self { bar: Some(bar), ..Self::lines(name) }
    }

    /// Lines, also on a terminal: for where others print at the same time.
    pub fn lines(name: &str) -> Self {
        Self { name: name.to_owned(), bar: None, told_tenths: 0 }
    }

    /// Shows how far it is.
    pub fn show(&mut self, progress: Progress) {
        match (progress, &self.bar) {
            (Progress::Waiting, _) => self.tell("another process is rendering this scene; waiting for it"),
            (Progress::Rendering { done, total }, Some(bar)) => {
                bar.set_length(u64::from(total));
                bar.set_position(u64::from(done));
                if done == total {
                    bar.finish_and_clear();
                }
            }
            (Progress::Rendering { done, total }, None) => {
                let tenths = u32::try_from(u64::from(done) * 10 / u64::from(total.max(1))).unwrap_or(10);
                if tenths > self.told_tenths {
                    self.told_tenths = tenths;
                    self.tell(&format!("{} % rendered", tenths * 10));
                }
            }
        }
    }

    fn tell(&self, what: &str) {
        let line = format!("{}: {what}", self.name);
        match &self.bar {
            Some(bar) => bar.println(line),
            // Whoever reads it may be gone.
            None => _ = writeln!(std::io::stderr(), "{line}"),
        }
    }
}
