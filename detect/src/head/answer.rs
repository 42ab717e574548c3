//! What a network answers with: tensors of numbers, and the form that its file promises them in.

use std::fmt;

/// One output as the file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputForm {
    /// Its name.
    pub name: String,
    /// Its sizes; `None` is free.
    pub shape: Vec<Option<usize>>,
    /// Whether it holds whole numbers.
    pub integer: bool,
}

/// One output of one run, its numbers row by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tensor<'a> {
    /// Its sizes.
    pub shape: &'a [usize],
    /// As many numbers as the sizes' product.
    pub values: &'a [f32],
}

/// Outputs that the head cannot be read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What the head needs.
    pub expected: String,
    /// What there is.
    pub found: String,
}

/// Sizes as they are written: `[1, ?, 85]`.
pub(crate) struct Sizes<'a>(pub(crate) &'a [Option<usize>]);

impl fmt::Display for Sizes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |size: &Option<usize>| size.map_or_else(|| "?".to_owned(), |size| size.to_string());
        write!(f, "[{}]", self.0.iter().map(size).collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for OutputForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.name, if self.integer { "whole numbers " } else { "" }, Sizes(&self.shape))
    }
}

impl OutputForm {
    /// Whether it may have these sizes; `None` takes any.
    pub(super) fn may_be(&self, wanted: &[Option<usize>]) -> bool {
        self.shape.len() == wanted.len()
            && self.shape.iter().zip(wanted).all(|(&size, &want)| may_equal(size, want))
    }

    /// Its last size, where it is fixed.
    pub(super) fn last(&self) -> Option<usize> {
        self.shape.last().copied().flatten()
    }

    /// Whether its name speaks of one of these.
    pub(crate) fn is_named(&self, words: &[&str]) -> bool {
        let name = self.name.to_lowercase();
        words.iter().any(|word| name.contains(word))
    }
}

fn may_equal(a: Option<usize>, b: Option<usize>) -> bool {
    a.is_none() || b.is_none() || a == b
}

impl Mismatch {
    /// What the head needs, and all that the file has.
    pub(super) fn of(expected: impl Into<String>, outputs: &[OutputForm]) -> Self {
        let found = outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Self { expected: expected.into(), found }
    }
}

/// The first output that may have these sizes.
pub(super) fn find(outputs: &[OutputForm], wanted: &[Option<usize>]) -> Result<usize, Mismatch> {
    let fits = |output: &OutputForm| output.may_be(wanted);
    outputs.iter().position(fits).ok_or_else(|| Mismatch::of(format!("an output {}", Sizes(wanted)), outputs))
}

impl<'a> Tensor<'a> {
    /// The two last sizes, of which all before them must be 1; `None` for another shape.
    pub(super) fn rows_and_columns(&self) -> Option<(usize, usize)> {
        let (&columns, rest) = self.shape.split_last()?;
        let (&rows, rest) = rest.split_last()?;
        rest.iter().all(|&size| size == 1).then_some((rows, columns))
    }

    /// Its rows of `columns` numbers; `None` where its rows have another length.
    pub(super) fn rows(&self, columns: usize) -> Option<std::slice::ChunksExact<'a, f32>> {
        let fits = self.shape.last() == Some(&columns) && columns > 0;
        fits.then(|| self.values.chunks_exact(columns))
    }
}
