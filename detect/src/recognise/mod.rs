//! Works out how a user's ONNX file is fed and read, so that nobody has to write a manifest by hand.
//!
//! In: an [`OnnxFile`], and what the user wishes or knows ([`Wishes`]). Out: [`Recognised`], with the reasons for each conclusion.
//! From names and sizes of inputs and outputs, from what the exporter has noted in the file, and from one run on a test
//! picture. Refused, with what was found and what would help: inputs that are no picture, outputs of no known head,
//! labels whose number does not fit, a free input size without a wish.

mod convention;
mod naming;
mod outputs;

use gridwatch_models::{Head, INPUT_SIDE, Input, Layout};

pub use self::outputs::ProbedOutput;
use self::{convention::Maker, naming::Numbering, outputs::Probe};
use crate::{
    DetectError,
    session::{OnnxFile, Shape},
};

/// What the user wishes or knows; everything may be left to the file.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Names of the classes, in the order of the network's scores.
    pub labels: Option<Vec<String>>,
    /// Width and height of the input, for files that leave them free.
    pub size: Option<(u32, u32)>,
}

/// How a file is fed and read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// How it is fed.
    pub input: Input,
    /// How it is read.
    pub head: Head,
    /// Names of the classes.
    pub labels: Vec<String>,
    /// Why, one sentence a conclusion.
    pub reasons: Vec<String>,
}

/// Why a file cannot be used as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotRecognised {
    /// Its inputs are not one picture.
    #[error(
        "its inputs are {found}; needed is one picture, float32, float16 or uint8, [1, 3, height, width] or [1, height, width, 3]{help}"
    )]
    Inputs {
        /// All inputs.
        found: String,
        /// What would help.
        help: &'static str,
    },
    /// The size of its input is free.
    #[error(
        "its input {found} leaves width and height free: say which with --size WIDTHxHEIGHT, such as 640x384"
    )]
    Size {
        /// The input.
        found: String,
    },
    /// Another size was wished for than the file has.
    #[error("its input is {}x{}, not {}x{}: leave --size out, or export it with that size", found.0, found.1, wished.0, wished.1)]
    OtherSize {
        /// The file's.
        found: (u32, u32),
        /// The wish.
        wished: (u32, u32),
    },
    /// It cannot be run on a test picture.
    #[error("it fails on a test picture")]
    Run(#[source] Box<DetectError>),
    /// What it answers to a test picture is no number.
    #[error(
        "on a test picture most numbers of its output {output} are not finite: the export is broken, or it overflows in half precision"
    )]
    NotNumbers {
        /// The output's name.
        output: String,
    },
    /// Its outputs are of no head that gridwatch reads.
    #[error(
        "its outputs are {found}, which is none of the heads that gridwatch reads (docs: models/README.md){help}"
    )]
    Outputs {
        /// All outputs, with the sizes of a run.
        found: String,
        /// What would help.
        help: &'static str,
    },
    /// The file notes that it is for something else than boxes of objects.
    #[error(
        "the file notes that it is for {task:?}, and gridwatch reads detection: export the detection network of the same family{}",
        if task == "obb" { " (its boxes stand upright)" } else { "" }
    )]
    Task {
        /// What it is for.
        task: String,
    },
    /// Nothing says what its classes are called.
    #[error("nothing says what its {}classes are: give a file with one name a line with --labels", counted(*needed))]
    LabelsUnknown {
        /// How many there are; 0 where the outputs do not tell.
        needed: usize,
    },
    /// The labels are too many or too few.
    #[error("it tells {needed} classes apart, but {given} labels were given")]
    LabelsCount {
        /// How many the outputs have.
        needed: usize,
        /// How many were given.
        given: usize,
    },
    /// It names labels that there are not.
    #[error("its answer to a test picture names label {index}, counted from 0, but there are {given} labels")]
    LabelsTooFew {
        /// The highest that it names.
        index: usize,
        /// How many there are.
        given: usize,
    },
    /// Its sizes fit two heads, which the number of labels would decide.
    #[error(
        "its output {found} may be read in two ways: give its labels with --labels, their number decides"
    )]
    Ambiguous {
        /// The output.
        found: String,
    },
}

fn counted(needed: usize) -> String {
    if needed == 0 { String::new() } else { format!("{needed} ") }
}

