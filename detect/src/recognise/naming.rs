//! What the classes of a file are called, and by which numbers.

use std::collections::BTreeMap;

use gridwatch_models::{COCO_LABELS, Head, coco_categories};

use super::{NotRecognised, outputs::ProbedOutput};
use crate::session::OnnxFile;

/// Whole numbers above this in a list of labels are what padding left behind.
const HIGHEST_INDEX: f32 = 9_999.0;

/// How a head numbers its classes.
pub(super) struct Numbering {
    /// How many it tells apart; 0 where it does not tell.
    pub(super) needed: usize,
    /// The number of the first label, where it names labels by number.
    pub(super) counts_from: Option<u32>,
    /// Whether it is RF-DETR, of whose columns the first is in no use.
    pub(super) is_rfdetr: bool,
}

/// Names that Ultralytics notes in its exports: `{0: 'person', 1: 'bicycle'}`.
pub(super) fn noted(file: &OnnxFile) -> Option<Vec<String>> {
    parse(&file.note("names")?)
}

/// The names in the order of their numbers; none where a number is missing.
fn parse(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut names = BTreeMap::new();
    while let Some((number, after)) = rest.split_once(':') {
        let number: usize = number.trim_matches([' ', ',', '\'', '"']).parse().ok()?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|&quote| quote == '\'' || quote == '"')?;
        let (name, after) = after[1..].split_once(quote)?;
        names.insert(number, name.to_owned());
        rest = after;
    }
    let is_whole = names.keys().copied().eq(0..names.len());
    (is_whole && !names.is_empty()).then(|| names.into_values().collect())
}

/// What lists that count from nothing call it, as torchvision's.
fn is_background(label: &str) -> bool {
    matches!(
        label.to_lowercase().trim_matches('_'),
        "background" | "bg" | "n/a" | "unlabeled" | "unused 0" | "n/a 0"
    )
}

/// The labels: those given, else those noted in the file, else COCO's where the number is COCO's.
pub(super) fn labels_of(
    numbering: &Numbering,
    given: Option<Vec<String>>,
    noted: Option<Vec<String>>,
    reasons: &mut Vec<String>,
) -> Result<Vec<String>, NotRecognised> {
    let Numbering { needed, counts_from, is_rfdetr } = *numbering;
    let by_category = needed == coco_categories().len();
    if let Some(mut given) = given {
        let names_background = given.first().is_some_and(|first| is_background(first));
        if counts_from == Some(1) && names_background {
            reasons.push(format!("{:?} is label 0, which is never answered", given[0]));
            given.remove(0);
        }
        let is_coco = given == COCO_LABELS;
        if is_coco && (by_category || (needed == 0 && counts_from == Some(1))) {
            reasons.push("COCO's labels by category, 1 to 90: some numbers are in no use".to_owned());
            let skip = if by_category { 0 } else { 1 };
            return Ok(coco_categories().split_off(skip));
        }
        if is_rfdetr && given.len() + 1 == needed {
            reasons.push("the first label is 1, as RF-DETR counts".to_owned());
            return Ok(["unused 0".to_owned()].into_iter().chain(given).collect());
        }
        // Heads that list finished boxes do not tell how many labels there are.
        if needed != 0 && given.len() != needed {
            let needed = if is_rfdetr { needed - 1 } else { needed };
            return Err(NotRecognised::LabelsCount { needed, given: given.len() });
        }
        return Ok(given);
    }
    match noted {
        Some(noted) if needed == 0 || noted.len() == needed => {
            reasons.push(format!("{} labels, as the file itself says", noted.len()));
            Ok(noted)
        }
        _ if by_category => {
            reasons.push("91 classes: taken for COCO's by category".to_owned());
            Ok(coco_categories())
        }
        _ if needed == COCO_LABELS.len() => {
            let other = noted.map_or_else(String::new, |noted| {
                format!("; the file itself notes {} labels, which cannot be: look at its boxes", noted.len())
            });
            reasons.push(format!("80 classes: taken for the labels of COCO{other}"));
            Ok(COCO_LABELS.map(str::to_owned).into())
        }
        _ => Err(NotRecognised::LabelsUnknown { needed }),
    }
}

