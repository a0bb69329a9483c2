/// What was probably meant, as the end of a sentence; nothing, if nothing is near.
pub(super) fn did_you_mean<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
    sigil: &str,
) -> String {
    match nearest(written, known) {
        Some(near) => format!(": did you mean {sigil}{near}?"),
        None => String::new(),
    }
}

/// The one that takes the fewest slips of the pen, if they are few for the length of it.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written = written.to_lowercase();
    let near = known.into_iter().filter_map(|known| {
        let slips = strsim::osa_distance(&written, &known.to_lowercase());
        (slips <= 1 + known.len() / 6).then_some((slips, known))
    });
    near.min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        for (written, meant) in [
            ("evt.names", Some("evt.name")),
            ("usr.mail", Some("usr.email")),
            ("High", Some("high")),
            ("evt.kind", None),
        ] {
            let known = ["evt.name", "evt.outcome", "usr.email", "high"];
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
