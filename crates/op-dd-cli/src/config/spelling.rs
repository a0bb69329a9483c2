/// What was meant by a word, if it is near to one of those that are understood.
pub(super) fn nearest(written: &str, known: &[&'static str]) -> Option<&'static str> {
    let written = written.to_lowercase().replace('-', "_");
    let near = known.iter().filter_map(|known| {
        let slips = strsim::osa_distance(&written, known);
        (slips <= 1 + known.len() / 5).then_some((slips, *known))
    });
    near.min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}