/// Whether every label that the answer to the test picture names is there.
pub(super) fn check_indices(
    head: &Head,
    outputs: &[ProbedOutput],
    given: usize,
) -> Result<(), NotRecognised> {
    let column = |of: usize, columns: usize| -> Vec<f32> {
        let rows = outputs.first().map_or(&[][..], |output| &output.values).chunks_exact(columns);
        rows.map(|row| row[of]).collect()
    };
    let (indices, first) = match head {
        Head::YoloNms => (column(5, 6), 0),
        Head::Ssd { first_label } => (column(1, 7), *first_label),
        Head::BoxesScoresLabels { first_label, .. } => {
            let forms: Vec<_> = outputs.iter().map(ProbedOutput::form).collect();
            let labels = crate::head::three(&forms).map(|(_, _, labels)| outputs[labels].values.clone());
            (labels.unwrap_or_default(), *first_label)
        }
        _ => return Ok(()),
    };
    let named = indices.into_iter().filter(|index| (0.0..=HIGHEST_INDEX).contains(index));
    let highest = named.fold(0.0, f32::max) as usize;
    let index = highest.saturating_sub(first as usize);
    if index >= given { Err(NotRecognised::LabelsTooFew { index, given }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn noted_names_are_read() {
        let names = parse("{0: 'person', 1: 'kite', 2: \"driver's seat\"}");
        assert_eq!(names, Some(words(&["person", "kite", "driver's seat"])));
        assert_eq!(parse("person, kite"), None);
        assert_eq!(parse("{}"), None);
        assert_eq!(parse("{2: 'bus', 1: 'car', 0: 'kite'}"), Some(words(&["kite", "car", "bus"])));
        assert_eq!(parse("{0: 'kite', 2: 'car'}"), None, "one is missing");
    }

    #[track_caller]
    fn check(numbering: (usize, Option<u32>, bool), given: Option<Vec<String>>, third: &str, count: usize) {
        let (needed, counts_from, is_rfdetr) = numbering;
        let numbering = Numbering { needed, counts_from, is_rfdetr };
        let labels = labels_of(&numbering, given, None, &mut Vec::new()).expect("they fit");
        assert_eq!((labels[3].as_str(), labels.len()), (third, count));
    }

    #[test]
    fn networks_that_answer_in_categories_get_coco_by_category() {
        let coco = || Some(COCO_LABELS.map(str::to_owned).to_vec());
        check((80, None, false), None, "motorbike", 80);
        check((91, None, true), None, "car", 91);
        check((91, None, false), coco(), "car", 91);
        // torchvision's label 1 is the first.
        check((0, Some(1), false), coco(), "motorbike", 90);
        check((0, Some(0), false), coco(), "motorbike", 80);
        // Its own list begins with what is never answered; one without it is taken as it is.
        let own = words(&["__background__", "person", "bicycle", "car", "motorcycle"]);
        check((0, Some(1), false), Some(own.clone()), "motorcycle", 4);
        check((0, Some(1), false), Some(own[1..].to_vec()), "motorcycle", 4);
        check((0, Some(0), false), Some(own), "car", 5);
        check((5, None, true), Some(words(&["a", "b", "c", "d"])), "c", 5);
        let numbering = Numbering { needed: 5, counts_from: None, is_rfdetr: true };
        let wrong = labels_of(&numbering, Some(words(&["a"])), None, &mut Vec::new());
        assert!(matches!(wrong, Err(NotRecognised::LabelsCount { needed: 4, given: 1 })), "{wrong:?}");
    }

    #[test]
    fn labels_that_are_not_there_are_noticed() {
        let table = |label: f32| {
            let values = vec![0.0, 0.0, 9.0, 9.0, 0.5, label];
            [ProbedOutput { name: "output0".to_owned(), integer: false, shape: vec![1, 1, 6], values }]
        };
        assert!(check_indices(&Head::YoloNms, &table(2.0), 3).is_ok());
        assert!(check_indices(&Head::YoloNms, &table(-1.0), 3).is_ok(), "a row of padding");
        let error = check_indices(&Head::YoloNms, &table(79.0), 3).expect_err("three labels");
        assert!(error.to_string().contains("names label 79"), "{error}");
    }
}
