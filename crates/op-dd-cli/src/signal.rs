use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::sync::watch;

use crate::exit::{Exit, Failure};
use crate::systemd::{self, News};

/// Does `work`, which is called once the program hears when it is told to stop, is given a future that
/// completes then, and has `grace` left to come to its end. Returns none if that was too short, or if
/// it was told a second time.
///
/// What is broken off so loses nothing: its page is sent once more after the next start.
pub(crate) async fn until_told_to_stop<T, F>(
    grace: Duration,
    work: impl FnOnce(Stop) -> F,
) -> Result<Option<T>, Failure>
where
    F: Future<Output = T>,
{
    let mut signals = Signals::listen().map_err(deaf)?;
    let (tell, stop) = Stop::channel();
    let mut work = std::pin::pin!(work(stop));
    tokio::select! {
        done = &mut work => return Ok(Some(done)),
        () = signals.next() => {}
    }
    tracing::info!("finishing what is under way");
    systemd::tell(News::Stopping);
    tell.stop();
    tokio::select! {
        done = &mut work => Ok(Some(done)),
        () = signals.next() => Ok(None),
        () = tokio::time::sleep(grace) => Ok(None),
    }
}

/// Completes when the program is told to stop, for what can be left at once.
pub(crate) async fn told_to_stop() -> Result<(), Failure> {
    let mut signals = Signals::listen()
        .map_err(|error| Failure::new(Exit::Defect, format!("no signal can be heard: {error}")))?;
    signals.next().await;
    Ok(())
}

/// The other end of a [`Stop`].
pub(crate) struct Tell(watch::Sender<bool>);

impl Tell {
    pub(crate) fn stop(&self) {
        // Those that it concerns may have come to their end.
        let _ = self.0.send(true);
    }
}

/// Completes when the program is told to stop.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// What completes once it is told.
    pub(crate) fn channel() -> (Tell, Self) {
        let (tell, told) = watch::channel(false);
        (Tell(tell), Self(told))
    }

    pub(crate) async fn told(mut self) {
        if self.0.wait_for(|told| *told).await.is_err() {
            // Nobody is left to tell.
            std::future::pending::<()>().await;
        }
    }
}

/// Hears when somebody wants secrets to be read again: SIGHUP. It would end the program if nobody heard
/// it.
#[cfg(unix)]
pub(crate) struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Self).map_err(deaf)
    }

    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}

fn deaf(error: io::Error) -> Failure {
    Failure::new(Exit::Defect, format!("no signal can be heard: {error}"))
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
