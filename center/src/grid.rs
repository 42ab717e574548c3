//! The grid tree from a CSV file: header `code,name,leader`, UTF-8 with or without byte order mark.
//!
//! Every problem is reported at once, with its line. Knows nothing of the store.

use std::{collections::HashMap, fmt};

use gridwatch_domain::{CellCode, GridNode, GridTree};

/// The columns, in this order.
const COLUMNS: [&str; 3] = ["code", "name", "leader"];
/// Longest name of a node or leader, in characters.
const LONGEST_NAME: usize = 100;

/// What is wrong with a grid file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridProblem {
    /// The line, from 1.
    pub line: u64,
    /// What was found, and what is allowed.
    pub text: String,
}

impl fmt::Display for GridProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// Reads a grid file. The problems are never empty, and in the order of their lines.
pub fn from_csv(bytes: &[u8]) -> Result<GridTree, Vec<GridProblem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let mut reading = Reading::default();
    for record in reader.byte_records() {
        match record {
            Ok(record) => reading.record(&record),
            Err(error) => reading.problem(error.position().map_or(1, csv::Position::line), error.to_string()),
        }
    }
    reading.finish()
}

#[derive(Default)]
struct Reading {
    has_header: bool,
    nodes: Vec<GridNode>,
    lines: HashMap<CellCode, u64>,
    problems: Vec<GridProblem>,
}

impl Reading {
    fn problem(&mut self, line: u64, text: impl Into<String>) {
        self.problems.push(GridProblem { line, text: text.into() });
    }

    fn record(&mut self, record: &csv::ByteRecord) {
        let line = record.position().map_or(1, csv::Position::line);
        let fields: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let Ok(fields) = fields else {
            return self.problem(line, "not UTF-8; save the file as \"CSV UTF-8\"");
        };
        if !self.has_header {
            self.has_header = true;
            if fields != COLUMNS {
                let found = fields.join(",");
                self.problem(line, format!("header {found:?}: expected \"code,name,leader\""));
            }
            return;
        }
        match fields[..] {
            [code, name] => self.node(line, code, name, ""),
            [code, name, leader] => self.node(line, code, name, leader),
            _ => self.problem(line, format!("{} columns: expected code, name and leader", fields.len())),
        }
    }

    fn node(&mut self, line: u64, code: &str, name: &str, leader: &str) {
        for (column, text) in [("name", name), ("leader", leader)] {
            if text.chars().count() > LONGEST_NAME {
                self.problem(line, format!("{column} of more than {LONGEST_NAME} characters"));
            }
            if text.chars().any(char::is_control) {
                self.problem(line, format!("{column} {text:?}: control characters are not allowed"));
            }
        }
        if name.is_empty() {
            self.problem(line, "name is empty");
        }
        match code.parse::<CellCode>() {
            Ok(code) => {
                if let Some(first) = self.lines.get(&code).copied() {
                    return self.problem(line, format!("code {code} stands in line {first} already"));
                }
                self.lines.insert(code.clone(), line);
                let leader = (!leader.is_empty()).then(|| leader.to_owned());
                self.nodes.push(GridNode { code, name: name.to_owned(), leader });
            }
            Err(_) if code.contains(['E', 'e']) => self.problem(
                line,
                format!(
                    "code {code:?}: a spreadsheet has rounded it; format the column as text and type it anew"
                ),
            ),
            Err(error) => self.problem(line, error.to_string()),
        }
    }

    fn finish(mut self) -> Result<GridTree, Vec<GridProblem>> {
        if !self.has_header {
            self.problem(1, "empty; expected the header \"code,name,leader\" and one line per node");
        }
        let orphans: Vec<(CellCode, CellCode)> = self
            .nodes
            .iter()
            .filter_map(|node| Some((node.code.clone(), node.code.parent()?)))
            .filter(|(_, parent)| !self.lines.contains_key(parent))
            .collect();
        for (code, parent) in orphans {
            let line = self.lines[&code];
            self.problem(line, format!("code {code}: its parent {parent} is missing"));
        }
        self.problems.sort_by_key(|problem| problem.line);
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        GridTree::new(self.nodes).map_err(|error| vec![GridProblem { line: 1, text: error.to_string() }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "code,name,leader\n520121,开阳县,\n520121002,硒城街道,李明\n520121002003,刘家坡社区,王芳\n\
                        520121002003007,\"第七网格, 东\",\n";

    #[track_caller]
    fn check(csv: &[u8], expected: &[(u64, &str)]) {
        let problems = from_csv(csv).expect_err("has problems");
        let found: Vec<(u64, &str)> = problems.iter().map(|it| (it.line, it.text.as_str())).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((line, text), (expected_line, part)) in found.iter().zip(expected) {
            assert!(line == expected_line && text.contains(part), "line {line}: {text}");
        }
    }

    #[test]
    fn reads_with_or_without_byte_order_mark_and_with_either_line_end() {
        let plain = from_csv(GOOD.as_bytes()).expect("good");
        let windows = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
        assert_eq!(from_csv(windows.as_bytes()), Ok(plain.clone()));
        let cell = plain.nodes().last().expect("four nodes");
        assert_eq!((cell.name.as_str(), cell.leader.as_deref()), ("第七网格, 东", None));
        assert_eq!(plain.nodes().nth(1).and_then(|it| it.leader.as_deref()), Some("李明"));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let csv = "code,name,leader\n520121,开阳县,\n12,short,\n520121009003,orphan,\n520121,again,\n520121001,,\n\
                   5.20121E+14,rounded,\n520121003,a,b,c\n";
        check(
            csv.as_bytes(),
            &[
                (3, "expected 6, 9, 12 or 15 digits"),
                (4, "parent 520121009 is missing"),
                (5, "stands in line 2 already"),
                (6, "name is empty"),
                (7, "a spreadsheet has rounded it"),
                (8, "4 columns"),
            ],
        );
    }

    #[test]
    fn other_files_are_refused() {
        check(b"", &[(1, "empty")]);
        check(b"name,code\n520121,x\n", &[(1, "expected \"code,name,leader\"")]);
        // 开阳县 in GBK, as spreadsheets in China save by default.
        check(b"code,name,leader\n520121,\xbf\xaa\xd1\xf4\xcf\xd8,\n", &[(2, "CSV UTF-8")]);
        check(b"code,name,leader\n520121,\"a\x1b[31m\",\n", &[(2, "control characters")]);
    }
}
