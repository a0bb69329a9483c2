/// Why a condition is none, for example `a > 5 THEN b >= 1`, of queries or steps with these names.
///
/// Comparisons are `>` and `>=` with a number; they are joined by `&&`, `||` and `THEN`, and grouped by parentheses.
pub(crate) fn check(condition: &str, names: &[String]) -> Result<(), String> {
    let words = words(condition);
    let mut rest = words.as_slice();
    read_all(&mut rest, names)?;
    match rest.first() {
        None => Ok(()),
        Some(word) => Err(format!("unexpected `{word}`")),
    }
}

/// Comparisons, joined.
fn read_all(rest: &mut &[&str], names: &[String]) -> Result<(), String> {
    read_one(rest, names)?;
    while let Some("&&" | "||" | "THEN") = rest.first().copied() {
        *rest = &rest[1..];
        read_one(rest, names)?;
    }
    Ok(())
}

/// A comparison, or some in parentheses.
fn read_one(rest: &mut &[&str], names: &[String]) -> Result<(), String> {
    match **rest {
        ["(", ref inner @ ..] => {
            *rest = inner;
            read_all(rest, names)?;
            match **rest {
                [")", ref behind @ ..] => {
                    *rest = behind;
                    Ok(())
                }
                _ => Err("a parenthesis is not closed".to_owned()),
            }
        }
        [name, operator, number, ref behind @ ..] => {
            if !names.iter().any(|known| known == name) {
                return Err(format!("unknown query `{name}`"));
            }
            if !matches!(operator, ">" | ">=") {
                return Err(format!("unknown operator `{operator}`"));
            }
            if number.parse::<f64>().is_err() {
                return Err(format!("`{number}` is no number"));
            }
            *rest = behind;
            Ok(())
        }
        _ => Err("a comparison is missing".to_owned()),
    }
}

/// Runs of characters of one sort, without the white space between them; parentheses alone.
fn words(condition: &str) -> Vec<&str> {
    let sort = |letter: char| match letter {
        letter if letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-') => 0,
        letter if letter.is_whitespace() => 1,
        '(' | ')' => 2,
        _ => 3,
    };
    let mut words = Vec::new();
    let mut start = 0;
    let mut letters = condition.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        let end = place + letter.len_utf8();
        let goes_on = letters
            .peek()
            .is_some_and(|(_, next)| sort(*next) == sort(letter) && sort(letter) != 2);
        if !goes_on {
            if sort(letter) != 1 {
                words.push(&condition[start..end]);
            }
            start = end;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_condition_from_what_is_none() {
        let names = ["a", "failed_login", "ok"].map(str::to_owned);
        for good in [
            "a > 0",
            "a>=5",
            "failed_login > 5 THEN ok >= 1",
            "(a > 1 && ok > 0.5) || failed_login > 10",
            "a > 0.995",
        ] {
            assert_eq!(check(good, &names), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "missing"),
            ("a", "missing"),
            ("a > ", "missing"),
            ("b > 0", "unknown query `b`"),
            ("a < 1", "unknown operator `<`"),
            ("a > b", "`b` is no number"),
            ("a > 0 && ", "missing"),
            ("(a > 0", "not closed"),
            ("a > 0)", "unexpected `)`"),
            ("a > 0 ok > 0", "unexpected `ok`"),
        ] {
            let error = check(bad, &names).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
