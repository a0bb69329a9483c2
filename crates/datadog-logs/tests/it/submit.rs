//! Trying again by policy, on virtual time.

use std::time::Duration;

use datadog_logs::{ApiKey, SendErrorKind, TransportErrorKind};
use tokio::time::Instant;

use crate::entries;
use crate::transport::{FakeIntake, broken, status, with_header};

#[tokio::test(start_paused = true)]
async fn what_was_accepted_is_not_sent_again() {
    let intake = FakeIntake::script([
        status(202),
        status(503),
        broken(TransportErrorKind::Network),
        status(202),
        status(429),
        status(202),
    ]);
    let receipt = intake
        .client()
        .build()
        .unwrap()
        .submit(&entries(2_100))
        .await
        .unwrap();
    assert_eq!((receipt.accepted, receipt.requests), (2_100, 6));
    let firsts: Vec<_> = intake.numbers().iter().map(|numbers| numbers[0]).collect();
    assert_eq!(firsts, [0, 1_000, 1_000, 1_000, 2_000, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn delays_double_up_to_a_minute() {
    let intake = FakeIntake::script((0..9).map(|_| status(500)));
    let client = intake.client().retry_for(Duration::MAX).build().unwrap();
    client.submit(&entries(1)).await.unwrap();
    let times = intake.seconds();
    let delays = times.windows(2).map(|pair| pair[1] - pair[0]);
    for (delay, least) in delays.zip([1., 2., 4., 8., 16., 32., 60., 60., 60.]) {
        // Timers tick in milliseconds.
        assert!(
            delay >= least && delay <= 2. * least + 0.001,
            "{delay} instead of {least}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_delay_is_honoured() {
    let intake = FakeIntake::script([
        with_header(429, "retry-after", "40"),
        // Shorter than one's own: it counts as the least.
        with_header(503, "retry-after", "1"),
    ]);
    intake
        .client()
        .build()
        .unwrap()
        .submit(&entries(1))
        .await
        .unwrap();
    let times = intake.seconds();
    assert!((times[1] - 40.).abs() < 0.01, "{times:?}");
    assert!(times[2] - times[1] >= 2., "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn the_time_that_may_be_spent_ends() {
    let intake = FakeIntake::new(|_| status(503));
    let started = Instant::now();
    let error = intake
        .client()
        .build()
        .unwrap()
        .submit(&entries(1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::Server);
    assert!(started.elapsed() <= Duration::from_secs(300));
    assert!(intake.requests().len() > 5);

    // A try that would come too late isn't waited for.
    let intake = FakeIntake::new(|_| with_header(429, "retry-after", "301"));
    let started = Instant::now();
    let error = intake
        .client()
        .build()
        .unwrap()
        .submit(&entries(1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::RateLimited);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_would_not_change_is_not_tried_again() {
    for code in [401, 403, 404, 301] {
        let intake = FakeIntake::new(move |_| status(code));
        intake
            .client()
            .build()
            .unwrap()
            .submit(&entries(3))
            .await
            .unwrap_err();
        assert_eq!(intake.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_exchanged_costs_one_refused_request() {
    let intake = FakeIntake::new(|request| {
        status(if request.headers()["dd-api-key"] == "key-2" {
            202
        } else {
            403
        })
    });
    let client = intake
        .client()
        .reread_key(|| async { ApiKey::new("key-2") })
        .build()
        .unwrap();
    client.submit(&entries(1)).await.unwrap();
    assert_eq!(intake.keys(), ["key-1", "key-2"]);

    let intake = FakeIntake::new(|_| status(403));
    let client = intake
        .client()
        .reread_key(|| async { ApiKey::new("key-3") })
        .build()
        .unwrap();
    client.submit(&entries(1)).await.unwrap_err();
    assert_eq!(intake.keys(), ["key-1", "key-3"]);
}
