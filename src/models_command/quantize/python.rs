//! The Python tool that quantises: found, checked, fed with tensors.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// The tool, documented in `models/quantize`.
const TOOL: &str = include_str!("../../../models/quantize/quantize.py");
const REQUIREMENTS: &str = include_str!("../../../models/quantize/requirements.txt");

/// What the tool does.
pub(super) struct Job<'a> {
    pub(super) python: &'a Path,
    /// The ONNX file to be quantised.
    pub(super) source: &'a [u8],
    /// Sizes of a calibration tensor.
    pub(super) shape: [usize; 4],
    /// How many of them will come.
    pub(super) count: usize,
}

/// Whether this Python has what the tool imports.
pub(super) fn check(python: &Path) -> anyhow::Result<()> {
    let import = "import numpy, onnx, onnxruntime.quantization";
    let output = Command::new(python).args(["-c", import]).output().with_context(|| {
        format!("run {}: name a Python with --python or GRIDWATCH_PYTHON", python.display())
    })?;
    if !output.status.success() {
        let packages: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect();
        bail!(
            "{} lacks a package ({}); make an environment that has them, python3 -m venv venv && venv/bin/pip install {}, \
             and name it: --python venv/bin/python",
            python.display(),
            last_line(&output.stderr),
            packages.join(" ")
        );
    }
    Ok(())
}

/// The quantised file. `feed` writes the tensors.
pub(super) fn quantize(
    job: &Job<'_>,
    feed: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("create a temporary folder")?;
    let file = |name: &str| folder.path().join(name);
    let (tool, source, target) = (file("quantize.py"), file("source.onnx"), file("target.onnx"));
    std::fs::write(&tool, TOOL).context("write the tool to a temporary folder")?;
    std::fs::write(&source, job.source).context("write the network to a temporary folder")?;
    // Files, because a pipe that nobody empties while tensors are written would stop the tool.
    let (printed, complaints) = (file("printed"), file("complaints"));
    let create = |path: &Path| File::create(path).context("write to a temporary folder");
    let mut child = Command::new(job.python)
        .arg(&tool)
        .args([&source, &target])
        .args(["--shape", &job.shape.map(|size| size.to_string()).join(",")])
        .args(["--count", &job.count.to_string()])
        .stdin(Stdio::piped())
        .stdout(create(&printed)?)
        .stderr(create(&complaints)?)
        .spawn()
        .with_context(|| format!("run {}", job.python.display()))?;
    let input = child.stdin.take().context("the tool's standard input")?;
    let fed = (|| {
        let mut input = BufWriter::new(input);
        feed(&mut input)?;
        input.flush().context("hand tensors to the tool")
    })();
    let status = child.wait().context("wait for the tool")?;
    if !status.success() {
        // Whatever went wrong with feeding it, its own words say why.
        let said = std::fs::read(&complaints).unwrap_or_default();
        bail!("the network cannot be quantised: {} ({status})", last_line(&said));
    }
    fed?;
    std::fs::read(&target).context("read what the tool has written")
}

fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("it does not say why")
        .to_owned()
}
