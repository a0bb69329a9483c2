//! The protocol's repairs, without I/O.

use std::collections::BTreeSet;

use datadog_logs::{
    Answer, Batch, Compression, Intake, LogEntry, Receipt, RefusalReason, Refused, Retry,
    SendError, SendErrorKind, Site,
};
use proptest::prelude::*;

use crate::{entries, numbers};

fn intake(compression: Compression) -> Intake {
    Intake::new(&Site::EU1, compression)
}

/// Delivers `entries` to an intake that answers with `status`.
fn deliver(
    intake: &Intake,
    entries: &[LogEntry],
    mut status: impl FnMut(&Batch) -> u16,
) -> Result<Receipt, SendError> {
    let mut delivery = intake.deliver(entries);
    while let Some(batch) = delivery.next_batch()? {
        delivery.answered(&Answer::new(status(&batch)))?;
    }
    Ok(delivery.into_receipt())
}

fn rejected(index: usize) -> Refused {
    Refused::new(index, RefusalReason::Rejected { status: 400 })
}

#[test]
fn no_entries_are_no_request() {
    let receipt = deliver(&intake(Compression::None), &[], |_| unreachable!()).unwrap();
    assert_eq!(receipt, Receipt::default());
}

#[test]
fn batches_of_a_thousand_in_order() {
    let mut sizes = Vec::new();
    let receipt = deliver(&intake(Compression::None), &entries(2_001), |batch| {
        assert_eq!(
            numbers(&batch.body),
            batch.entries.clone().collect::<Vec<_>>()
        );
        assert_eq!(batch.bytes, batch.body.len());
        sizes.push(batch.entries.clone());
        202
    })
    .unwrap();
    assert_eq!(sizes, [0..1_000, 1_000..2_000, 2_000..2_001]);
    assert_eq!(receipt.accepted, 2_001);
    assert_eq!(receipt.requests, 3);
    assert_eq!(receipt.bytes, receipt.bytes_sent);
}

#[test]
fn only_a_202_is_an_acknowledgement() {
    for status in [200, 201, 204, 301, 307, 404, 422] {
        let error = deliver(&intake(Compression::None), &entries(1), |_| status).unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::Unexpected(status));
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.retry(), Retry::Never);
        assert_eq!(error.accepted(), [0; 0]);
    }
}

#[test]
fn a_413_is_split_down_to_the_entries_that_are_too_large() {
    let mut order = Vec::new();
    let receipt = deliver(&intake(Compression::None), &entries(5), |batch| {
        let numbers = numbers(&batch.body);
        if numbers.contains(&3) || numbers.len() > 3 {
            return 413;
        }
        order.extend(numbers);
        202
    })
    .unwrap();
    assert_eq!(order, [0, 1, 2, 4]);
    assert_eq!(receipt.accepted, 4);
    let bytes = "{\"message\":\"3\"}".len();
    assert_eq!(
        receipt.refused,
        [Refused::new(3, RefusalReason::TooLarge { bytes })]
    );
}

#[test]
fn an_entry_over_a_megabyte_is_never_sent() {
    let mut entries = entries(4);
    entries[0] = LogEntry::new("x".repeat(1_000_000));
    entries[2] = entries[0].clone();
    let mut order = Vec::new();
    let receipt = deliver(&intake(Compression::None), &entries, |batch| {
        order.push(batch.entries.clone());
        202
    })
    .unwrap();
    assert_eq!(order, [1..2, 3..4]);
    let bytes = 1_000_000 + "{\"message\":\"\"}".len();
    let too_large = |index| Refused::new(index, RefusalReason::TooLarge { bytes });
    assert_eq!(receipt.refused, [too_large(0), too_large(2)]);
}

#[test]
fn a_400_is_bisected_in_order() {
    let bad = [0, 499, 500, 999];
    let mut order = Vec::new();
    let receipt = deliver(&intake(Compression::None), &entries(1_000), |batch| {
        let numbers = numbers(&batch.body);
        if bad.iter().any(|bad| numbers.contains(bad)) {
            return 400;
        }
        order.extend(numbers);
        202
    })
    .unwrap();
    assert!(order.is_sorted());
    assert_eq!(receipt.accepted, 996);
    assert_eq!(receipt.refused, bad.map(rejected));
}

