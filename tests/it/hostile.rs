//! Servers that answer what none should: over real sockets, each case in a process of its own, which
//! says how much memory it took.
//!
//! `cargo run -p op-dd-tests --bin hostile` prints it all as a table.

#![expect(
    clippy::print_stderr,
    reason = "a check that was left out should be seen"
)]

use std::path::Path;

use op_dd_tests::hostile::Case;

/// Checks the cases whose names begin so.
fn check(kind: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_hostile"));
    let cases = Case::all().into_iter();
    let cases: Vec<_> = cases.filter(|case| case.name.starts_with(kind)).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let finding = case.measure(program);
        assert!(
            finding.said.contains(case.expect),
            "{}: {finding:?}",
            case.name
        );
        match finding.peak {
            Some(peak) => assert!(peak >> 20 <= case.most, "{}: {finding:?}", case.name),
            None => eprintln!(
                "SKIPPED: this system doesn't say what memory {} took",
                case.name
            ),
        }
    }
}

#[test]
fn whatever_the_events_api_answers_takes_bounded_memory_and_is_told() {
    check("events: ");
}

#[test]
fn whatever_is_on_a_page_takes_bounded_memory_and_is_sent_or_kept() {
    check("bridge: ");
}

#[test]
fn whatever_the_intake_answers_takes_bounded_memory_and_is_told() {
    check("intake: ");
    check("key check: ");
}
