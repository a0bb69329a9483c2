//! What systemd is told by a unit of `Type=notify` or `notify-reload`; without systemd, nobody is.

use std::time::Duration;

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News<'a> {
    /// It carries.
    Ready,
    /// It reads its secrets again; [`Ready`](Self::Ready) says when that is over.
    Reloading,
    /// It was told to stop.
    Stopping,
    /// It lives, for the watchdog.
    Alive,
    /// A line for `systemctl status`.
    Status(&'a str),
}

/// Tells it, if systemd has asked to be told.
#[cfg(unix)]
pub(crate) fn tell(news: News<'_>) {
    use sd_notify::NotifyState;

    let told = match news {
        News::Ready => sd_notify::notify(&[NotifyState::Ready]),
        News::Reloading => NotifyState::monotonic_usec_now()
            .and_then(|now| sd_notify::notify(&[NotifyState::Reloading, now])),
        News::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
        News::Alive => sd_notify::notify(&[NotifyState::Watchdog]),
        News::Status(line) => sd_notify::notify(&[NotifyState::Status(line)]),
    };
    if let Err(error) = told {
        tracing::debug!(%error, ?news, "systemd can't be told");
    }
}

/// Nobody is there.
#[cfg(not(unix))]
pub(crate) fn tell(_: News<'_>) {}

/// How often systemd wants to hear that the program lives, if at all: twice in the time after which it
/// would end it.
#[cfg(unix)]
pub(crate) fn watchdog_interval() -> Option<Duration> {
    let limit = sd_notify::watchdog_enabled()?;
    (!limit.is_zero()).then(|| limit / 2)
}

#[cfg(not(unix))]
pub(crate) fn watchdog_interval() -> Option<Duration> {
    None
}
