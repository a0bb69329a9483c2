use std::sync::LazyLock;

use op_dd_content::Log;
use op_dd_content::search::{Query, Term};

static LOGS: LazyLock<[Log; 2]> = LazyLock::new(|| {
    [
        r#"{"timestamp": 0, "ddsource": "1password", "ddtags": "account:acme,late:true", "status": "warn",
            "message": "Ada Lovelace revealed an item", "evt": {"name": "reveal"}, "n": 3, "a.b": "c",
            "usr": {"email": "ada@example.com"}, "list": [{"x": "y"}, {"x": -1.5}], "ip": "203.0.113.7"}"#,
        r#"{"timestamp": 0}"#,
    ]
    .map(|json| Log::sent(json).unwrap())
});

/// Any text is a query or is refused at a place within it. What is a query in parentheses takes what it takes
/// without, and what is one behind a minus sign takes all the others.
///
/// # Panics
///
/// If that doesn't hold.
pub fn search(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    match Query::parse(&text) {
        Ok(query) => {
            let at = query.terms().into_iter().map(Term::at);
            let mut at = at.inspect(|at| assert!(text.is_char_boundary(*at)));
            assert!(at.all(|at| at < text.len()) && query.text() == text);
            for log in LOGS.iter() {
                let takes = query.matches(log);
                // An empty text is a query, and empty parentheses are none.
                if let Ok(within) = Query::parse(&format!("({text})")) {
                    assert_eq!(within.matches(log), takes, "{text}");
                    let others = Query::parse(&format!("-({text})")).unwrap();
                    assert_eq!(others.matches(log), !takes, "{text}");
                }
            }
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{text}");
            let said = error.to_string();
            assert!(!said.contains('\n') || text.contains('\n'), "{said}");
        }
    }
}
