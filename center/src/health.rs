//! What is wrong with the center just now, for `/healthz`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared between the stages that know and the page that tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Problems>>);

#[derive(Debug, Clone, Default)]
struct Problems {
    store: Option<String>,
    link: Option<String>,
}

impl Health {
    /// The last write failed.
    pub(crate) fn set_store(&self, problem: String) {
        self.lock().store = Some(problem);
    }

    /// The last write worked. Whether that is news.
    pub(crate) fn clear_store(&self) -> bool {
        self.lock().store.take().is_some()
    }

    /// Whether the broker is there; `Some`: why not.
    pub(crate) fn set_link(&self, problem: Option<String>) {
        self.lock().link = problem;
    }

    /// Name of the part and what is wrong with it; empty when all is well.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String)> {
        let problems = self.lock().clone();
        let store = problems.store.map(|problem| ("store", problem));
        let link = problems.link.map(|problem| ("broker", problem));
        store.into_iter().chain(link).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Problems> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
