use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::dice::Dice;

/// When a process dies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    /// When its future has been polled so often: between any two await points.
    Polls(u64),
    /// So long after it began.
    After(Duration),
}

impl Death {
    /// Deaths one after the other: now and then, or in quick succession.
    pub(crate) fn draw(dice: &mut Dice, span: Duration) -> Vec<Self> {
        let count = dice.pick(&[0, 0, 1, 2, 4, 8]);
        let mut deaths: Vec<_> = (0..count)
            .map(|_| {
                if dice.chance(60) {
                    Self::Polls(dice.pick(&[1, 3, 10, 30, 100, 300]) + dice.between(0, 20))
                } else {
                    Self::After(dice.moment(span / 4))
                }
            })
            .collect();
        if dice.chance(10) {
            // Twenty a minute, as a supervisor without patience does it.
            let restarts = dice.between(5, 40);
            deaths.extend((0..restarts).map(|_| Self::After(Duration::from_secs(3))));
        }
        deaths
    }
}

/// A process: something that runs until it is done or dies.
pub(crate) struct Mortal<F> {
    life: Pin<Box<F>>,
    polls: u64,
    end: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl<F: Future> Mortal<F> {
    /// It dies in the phase of faults only.
    pub(crate) fn new(life: F, death: Option<Death>) -> Self {
        let (polls, end) = match death {
            None => (u64::MAX, None),
            Some(Death::Polls(polls)) => (polls, None),
            Some(Death::After(time)) => (u64::MAX, Some(Box::pin(tokio::time::sleep(time)))),
        };
        Self {
            life: Box::pin(life),
            polls,
            end,
        }
    }
}

impl<F: Future> Future for Mortal<F> {
    /// None if it has died.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mortal = &mut *self;
        if let Some(end) = &mut mortal.end
            && end.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(None);
        }
        if mortal.polls == 0 {
            return Poll::Ready(None);
        }
        mortal.polls -= 1;
        let polled = mortal.life.as_mut().poll(context).map(Some);
        if polled.is_pending() && mortal.polls == 0 {
            return Poll::Ready(None);
        }
        polled
    }
}
