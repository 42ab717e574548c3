//! The configuration file, watched.
//!
//! It is read once in a while and compared, rather than the kernel asked to tell: that works on network mounts, on single files
//! bound into containers, with links that are turned around and with editors that replace the file. A file of a hundred cameras costs
//! less than a millisecond of processor a minute. What has changed counts only once it was the same twice in a row: a file that is
//! half written may be valid, and lack half of its cameras.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use gridwatch_config::read_text;
use gridwatch_runtime::Chain;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the file is looked at. A change is in force within two looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What was found at one look: the text, or why there is none; and when the file was written, since the same text counts anew when it is
/// (files that it names, such as a password's, may have changed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) text: Result<String, String>,
    written: Option<SystemTime>,
}

impl Look {
    /// Looks at a file now. May block.
    pub(crate) fn at(path: &Path) -> Self {
        let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let text = read_text(path).map_err(|error| Chain(&error).to_string());
        Self { text, written }
    }

    /// A file of that text.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self { text: Ok(text.to_owned()), written: None }
    }
}

/// The file and what is known of it.
pub(crate) struct WatchedFile {
    path: PathBuf,
    ticks: Interval,
    /// What was told last.
    told: Look,
    /// What was seen last, and not yet told.
    seen: Option<Look>,
}

impl WatchedFile {
    /// Watches a file that was seen to be as `told`.
    pub(crate) fn new(path: PathBuf, told: Look) -> Self {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { path, ticks, told, seen: None }
    }

    /// Waits until the file has changed, and stays so. Dropped halfway it loses nothing.
    pub(crate) async fn changed(&mut self) -> Look {
        loop {
            self.ticks.tick().await;
            let path = self.path.clone();
            // A network mount may hang.
            let looked = tokio::task::spawn_blocking(move || Look::at(&path)).await;
            if let Some(changed) = looked.ok().and_then(|look| self.weigh(look)) {
                return changed;
            }
        }
    }

    fn weigh(&mut self, look: Look) -> Option<Look> {
        if look == self.told {
            self.seen = None;
            return None;
        }
        if self.seen.as_ref() != Some(&look) {
            self.seen = Some(look);
            return None;
        }
        self.seen = None;
        self.told = look.clone();
        Some(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str, written: u64) -> Look {
        let written = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(written));
        Look { text: Ok(text.to_owned()), written }
    }

    #[tokio::test]
    async fn a_change_counts_once_it_stays() {
        let mut file = WatchedFile::new(PathBuf::new(), look("a", 1));
        assert_eq!(file.weigh(look("a", 1)), None);
        assert_eq!(file.weigh(look("a half", 2)), None, "it is being written");
        assert_eq!(file.weigh(look("a whole", 2)), None);
        assert_eq!(file.weigh(look("a whole", 2)), Some(look("a whole", 2)));
        assert_eq!(file.weigh(look("a whole", 2)), None, "told once");
        assert_eq!(file.weigh(look("a whole", 3)), None);
        assert_eq!(file.weigh(look("a whole", 3)), Some(look("a whole", 3)), "touched");
        assert_eq!(file.weigh(look("b", 4)), None);
        assert_eq!(file.weigh(look("a whole", 3)), None, "taken back before it counted");
        assert_eq!(file.weigh(look("b", 4)), None);
    }
}
