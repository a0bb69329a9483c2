//! The tables of the configuration. What is said of a key here is what `op-dd config schema` says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use datadog_logs::{Compression, Site};
use onepassword_events::{Feed, Pacer, Region};
use op_dd_bridge::{Name, WINDOW_BEHIND};
use url::Url;

use super::table::table;
use super::{Notify, Proxy, Secret, Start};
use crate::archive::Bucket;

table! {
    /// What to carry from where to where.
    Config {
        required {}
        optional {
            /// Where logs go, and with which keys.
            datadog: Option<Datadog> = None,
            /// The 1Password accounts, one after the other.
            accounts: Vec<Account> = Vec::new(),
            /// How both ends are reached.
            http: Http = Http::default(),
            /// Whom to trust besides the system's certificate authorities.
            tls: Tls = Tls::default(),
            /// Where cursors and dead letters are kept.
            state: State = State::default(),
            /// How often to ask for news, and from when on.
            polling: Polling = Polling::default(),
            /// A folder or a bucket that every event goes to as well, at its true date, with cursors of its own.
            archive: Option<Archive> = None,
            /// How op-dd itself is watched.
            telemetry: Telemetry = Telemetry::default(),
            /// For op-dd content: what every installation is to have.
            content: Content = Content::default(),
            /// What is particular to a feed, in all accounts.
            feeds: BTreeMap<Feed, FeedSettings> = BTreeMap::new(),
            /// What fields of events are hashed with.
            privacy: Privacy = Privacy::default(),
        }
    }
}

table! {
    /// Where logs go, and with which keys.
    Datadog {
        required {
            /// The API key.
            api_key: Secret,
        }
        optional {
            /// The one in your Datadog address, without app. in front; datadoghq.com, unless set.
            site: Option<Site> = None,
            /// Another intake than the site's: a proxy, a private link.
            url: Option<Site> = None,
            /// An application key, for op-dd content and for op-dd check --end-to-end.
            app_key: Option<Secret> = None,
            /// Another management API than the site's.
            api_url: Option<Site> = None,
            /// How logs are compressed on their way.
            compression: Compression = Compression::Zstd,
            /// Tags of every log.
            tags: Vec<String> = Vec::new(),
            /// How old an event may be and still date its log. Older ones are dated by the time of
            /// sending, since Datadog drops what is dated more than 18 hours back. This is the most.
            late_after: Duration = WINDOW_BEHIND,
        }
    }
}

table! {
    /// How both ends are reached.
    Http {
        required {}
        optional {
            /// The proxy to both; without it the one of the environment, such as `HTTPS_PROXY`.
            proxy: Option<Proxy> = None,
            /// How long a connection may take to come about.
            connect_timeout: Duration = Duration::from_secs(10),
            /// How long an attempt may take as a whole.
            timeout: Duration = Duration::from_secs(30),
        }
    }
}

table! {
    /// Whom to trust besides the system's certificate authorities.
    Tls {
        required {}
        optional {
            /// Certificate authorities, in PEM, for both ends: a proxy that looks into TLS stands before
            /// both.
            ca_file: Option<PathBuf> = None,
        }
    }
}

table! {
    /// Where cursors and dead letters are kept.
    State {
        required {}
        optional {
            /// The folder; without it `$STATE_DIRECTORY`, else `$XDG_STATE_HOME/op-dd`, else
            /// `~/.local/state/op-dd`.
            dir: Option<PathBuf> = None,
        }
    }
}

table! {
    /// How often to ask for news, and from when on.
    Polling {
        required {}
        optional {
            /// From the start of one look for news to the start of the next.
            interval: Duration = Duration::from_secs(10),
            /// How far back a stream begins that has no cursor, unless its account says otherwise.
            start: Duration = Duration::from_secs(17 * 3600),
        }
    }
}

table! {
    /// A folder or a bucket that every event goes to as well, at its true date, with cursors of its own.
    Archive {
        required {}
        optional {
            /// The folder, unless it is a bucket.
            dir: Option<PathBuf> = None,
            /// The bucket: `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`. Credentials
            /// come from the environment, such as `AWS_ACCESS_KEY_ID`.
            url: Option<Bucket> = None,
            /// From the start of one look for news to the start of the next, but no more often than
            /// interval of `[polling]` says. Each look that finds something makes a file of its own for
            /// each hour and feed.
            interval: Duration = Duration::from_secs(300),
        }
    }
}

table! {
    /// How op-dd itself is watched.
    Telemetry {
        required {}
        optional {
            /// The address at which it shows metrics (/metrics) and health (/healthz, /readyz).
            listen: Option<SocketAddr> = None,
            /// How often each stream tells Datadog how it is doing; monitors wait for it.
            heartbeat: Duration = Duration::from_secs(300),
        }
    }
}

table! {
    /// For op-dd content: what every installation is to have.
    Content {
        required {}
        optional {
            /// A folder with files of your own.
            dir: Option<PathBuf> = None,
            /// Whom rules and monitors tell; with NAME= in front, whom that one tells.
            notify: Option<Vec<Notify>> = None,
            /// The lists that rules watch.
            watch: BTreeMap<String, Vec<String>> = BTreeMap::new(),
            /// Whether our log pipeline is wanted although Datadog's own is there.
            with_pipeline: bool = false,
        }
    }
}

table! {
    /// What is particular to a feed, in all accounts.
    FeedSettings {
        required {}
        optional {
            /// Tags of this feed's logs.
            tags: Vec<String> = Vec::new(),
            /// Fields that are taken out of every event, such as user.email.
            drop: Vec<String> = Vec::new(),
            /// Fields of which a hash is sent instead, made with the key of `[privacy]`.
            hash: Vec<String> = Vec::new(),
            /// Whether IP addresses lose their last part.
            truncate_ip: bool = false,
        }
    }
}

table! {
    /// What fields of events are hashed with.
    Privacy {
        required {}
        optional {
            /// The key; with another one, the same value has another hash.
            key: Option<Secret> = None,
        }
    }
}

table! {
    /// A 1Password account.
    Account {
        required {
            /// As you like, in a-z, 0-9, - and _: it is in the tag account:NAME, and in paths of the
            /// state.
            name: Name,
            /// The bearer token; in 1Password: Integrations, Events Reporting.
            token: Secret,
        }
        optional {
            /// Where the account is hosted. The token knows; this only makes sure.
            region: Option<Region> = None,
            /// Another server than 1Password's own.
            url: Option<Url> = None,
            /// The feeds to read; all that the token allows, unless set.
            feeds: Option<Vec<Feed>> = None,
            /// Tags of this account's logs.
            tags: Vec<String> = Vec::new(),
            /// Where a stream begins that has no cursor: a time, or how far back, such as 30d.
            start: Option<Start> = None,
            /// 1Password allows 600 requests a minute and 30,000 an hour.
            requests_per_second: f64 = Pacer::RATE,
            /// How many requests may be saved up while there is nothing to do.
            burst: u32 = Pacer::BURST,
        }
    }
}
