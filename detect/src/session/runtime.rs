//! ONNX Runtime itself: loaded once per process, and how sessions are made in it.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
};

use crate::DetectError;

/// ONNX Runtime allows one environment per process; sessions share it, and it is never torn down.
pub(super) fn environment(library: &Path) -> Result<Environment, DetectError> {
    static SHARED: Mutex<Option<Environment>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*shared {
        return Ok(environment.clone());
    }
    let builder = ort::init_from(library)
        .map_err(|source| DetectError::Runtime { path: library.to_owned(), source })?;
    let environment = builder
        .with_name("gridwatch")
        .with_telemetry(false)
        .build()
        .map_err(|source| DetectError::Environment { source })?;
    environment.set_log_level(ort::logging::LogLevel::Error);
    Ok(shared.insert(environment).clone())
}

pub(super) fn commit(environment: &Environment, bytes: &[u8], threads: usize) -> Result<Session, ort::Error> {
    Session::builder(environment)?
        .with_execution_providers([ort::ep::CPU::default().with_arena_allocator(true).build()])?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads.max(1))?
        .with_inter_threads(1)?
        // Spinning threads keep a core busy between pictures.
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .commit_from_memory(bytes)
}
