//! What has time takes its permits from what the others leave.

use std::time::Duration;

use futures_util::future::{join, join_all};
use onepassword_events::Pacer;
use proptest::prelude::*;
use tokio::time::{Instant, advance, sleep_until, timeout, timeout_at};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Asks for a permit at each of these times, whether or not the one before was given; gives when each
/// was.
async fn ask(pacer: &Pacer, times: &[Instant]) -> Vec<Instant> {
    let given = times.iter().map(|&at| async move {
        sleep_until(at).await;
        pacer.permit().await;
        Instant::now()
    });
    join_all(given).await
}

/// Takes one permit after the other until then; gives when each was given.
async fn drain(pacer: &Pacer, until: Instant) -> Vec<Instant> {
    let mut given = Vec::new();
    while timeout_at(until, pacer.permit()).await.is_ok() {
        given.push(Instant::now());
    }
    given
}

/// The most that were given within such a span.
fn most(given: &[Instant], span: Duration) -> usize {
    let within = |first: usize| given[first..].partition_point(|at| *at < given[first] + span);
    (0..given.len()).map(within).max().unwrap_or(0)
}

fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_has_time_holds_up_nothing_else_and_all_keep_the_limits(
        rate in prop::sample::select(vec![1_u32, 2, 5, 8, 10]),
        burst in 2_u32..40,
        reserve in 0_u32..40,
        // How long after the last, and how many at once.
        arrivals in prop::collection::vec((0_u64..4_000, 1_usize..6), 1..60),
        greedy in 1_usize..4,
    ) {
        paused(async {
            let start = Instant::now();
            let mut at = start;
            let mut times = Vec::new();
            for (gap, count) in arrivals {
                at += Duration::from_millis(gap);
                times.extend(std::iter::repeat_n(at, count));
            }
            let pacer = Pacer::new(f64::from(rate), burst);
            let alone = Pacer::new(f64::from(rate), reserve.clamp(1, burst - 1));
            let spare = pacer.reserving(reserve);
            let drained = join_all((0..greedy).map(|_| drain(&spare, at)));
            let (given, (drained, as_if_alone)) =
                join(ask(&pacer, &times), join(drained, ask(&alone, &times))).await;
            for (given, alone) in given.iter().zip(&as_if_alone) {
                prop_assert!(given <= alone || reserve == 0);
            }

            let mut all: Vec<_> = drained.into_iter().flatten().chain(given).collect();
            all.sort();
            for seconds in [1, 3, 10, 60] {
                let span = seconds * SECOND;
                let limit = burst as usize + (rate * seconds) as usize;
                prop_assert!(most(&all, span) <= limit);
            }
            // Nothing of the rate is lost but what is saved up.
            let due = (at - start).as_secs_f64() * f64::from(rate);
            prop_assert!(all.len() as f64 >= due.floor() - f64::from(reserve.min(burst - 1)));
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn any_mixture_of_handles_keeps_both_of_the_limits() {
    let pacer = Pacer::default();
    let two_hours = Instant::now() + 120 * MINUTE;
    let (few, many) = (pacer.reserving(10), pacer.reserving(60));
    // Whatever is there is taken every four minutes; so there are times of saving between.
    let often = async {
        let mut given = Vec::new();
        let mut at = Instant::now();
        while at < two_hours {
            at += 4 * MINUTE;
            given.extend(drain(&pacer, at - 3 * MINUTE).await);
            sleep_until(at).await;
        }
        given
    };
    let (mut all, (few, many)) =
        join(often, join(drain(&few, two_hours), drain(&many, two_hours))).await;
    assert!(!few.is_empty() && !many.is_empty() && !all.is_empty());
    all.extend(few.into_iter().chain(many));
    all.sort();
    let (minute, hour) = (most(&all, MINUTE), most(&all, 60 * MINUTE));
    assert!((480..=600).contains(&minute), "{minute} in a minute");
    assert!((28_000..=30_000).contains(&hour), "{hour} in an hour");
}

#[tokio::test(start_paused = true)]
async fn while_the_others_use_all_of_the_rate_it_gets_nothing_and_then_the_rest() {
    let pacer = Pacer::new(2.0, 10);
    let start = Instant::now();
    let busy = start + MINUTE;
    let spare = pacer.reserving(4);
    let (taken, spared) = join(drain(&pacer, busy), drain(&spare, busy + MINUTE)).await;
    // From the first moment to the last, each half second one.
    assert_eq!(taken.len(), 121);
    // One that was asked for is lost, then the reserve is filled.
    assert_eq!((spared[0] - busy).as_secs(), 3);
    assert_eq!(spared.len(), 115);
    assert_eq!(pacer.available(), 4);
}

#[tokio::test(start_paused = true)]
async fn to_stop_waiting_costs_nothing() {
    let pacer = Pacer::new(1.0, 10);
    pacer.permit().await;
    let spare = pacer.reserving(5);
    for _ in 0..50 {
        let waited = timeout(Duration::from_millis(100), spare.permit()).await;
        assert!(waited.is_err());
    }
    // All five seconds' permits are still there.
    assert_eq!((pacer.available(), spare.available()), (5, 0));
    spare.permit().await;
    assert_eq!(pacer.available(), 5);
}

#[tokio::test(start_paused = true)]
async fn who_has_time_asks_in_order_and_who_goes_away_makes_room() {
    let pacer = Pacer::new(1.0, 10);
    let (one, two) = (pacer.reserving(3), pacer.reserving(0));
    let first = timeout(Duration::from_millis(1500), one.permit());
    let second = async {
        two.permit().await;
        Instant::now()
    };
    let start = Instant::now();
    let (first, second) = join(first, second).await;
    assert!(first.is_err());
    assert_eq!(second - start, Duration::from_millis(1500));
}

#[tokio::test(start_paused = true)]
async fn the_stricter_of_two_limits_holds() {
    for (second, rate, burst) in [
        ((2.0, 50), 2.0, 10),
        ((50.0, 4), 4.0, 4),
        ((1.0, 2), 1.0, 2),
        ((9.0, 99), 4.0, 10),
    ] {
        for saved_for in [0, 1, 3600] {
            let pacer = Pacer::new(4.0, 10);
            let spare = pacer.reserving(7);
            advance(saved_for * SECOND).await;
            let before = pacer.available();
            pacer.tighten(second.0, second.1);
            assert_eq!(pacer.available(), before.min(burst));
            let given = join(
                drain(&pacer, Instant::now() + MINUTE),
                drain(&spare, Instant::now() + MINUTE),
            );
            let (mut given, spared) = given.await;
            given.extend(spared);
            given.sort();
            for seconds in [1, 10] {
                let limit = f64::from(burst) + rate * f64::from(seconds);
                assert!(most(&given, seconds * SECOND) as f64 <= limit);
            }
            assert!(given.len() as f64 >= rate * 59.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_available_is_what_can_be_had_at_once() {
    for (rate, burst, reserve) in [(2.0, 6, 2), (8.0, 100, 30), (1.0, 1, 5), (3.0, 7, 100)] {
        let pacer = Pacer::new(rate, burst);
        let spare = pacer.reserving(reserve);
        assert_eq!(pacer.available(), 1);
        for pause in [0, 100, 1_000, 700, 60_000] {
            advance(Duration::from_millis(pause)).await;
            for handle in [&spare, &pacer] {
                let available = handle.available();
                let now = Instant::now();
                for _ in 0..available {
                    handle.permit().await;
                }
                assert_eq!(now.elapsed(), Duration::ZERO);
                assert_eq!(handle.available(), 0);
            }
        }
    }
}
