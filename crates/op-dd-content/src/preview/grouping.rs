use std::collections::HashMap;

use super::Refusal;
use super::aggregate::Aggregate;
use super::index::Index;
use super::request::Facet;

/// What a log without the facet is counted as, where such logs aren't left out.
const MISSING: &str = "N/A";

/// Rows by the values of facets.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Each group's values of the facets, and its rows.
    pub(super) groups: Vec<(Vec<String>, Vec<usize>)>,
    /// Whether some were left away, since the facets allow no more.
    pub(super) cut: bool,
}

/// The first facet's most (or least) as many as it allows, and within each of them the second's. A log that has several
/// values is in the group of each.
pub(super) fn groups(
    index: &mut Index<'_>,
    rows: &[usize],
    facets: &[Facet],
) -> Result<Groups, Refusal> {
    let mut groups = Groups::default();
    groups.gather(index, &[], rows, facets)?;
    Ok(groups)
}

impl Groups {
    fn gather(
        &mut self,
        index: &mut Index<'_>,
        key: &[String],
        rows: &[usize],
        facets: &[Facet],
    ) -> Result<(), Refusal> {
        let Some((facet, rest)) = facets.split_first() else {
            self.groups.push((key.to_vec(), rows.to_vec()));
            return Ok(());
        };
        let mut groups = by(index, rows, facet)?;
        self.cut |= groups.len() > facet.limit();
        groups.truncate(facet.limit());
        for (name, rows) in groups {
            self.gather(index, &[key, &[name]].concat(), &rows, rest)?;
        }
        Ok(())
    }
}

/// All groups of one facet, in its order.
fn by(
    index: &mut Index<'_>,
    rows: &[usize],
    facet: &Facet,
) -> Result<Vec<(String, Vec<usize>)>, Refusal> {
    let column = index.column(&facet.facet);
    let mut groups: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for row in rows {
        let values = column.values(*row);
        for value in values {
            groups.entry(Some(*value)).or_default().push(*row);
        }
        if values.is_empty() && !facet.excludes_missing() {
            groups.entry(None).or_default().push(*row);
        }
    }
    let sort = &facet.sort;
    // Nothing but the count is asked for without its attribute: editors write `metric: count`.
    let aggregation = sort.aggregation.as_deref().unwrap_or("count");
    let measure = Aggregate::new(aggregation, sort.metric.as_deref(), index)?;
    let mut groups: Vec<(f64, String, Vec<usize>)> = groups
        .into_iter()
        .map(|(value, rows)| {
            let name = value.map_or(MISSING, |value| column.name(value)).to_owned();
            (measure.of(&rows).unwrap_or_default(), name, rows)
        })
        .collect();
    groups.sort_by(|(one, name, _), (other, other_name, _)| {
        let order = sort.order.of(one.total_cmp(other));
        order.then_with(|| name.cmp(other_name))
    });
    let groups = groups.into_iter().map(|(_, name, rows)| (name, rows));
    Ok(groups.collect())
}