#[test]
fn the_eleventh_refused_entry_ends_it() {
    let refuse = |count: usize| {
        deliver(&intake(Compression::None), &entries(100), move |batch| {
            if numbers(&batch.body)
                .iter()
                .any(|n| n % 2 == 1 && n / 2 < count)
            {
                400
            } else {
                202
            }
        })
    };
    let receipt = refuse(10).unwrap();
    assert_eq!((receipt.accepted, receipt.refused.len()), (90, 10));

    let error = refuse(11).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::Rejected);
    assert_eq!((error.status(), error.retry()), (Some(400), Retry::Never));
    assert_eq!(
        error.accepted(),
        (0..=10).map(|n| 2 * n).collect::<Vec<_>>()
    );
    assert_eq!(
        error.refused(),
        (0..=10).map(|n| rejected(2 * n + 1)).collect::<Vec<_>>()
    );
}

#[test]
fn an_error_names_what_was_accepted_and_the_delivery_goes_on_from_there() {
    let intake = intake(Compression::None);
    let entries = entries(1_500);
    let mut delivery = intake.deliver(&entries);
    assert_eq!(delivery.next_batch().unwrap().unwrap().entries, 0..1_000);
    delivery.answered(&Answer::new(202)).unwrap();
    assert_eq!(
        delivery.next_batch().unwrap().unwrap().entries,
        1_000..1_500
    );
    let date = Some("Mon, 23 Nov 2026 01:00:00 GMT");
    let answer = Answer::new(503)
        .with_date(date)
        .with_retry_after(Some("Mon, 23 Nov 2026 01:00:09 GMT"));
    let error = delivery.answered(&answer).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::Server);
    assert_eq!(
        error.retry(),
        Retry::After(std::time::Duration::from_secs(9))
    );
    assert_eq!(error.accepted(), (0..1_000).collect::<Vec<_>>());
    assert_eq!(error.server_time(), answer.server_time());
    assert!(
        error
            .to_string()
            .starts_with("http-intake.logs.datadoghq.eu failed (status 503)"),
        "{error}"
    );

    assert_eq!(
        delivery.next_batch().unwrap().unwrap().entries,
        1_000..1_500
    );
    let error = delivery.failed(SendErrorKind::Network, "reset");
    assert_eq!(
        (error.retry(), error.accepted().len()),
        (Retry::Backoff, 1_000)
    );
    // Asked for again without an answer, it comes again.
    assert_eq!(
        delivery.next_batch().unwrap().unwrap().entries,
        1_000..1_500
    );
    assert_eq!(
        delivery.next_batch().unwrap().unwrap().entries,
        1_000..1_500
    );
    delivery.answered(&Answer::new(202)).unwrap();
    assert!(delivery.next_batch().unwrap().is_none());
    assert_eq!(delivery.into_receipt().accepted, 1_500);
}

#[test]
fn an_answer_to_nothing_changes_nothing() {
    let intake = intake(Compression::None);
    let entries = entries(1);
    let mut delivery = intake.deliver(&entries);
    delivery.answered(&Answer::new(202)).unwrap();
    assert!(delivery.next_batch().unwrap().is_some());
}

/// Which compressions were tried, by an intake that answers each with a status of its own.
fn tried(
    intake: &Intake,
    status: impl Fn(Compression) -> u16,
) -> (Vec<String>, Result<Receipt, SendError>) {
    let mut tried = Vec::new();
    let result = deliver(intake, &entries(1), |batch| {
        tried.push(batch.compression.to_string());
        status(batch.compression)
    });
    (tried, result)
}

#[test]
fn gzip_gives_way_to_none_for_good() {
    let intake = intake(Compression::Gzip);
    let (order, result) = tried(&intake, |compression| {
        if compression == Compression::Gzip {
            415
        } else {
            202
        }
    });
    assert_eq!(order, ["gzip", "none"]);
    assert_eq!(result.unwrap().accepted, 1);
    assert_eq!(intake.compression(), Compression::None);

    let (order, result) = tried(&intake, |_| 415);
    assert_eq!(order, ["none"]);
    assert_eq!(result.unwrap_err().kind(), SendErrorKind::Unexpected(415));
}

#[test]
fn a_400_to_gzip_is_about_the_entries() {
    let (order, result) = tried(&intake(Compression::Gzip), |_| 400);
    assert_eq!(order, ["gzip"]);
    assert_eq!(result.unwrap().refused, [rejected(0)]);
}

#[cfg(feature = "zstd")]
mod zstd {
    use super::*;

