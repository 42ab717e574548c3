//! ONNX Runtime itself: loaded once per process, and how sessions are made in it.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use gridwatch_runtime::Chain;
use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
};
use tracing::{info, warn};

use super::{Provider, SessionSettings, finding, memory::MemoryLimit};
use crate::DetectError;

/// ONNX Runtime allows one environment per process; sessions share it, and it is never torn down.
fn environment(library: &Path) -> Result<Environment, DetectError> {
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
    // What fails is told by its error; told twice, it hides that.
    environment.set_log_level(ort::logging::LogLevel::Fatal);
    Ok(shared.insert(environment).clone())
}

/// The providers that the library of these `settings` has, in the order in which they are tried.
pub(super) fn available(settings: &SessionSettings) -> Result<Vec<Provider>, DetectError> {
    environment(&settings.library_path())?;
    Ok(Provider::ORDER.into_iter().filter(|provider| provider.is_there()).collect())
}

/// Makes a session of the file with the provider that `settings` name, or the first that can. `network` is what errors
/// call the file.
pub(super) fn open(
    network: &str,
    bytes: &[u8],
    settings: &SessionSettings,
) -> Result<(Session, Provider), DetectError> {
    let library = settings.library_path();
    let environment = environment(&library)?;
    let load = |provider: Provider| commit(&environment, bytes, settings.threads, provider);
    let refused =
        |source| DetectError::Load { network: network.to_owned(), finding: finding::of(bytes), source };
    match settings.provider {
        Some(Provider::Cpu) => {}
        Some(provider) if !provider.is_there() => {
            let present = Provider::ORDER.into_iter().filter(|provider| provider.is_there()).collect();
            return Err(DetectError::ProviderMissing { provider, library, present });
        }
        Some(provider) => {
            let session = load(provider).map_err(|source| match load(Provider::Cpu) {
                // Not the file's fault, for the processor takes it.
                Ok(_) => DetectError::Provider { provider, source },
                Err(source) => refused(source),
            })?;
            return Ok((session, provider));
        }
        None => {
            for provider in Provider::ORDER.into_iter().filter(|provider| *provider != Provider::Cpu) {
                if !provider.is_there() {
                    info!(%provider, "not in this ONNX Runtime, skipped");
                    continue;
                }
                match load(provider) {
                    Ok(session) => return Ok((session, provider)),
                    Err(error) => warn!(%provider, error = %Chain(&error), "cannot be used, skipped"),
                }
            }
        }
    }
    load(Provider::Cpu).map(|session| (session, Provider::Cpu)).map_err(refused)
}

fn commit(
    environment: &Environment,
    bytes: &[u8],
    threads: usize,
    provider: Provider,
) -> Result<Session, ort::Error> {
    let processor = (provider != Provider::Cpu).then_some(Provider::Cpu);
    let providers: Vec<_> =
        [provider].into_iter().chain(processor).map(|provider| provider.dispatch(threads.max(1))).collect();
    let mut builder = Session::builder(environment)?
        .with_execution_providers(providers)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads.max(1))?
        .with_inter_threads(1)?
        // Spinning threads keep a core busy between pictures.
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?;
    // Parts of the network that never change are worked out now, and may be larger than the file.
    let _limit = provider.shares_memory().then(MemoryLimit::to_what_is_left);
    builder.commit_from_memory(bytes)
}
