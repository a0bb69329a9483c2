//! What is done beside the work, for as long as it goes on: secrets are read again when somebody says
//! so, tokens that end soon are told of, whoever asks for figures gets them, and systemd hears of it.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use onepassword_events::{EventSource as _, Timestamp};
use op_dd_bridge::{Bridge, Name};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::expiry::{self, Expiry, Reminders};
use crate::signal::Hangups;
use crate::systemd::{self, News};
use crate::telemetry::{self, Telemetry};

/// How often tokens are looked at, and systemd is told how things are.
const LOOK: Duration = Duration::from_secs(60);

pub(crate) struct Upkeep {
    pub(crate) bridge: Arc<Bridge>,
    pub(crate) intake: Arc<datadog_logs::Client>,
    pub(crate) telemetry: Telemetry,
    /// Where figures and health are asked for.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) hangups: Hangups,
    /// The state folder.
    pub(crate) state: PathBuf,
    /// Told when secrets are read again: what was left out for the sake of one may be mended.
    pub(crate) reread: Arc<Notify>,
}

impl Upkeep {
    /// Does `work`, and what is to be done beside it.
    pub(crate) async fn beside<T>(mut self, work: impl Future<Output = T>) -> T {
        let serving = serve(self.listen, self.telemetry.clone());
        tokio::select! {
            biased;
            done = work => done,
            never = self.keep_up() => match never {},
            never = serving => match never {},
            never = live() => match never {},
        }
    }

    async fn keep_up(&mut self) -> Infallible {
        let mut reminders = Reminders::of(&self.state);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.hangups.next() => self.read_again(),
                _ = looks.tick() => {
                    self.look_at_tokens(&mut reminders);
                    systemd::tell(News::Status(&self.telemetry.status()));
                }
            }
        }
    }

    /// Nothing is read here: each client does it before its next request, which is soon for a stream that
    /// is held, and keeps the old secret if it can't.
    fn read_again(&self) {
        systemd::tell(News::Reloading);
        for (_, client) in self.telemetry.accounts() {
            client.reread_token();
        }
        self.intake.reread_key();
        self.reread.notify_one();
        self.bridge.look_again();
        tracing::info!("secrets are read again");
        systemd::tell(News::Ready);
    }

    fn look_at_tokens(&self, reminders: &mut Reminders) {
        let now = SystemTime::now();
        for (name, client) in self.telemetry.accounts() {
            let end = client.expires_at();
            let due = reminders.due(&name, end, now);
            if let (Some(expiry), Some(end)) = (due, end) {
                warn_of(&name, expiry, end, now);
            }
        }
    }
}

fn warn_of(account: &Name, expiry: Expiry, end: SystemTime, now: SystemTime) {
    let when = expiry::until(end, now);
    let expires_at = Timestamp::from(end);
    let verb = if expiry == Expiry::Over {
        "expired"
    } else {
        "expires"
    };
    tracing::warn!(
        %account,
        %expires_at,
        "the token {verb} {when}: issue another in 1Password (Integrations, Events Reporting), and put it \
         where this one is kept; no restart is needed"
    );
}

async fn serve(listen: Option<SocketAddr>, telemetry: Telemetry) -> Infallible {
    match listen {
        Some(address) => telemetry::serve(address, telemetry).await,
        None => pending().await,
    }
}

/// Lets the watchdog know.
async fn live() -> Infallible {
    let Some(every) = systemd::watchdog_interval() else {
        return pending().await;
    };
    let mut beats = interval(every);
    loop {
        beats.tick().await;
        systemd::tell(News::Alive);
    }
}
