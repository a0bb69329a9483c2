use std::collections::HashMap;
use std::rc::Rc;

use crate::log::plain;
use crate::search::{Query, SearchError};
use crate::{Log, Reserved};

/// The logs of one data source in the order of their dates, and what was found out about them: a page asks the
/// same things again and again.
#[derive(Debug)]
pub(super) struct Index<'a> {
    logs: Vec<&'a Log>,
    found: HashMap<String, Rc<[usize]>>,
    columns: HashMap<String, Rc<Column>>,
}

/// The values that a facet has, row by row: a log may have several.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// Where the values of each row begin.
    starts: Vec<usize>,
    /// The values of all rows, as places in `names`.
    values: Vec<usize>,
    names: Vec<String>,
}

impl<'a> Index<'a> {
    pub(super) fn new(logs: impl IntoIterator<Item = &'a Log>) -> Self {
        let mut logs: Vec<&Log> = logs.into_iter().collect();
        logs.sort_by_key(|log| log.millis());
        Self {
            logs,
            found: HashMap::new(),
            columns: HashMap::new(),
        }
    }

    /// All logs, oldest first.
    pub(super) fn logs(&self) -> &[&'a Log] {
        &self.logs
    }

    /// The rows that a query takes.
    pub(super) fn search(&mut self, text: &str) -> Result<Rc<[usize]>, SearchError> {
        if let Some(rows) = self.found.get(text) {
            return Ok(Rc::clone(rows));
        }
        let query = Query::parse(text)?;
        let rows = self.logs.iter().enumerate();
        let rows = rows.filter(|(_, log)| query.matches(log));
        let rows: Rc<[usize]> = rows.map(|(row, _)| row).collect();
        self.found.insert(text.to_owned(), Rc::clone(&rows));
        Ok(rows)
    }

    /// What a facet has: `@usr.email`, `status`, `account`.
    pub(super) fn column(&mut self, facet: &str) -> Rc<Column> {
        if let Some(column) = self.columns.get(facet) {
            return Rc::clone(column);
        }
        let column = Rc::new(Column::new(&self.logs, facet));
        self.columns.insert(facet.to_owned(), Rc::clone(&column));
        column
    }
}

impl Column {
    fn new(logs: &[&Log], facet: &str) -> Self {
        let mut column = Self {
            starts: vec![0],
            ..Self::default()
        };
        let mut known: HashMap<String, usize> = HashMap::new();
        for log in logs {
            let begin = column.values.len();
            for text in texts(log, facet) {
                let value = *known.entry(text).or_insert_with_key(|text| {
                    column.names.push(text.clone());
                    column.names.len() - 1
                });
                if !column.values[begin..].contains(&value) {
                    column.values.push(value);
                }
            }
            column.starts.push(column.values.len());
        }
        column
    }

    /// The values of a row.
    pub(super) fn values(&self, row: usize) -> &[usize] {
        &self.values[self.starts[row]..self.starts[row + 1]]
    }

    pub(super) fn name(&self, value: usize) -> &str {
        &self.names[value]
    }

    /// The first value of a row as a number.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        let value = self.values(row).first()?;
        let number: f64 = self.names[*value].parse().ok()?;
        number.is_finite().then_some(number)
    }
}

/// All values of a facet that a log has.
fn texts(log: &Log, facet: &str) -> Vec<String> {
    if let Some(path) = facet.strip_prefix('@') {
        return log.values(path).into_iter().map(plain).collect();
    }
    if let Some(reserved) = Reserved::named(facet) {
        return log
            .reserved(reserved)
            .map(str::to_owned)
            .into_iter()
            .collect();
    }
    let tags = log.tags().filter_map(|tag| tag.split_once(':'));
    tags.filter(|(name, _)| *name == facet)
        .map(|(_, value)| value.to_owned())
        .collect()
}