    #[test]
    fn gives_way_to_gzip_for_good_where_gzip_is_accepted() {
        for status in [400, 415] {
            let intake = intake(Compression::Zstd);
            let (order, result) = tried(&intake, |compression| {
                if compression == Compression::Zstd {
                    status
                } else {
                    202
                }
            });
            assert_eq!(order, ["zstd", "gzip"]);
            assert_eq!(result.unwrap().accepted, 1);
            assert_eq!(intake.compression(), Compression::Gzip);
        }
    }

    #[test]
    fn stays_where_gzip_is_refused_as_well() {
        let intake = intake(Compression::Zstd);
        let (order, result) = tried(&intake, |_| 400);
        assert_eq!(order, ["zstd", "gzip"]);
        assert_eq!(result.unwrap().refused, [rejected(0)]);
        assert_eq!(intake.compression(), Compression::Zstd);

        let (order, result) = tried(&intake, |compression| {
            if compression == Compression::Zstd {
                400
            } else {
                503
            }
        });
        assert_eq!(order, ["zstd", "gzip"]);
        assert_eq!(result.unwrap_err().kind(), SendErrorKind::Server);
        assert_eq!(intake.compression(), Compression::Zstd);
    }

    #[test]
    fn once_accepted_a_400_is_about_the_entries() {
        let intake = intake(Compression::Zstd);
        tried(&intake, |_| 202).1.unwrap();
        let (order, result) = tried(&intake, |_| 400);
        assert_eq!(order, ["zstd"]);
        assert_eq!(result.unwrap().refused, [rejected(0)]);
    }

    #[test]
    fn may_give_way_to_none_at_all() {
        let intake = intake(Compression::Zstd);
        let (order, result) = tried(&intake, |compression| {
            if compression == Compression::None {
                202
            } else {
                415
            }
        });
        assert_eq!(order, ["zstd", "gzip", "none"]);
        assert_eq!(result.unwrap().accepted, 1);
        assert_eq!(intake.compression(), Compression::None);
    }

    #[test]
    fn the_second_choice_is_taken_up_again_after_a_failure() {
        let intake = intake(Compression::Zstd);
        let entries = entries(1);
        let mut delivery = intake.deliver(&entries);
        assert_eq!(
            delivery.next_batch().unwrap().unwrap().compression,
            Compression::Zstd
        );
        delivery.answered(&Answer::new(415)).unwrap();
        for _ in 0..2 {
            assert_eq!(
                delivery.next_batch().unwrap().unwrap().compression,
                Compression::Gzip
            );
            let _ = delivery.failed(SendErrorKind::Network, "reset");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever an intake refuses, and however often it fails in between: each entry is accepted
    /// once or named once.
    #[test]
    fn every_entry_is_accepted_or_named(
        count in 0..1_200_usize,
        bad in prop::collection::btree_set(0..1_200_usize, 0..=10),
        large in prop::collection::btree_set(0..1_200_usize, 0..5),
        most in 1..1_200_usize,
        failures in prop::collection::btree_set(0..40_usize, 0..5),
    ) {
        let intake = intake(Compression::None);
        let entries = entries(count);
        let mut delivery = intake.deliver(&entries);
        let mut accepted = Vec::new();
        for step in 0.. {
            let Some(batch) = delivery.next_batch().unwrap() else { break };
            let numbers = numbers(&batch.body);
            let has = |set: &BTreeSet<usize>| numbers.iter().any(|n| set.contains(n));
            let status = if failures.contains(&step) {
                503
            } else if numbers.len() > most || has(&large) {
                413
            } else if has(&bad) {
                400
            } else {
                accepted.extend(&numbers);
                202
            };
            let answered = delivery.answered(&Answer::new(status));
            prop_assert_eq!(answered.is_err(), status == 503);
            if let Err(error) = answered {
                prop_assert_eq!(error.accepted(), &accepted);
            }
        }
        let receipt = delivery.into_receipt();
        prop_assert!(accepted.is_sorted());
        prop_assert_eq!(receipt.accepted, accepted.len());
        let refused: Vec<usize> = receipt.refused.iter().map(|refused| refused.index).collect();
        prop_assert!(refused.is_sorted());
        let expect: Vec<usize> = bad.union(&large).copied().filter(|&n| n < count).collect();
        prop_assert_eq!(&refused, &expect);
        let mut all = [accepted, refused].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
    }
}
