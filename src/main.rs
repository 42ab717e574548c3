//! gridwatch: one binary for edge boxes, monitoring centers and their demonstration.
//!
//! The only place where stages meet. Reads the command line, starts what it asks for, and turns errors into words and
//! an exit code: 0 done, 1 failed, 2 asked for wrongly, 128 and more stopped by a signal.

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
mod accuracy_command;
#[cfg(feature = "edge")]
mod analyze_command;
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
mod bench_command;
mod cli;
mod config_command;
#[cfg(feature = "edge")]
mod drawing;
mod logging;
mod one_camera;
mod output;
mod overwriting;
mod score;
mod score_command;
mod signals;

#[cfg(feature = "embedded-broker")]
mod broker;
#[cfg(feature = "edge")]
mod cameras;
#[cfg(feature = "edge")]
mod cameras_command;
#[cfg(feature = "center")]
mod center;
#[cfg(all(feature = "edge", feature = "center", feature = "embedded-broker"))]
mod demo;
#[cfg(feature = "edge")]
mod edge;
#[cfg(feature = "edge")]
mod edge_api;
#[cfg(feature = "edge")]
mod evidence_command;
#[cfg(feature = "edge")]
mod first_picture;
#[cfg(any(feature = "edge", feature = "center"))]
mod link;
#[cfg(feature = "edge")]
mod metrics_server;
#[cfg(feature = "edge")]
mod models_command;
#[cfg(feature = "edge")]
mod network;
#[cfg(feature = "edge")]
mod of_schema;
#[cfg(feature = "edge")]
mod passes_command;
#[cfg(feature = "edge")]
mod recorder;
#[cfg(feature = "edge")]
mod scenes;
#[cfg(feature = "edge")]
mod simulate;
#[cfg(feature = "edge")]
mod viewing;
#[cfg(all(feature = "edge", feature = "center", feature = "embedded-broker"))]
mod watch;
#[cfg(feature = "edge")]
mod zones;
#[cfg(feature = "edge")]
mod zones_command;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.command.log_level());
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gridwatch: {error:#}");
            exit_code(&error)
        }
    }
}

#[cfg(feature = "edge")]
fn exit_code(error: &anyhow::Error) -> ExitCode {
    error.downcast_ref::<signals::Stopped>().map_or(ExitCode::FAILURE, |stopped| stopped.exit_code().into())
}

#[cfg(not(feature = "edge"))]
fn exit_code(_: &anyhow::Error) -> ExitCode {
    ExitCode::FAILURE
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Config(command) => config_command::run(command),
        #[cfg(feature = "edge")]
        Command::Analyze(arguments) => analyze_command::run(&arguments),
        #[cfg(feature = "edge")]
        Command::Zones(command) => zones_command::run(command),
        #[cfg(feature = "edge")]
        Command::Models(command) => models_command::run(command),
        #[cfg(feature = "edge")]
        Command::Evidence(command) => evidence_command::run(command),
        #[cfg(feature = "edge")]
        Command::Passes(arguments) => in_runtime(passes_command::run(*arguments)),
        #[cfg(feature = "edge")]
        Command::Cameras(command) => cameras_command::run(command),
        Command::Score(arguments) => score_command::run(*arguments),
        #[cfg(feature = "edge")]
        Command::Simulate(command) => simulate::run(command),
        #[cfg(all(feature = "edge", feature = "embedded-broker"))]
        Command::Bench(arguments) => bench(*arguments),
        #[cfg(all(feature = "edge", feature = "embedded-broker"))]
        Command::BenchPart(part) => bench_command::run_part(part),
        #[cfg(feature = "edge")]
        Command::Edge(arguments) => in_runtime(edge::run(arguments)),
        #[cfg(feature = "center")]
        Command::Center(arguments) => in_runtime(center::run(arguments)),
        #[cfg(all(feature = "edge", feature = "center", feature = "embedded-broker"))]
        Command::Demo(arguments) => in_runtime(demo::run(arguments)),
    }
}

#[cfg(all(feature = "edge", feature = "embedded-broker"))]
fn bench(arguments: cli::BenchArguments) -> anyhow::Result<()> {
    match arguments.command {
        Some(cli::BenchCommand::Accuracy(arguments)) => accuracy_command::run(&arguments),
        None => bench_command::run(&arguments),
    }
}

#[cfg(any(feature = "edge", feature = "center"))]
fn in_runtime<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    use anyhow::Context as _;
    /// What still hangs in a library by then is left behind: everything of ours has ended in order.
    const STRAGGLERS: std::time::Duration = std::time::Duration::from_secs(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the async runtime")?;
    let done = runtime.block_on(future);
    runtime.shutdown_timeout(STRAGGLERS);
    done
}
