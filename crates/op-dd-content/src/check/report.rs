use super::{Finding, Level};
use crate::Place;
use crate::place::{place, place_of_name, place_within};

/// What is found in one file.
pub(super) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    findings: Vec<Finding>,
}

/// Which part of the file a finding is about. Places are JSON pointers.
#[derive(Clone, Copy)]
pub(super) enum Spot<'a> {
    /// The file as a whole.
    File,
    /// A value.
    Value(&'a str),
    /// The name of a member.
    Name(&'a str),
    /// A byte of a text, as it reads without its escapes.
    Within(&'a str, usize),
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            findings: Vec::new(),
        }
    }

    pub(super) fn fault<'p>(&mut self, spot: impl Into<Spot<'p>>, problem: impl Into<String>) {
        self.add(Level::Fault, spot.into(), problem.into());
    }

    pub(super) fn notice<'p>(&mut self, spot: impl Into<Spot<'p>>, problem: impl Into<String>) {
        self.add(Level::Notice, spot.into(), problem.into());
    }

    /// The file can't be read, which the reader of JSON says in words such as `expected value at line 3
    /// column 7`.
    pub(super) fn unreadable(&mut self, said: &str) {
        let (problem, position) = said.rsplit_once(" at line ").unwrap_or((said, ""));
        let position = position.split_once(" column ");
        let position =
            position.and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
        self.findings.push(Finding {
            level: Level::Fault,
            file: self.file.to_owned(),
            place: position.map(|(line, column)| Place::of_column(self.text, line, column)),
            pointer: String::new(),
            problem: problem.to_owned(),
        });
    }

    pub(super) fn has_faults(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.level == Level::Fault)
    }

    /// How much was found so far.
    pub(super) fn count(&self) -> usize {
        self.findings.len()
    }

    /// Everything that was found, in the order of the file.
    pub(super) fn findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.place);
        self.findings
    }

    fn add(&mut self, level: Level, spot: Spot<'_>, problem: String) {
        let (pointer, place) = match spot {
            Spot::File => ("", None),
            Spot::Value(pointer) => (pointer, place(self.text, pointer)),
            Spot::Name(pointer) => (pointer, place_of_name(self.text, pointer)),
            Spot::Within(pointer, at) => (pointer, place_within(self.text, pointer, at)),
        };
        let finding = Finding {
            level,
            file: self.file.to_owned(),
            place,
            pointer: pointer.to_owned(),
            problem,
        };
        // An attribute may stand at one place for several values: one line is enough.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

impl<'a> From<&'a str> for Spot<'a> {
    fn from(pointer: &'a str) -> Self {
        Self::Value(pointer)
    }
}

impl<'a> From<&'a String> for Spot<'a> {
    fn from(pointer: &'a String) -> Self {
        Self::Value(pointer)
    }
}
