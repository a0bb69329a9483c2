//! What holds for any configuration, for the tests and for the fuzz target `config`.

use std::path::Path;

use crate::config::{Config, Need, Secret};

/// Any text is a configuration or is refused for faults that each have a line, a column and one line of
/// text, in their order; a literal secret is shown by neither.
pub(crate) fn config(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    let file = Path::new("f");
    let mut faults = match Config::parse(text, Need::Nothing) {
        Ok((config, faults)) => {
            let shown = format!("{config:?}");
            for (secret, _) in config.secrets() {
                // A short one may be a part of anything.
                if let Secret::Literal(literal) = secret
                    && literal.len() >= 16
                    && text.matches(literal).count() == 1
                {
                    assert!(!shown.contains(literal), "{shown}");
                }
            }
            faults
        }
        Err(mut faults) => {
            let lines = faults.lines(file, text, false);
            assert!(!lines.is_empty());
            faults
        }
    };
    let lines = faults.lines(file, text, false);
    let mut last = (1, 1);
    for line in &lines {
        assert!(!line.contains('\n'), "{line}");
        let mut parts = line.splitn(4, ':').skip(1);
        let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
        let (Some(at), Some(column)) = (number(), number()) else {
            assert!(line.ends_with(" faults more"), "{line}");
            continue;
        };
        assert!(at <= text.split('\n').count(), "{line}");
        assert!((at, column) >= last, "{lines:?}");
        last = (at, column);
    }
    let with_excerpts = faults.lines(file, text, true);
    assert_eq!(with_excerpts.len(), lines.len());
    for (line, with_excerpt) in lines.iter().zip(with_excerpts) {
        assert!(with_excerpt.starts_with(line), "{with_excerpt}");
    }
}