/// Works out how `file` is fed and read; runs it once.
///
/// # Errors
/// [`NotRecognised`], with what would help.
pub fn recognise(file: &mut OnnxFile, wishes: &Wishes) -> Result<Recognised, NotRecognised> {
    // Ultralytics notes it. Poses and turned boxes have tables that a detector's could be.
    if let Some(task) = file.note("task").filter(|task| task != "detect") {
        return Err(NotRecognised::Task { task });
    }
    let mut reasons = Vec::new();
    let (layout, size) = input_of(file, wishes)?;
    reasons.push(format!(
        "input {}x{}, {}",
        size.0,
        size.1,
        if layout == Layout::Nchw { "channels first" } else { "channels last" }
    ));
    let noted = naming::noted(file);
    let count = wishes.labels.as_ref().or(noted.as_ref()).map(Vec::len);
    let outputs = probe(file, layout, size)?;
    let asks_for_size = file.inputs().len() == 2;
    let found = outputs::head_of(&Probe { outputs: &outputs, input: size, labels: count, asks_for_size })?;
    reasons.push(found.reason);
    let is_rfdetr = outputs::is_rfdetr(&outputs);
    let numbering = Numbering { needed: found.labels, counts_from: found.head.first_label(), is_rfdetr };
    let labels = naming::labels_of(&numbering, wishes.labels.clone(), noted, &mut reasons)?;
    naming::check_indices(&found.head, &outputs, labels.len())?;
    let maker = match () {
        () if is_rfdetr => Maker::RfDetr,
        () if file.producer().contains("Paddle") => Maker::Paddle,
        () => Maker::Usual,
    };
    let (input, reason) = convention::input_of(&found.head, maker, layout, size);
    reasons.push(reason);
    Ok(Recognised { input, head: found.head, labels, reasons })
}

fn input_of(file: &OnnxFile, wishes: &Wishes) -> Result<(Layout, (u32, u32)), NotRecognised> {
    let inputs = file.inputs();
    let refused = |help| NotRecognised::Inputs {
        found: inputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        help,
    };
    let picture = match inputs {
        [picture] => picture,
        [picture, size] if size.is_size() => picture,
        _ => return Err(refused(": export it without pre- and post-processing inputs")),
    };
    if !picture.is_picture() {
        return Err(refused(
            ": export it for float32, float16 or uint8, without a preprocessing step of its own",
        ));
    }
    let (layout, height, width) = match picture.shape[..] {
        [None | Some(1), Some(3) | None, height, width] if width != Some(3) => (Layout::Nchw, height, width),
        [None | Some(1), height, width, Some(3)] => (Layout::Nhwc, height, width),
        _ => return Err(refused(": export it for one picture of three channels at a time")),
    };
    let fixed = |side: Option<usize>| side.and_then(|side| u32::try_from(side).ok());
    // Before anything of that size is made: a test picture of 100,000 pixels a side takes 120 GB.
    let wished = wishes.size.map_or([None; 2], |(width, height)| [Some(width), Some(height)]);
    if [fixed(width), fixed(height)]
        .into_iter()
        .chain(wished)
        .flatten()
        .any(|side| !INPUT_SIDE.contains(&side))
    {
        return Err(refused(": a picture is fed with 32 to 4096 pixels a side"));
    }
    match (fixed(width), fixed(height), wishes.size) {
        (Some(width), Some(height), Some(wished)) if wished != (width, height) => {
            Err(NotRecognised::OtherSize { found: (width, height), wished })
        }
        (Some(width), Some(height), _) => Ok((layout, (width, height))),
        (width, height, Some(wished)) => {
            let found = (width.unwrap_or(wished.0), height.unwrap_or(wished.1));
            if found == wished {
                Ok((layout, wished))
            } else {
                Err(NotRecognised::OtherSize { found, wished })
            }
        }
        _ => Err(NotRecognised::Size { found: picture.to_string() }),
    }
}

/// One run on a picture of soft noise: what comes out, and in which sizes.
fn probe(
    file: &mut OnnxFile,
    layout: Layout,
    (width, height): (u32, u32),
) -> Result<Vec<ProbedOutput>, NotRecognised> {
    let shape = Shape { pictures: 1, width: width as usize, height: height as usize, layout };
    let values = 3 * shape.width * shape.height;
    let picture: Vec<f32> = (0..values).map(|index| ((index * 7919) % 251) as f32 / 251.0).collect();
    let forms = file.outputs().to_vec();
    let mut outputs = Vec::with_capacity(forms.len());
    let probed = file.write(shape, &picture).and_then(|()| {
        file.run(shape, |_, answer| {
            outputs.extend(forms.iter().zip(answer).map(|(form, tensor)| ProbedOutput {
                name: form.name.clone(),
                integer: form.integer,
                shape: tensor.shape.to_vec(),
                values: tensor.values.to_vec(),
            }));
        })
    });
    probed.map_err(|error| NotRecognised::Run(Box::new(error)))?;
    let is_rubbish = |output: &&ProbedOutput| {
        output.values.iter().filter(|value| !value.is_finite()).count() * 2 > output.values.len()
    };
    if let Some(output) = outputs.iter().find(is_rubbish) {
        return Err(NotRecognised::NotNumbers { output: output.name.clone() });
    }
    Ok(outputs)
}
