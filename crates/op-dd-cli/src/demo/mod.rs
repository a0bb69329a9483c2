use std::io::stdout;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use datadog_logs::Site;
use indicatif::{ProgressBar, ProgressStyle};
use op_dd_bridge::Name;
use op_dd_fakes::{FakeDatadog, FakeEvents, Generator};
use url::Url;

use crate::args::DemoArgs;
use crate::assembly::{Assembly, assemble, open_store};
use crate::config::{Account, Config, Datadog, Secret, Start, State};
use crate::exit::{Exit, Failure};
use crate::run::verdict;
use crate::signal::until_told_to_stop;
use crate::telemetry::Telemetry;

mod picture;
mod scene;
mod story;
mod summary;

use scene::Scene;
use summary::Summary;

/// How far back the demonstration begins: a month, as an account that has been in use has.
const HISTORY: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the demonstration's token lasts from then on.
const TOKEN_LASTS: Duration = Duration::from_secs(90 * 24 * 3600);

/// The same as `run --once`, between fakes of both ends.
pub(crate) async fn execute(args: &DemoArgs) -> Result<Exit, Failure> {
    let out = &args.out;
    let scene = Scene::set(args)?;
    let fakes = Fakes::start(args, &scene).await?;
    let config = fakes.config(scene.anchor, out)?;

    let summary = Arc::new(Mutex::new(Summary::default()));
    let bar = bar(args);
    let observer = {
        let (summary, bar) = (Arc::clone(&summary), bar.clone());
        move |progress: &op_dd_bridge::Progress<'_>| {
            let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
            summary.add(progress);
            bar.set_position(summary.events() as u64);
        }
    };
    let store = open_store(&config.state_folder(None)?)?;
    scene.keep()?;
    // Nobody watches a demonstration.
    let telemetry = Telemetry::new(&config);
    let (config, observer) = (Arc::new(config), Arc::new(observer));
    let Assembly { live, .. } = assemble(config, Vec::new(), store, &telemetry, observer)?;

    let begun = Instant::now();
    let patience = Duration::from_secs(60);
    let grace = Duration::from_secs(10);
    let drained = until_told_to_stop(grace, |stop| live.drain(patience, stop.told())).await?;
    bar.finish_and_clear();

    let summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
    summary.write(&out.join("summary.json"))?;
    // Whoever reads may have gone: it is all in the summary.
    let _ = summary.tell(&mut stdout().lock(), out, begun.elapsed());
    if args.preview {
        picture::draw(args, &scene)?;
    }
    if let Some(scenario) = args.scenario {
        let _ = story::tell(scenario, out, &mut stdout().lock());
    }
    verdict(drained.as_ref(), &[], summary.refused())
}

/// Both ends, on this machine.
struct Fakes {
    events: FakeEvents,
    datadog: FakeDatadog,
}

impl Fakes {
    async fn start(args: &DemoArgs, scene: &Scene) -> Result<Self, Failure> {
        let failure =
            |error: op_dd_fakes::Error| Failure::configuration(error.to_string()).because(&error);
        let events = match (&args.pages, args.scenario) {
            (Some(folder), _) => FakeEvents::builder().pages(folder),
            (None, Some(scenario)) => {
                let events = scenario.events(args.seed, scene.anchor, args.events);
                FakeEvents::builder()
                    .account(events.account_uuid())
                    .events(events)
            }
            (None, None) => {
                let generator = Generator::new(args.seed, scene.anchor, args.events);
                FakeEvents::builder()
                    .account(generator.account_uuid())
                    .events(generator)
            }
        };
        // As 1Password's do; heartbeats tell how long it lasts.
        let events = events.token_expires_at(scene.anchor + TOKEN_LASTS);
        let events = events.script(args.fault.iter().copied()).start();
        let datadog = FakeDatadog::builder()
            .in_memory(false)
            .folder(&args.out)
            .script(args.fault.iter().copied())
            .start();
        Ok(Self {
            events: events.await.map_err(failure)?,
            datadog: datadog.await.map_err(|error| {
                let folder = args.out.display();
                let line = format!("{folder} can't be used: choose another --out");
                Failure::configuration(line).because(&error)
            })?,
        })
    }

    /// What a user would write to point the program at them.
    fn config(&self, anchor: SystemTime, out: &Path) -> Result<Config, Failure> {
        let defect = |error: &dyn std::fmt::Display| {
            Failure::new(Exit::Defect, format!("no address: {error}"))
        };
        let datadog: Site = self.datadog.url().parse().map_err(|error| defect(&error))?;
        let events: Url = self.events.url().parse().map_err(|error| defect(&error))?;
        let api_key = Secret::Literal(self.datadog.api_key().to_owned());
        let token = Secret::Literal(self.events.token().to_owned());
        let start = anchor.checked_sub(HISTORY);
        Ok(Config {
            datadog: Some(Datadog {
                url: Some(datadog),
                ..Datadog::new(api_key)
            }),
            state: State {
                dir: Some(PathBuf::from(out).join("state")),
            },
            accounts: vec![Account {
                url: Some(events),
                start: start.map(|time| Start::At(time.into())),
                ..Account::new(Name::DEFAULT, token)
            }],
            ..Config::default()
        })
    }
}

/// Shown on a terminal only.
fn bar(args: &DemoArgs) -> ProgressBar {
    let bar = match args.pages {
        Some(_) => ProgressBar::no_length(),
        None => ProgressBar::new(args.events as u64),
    };
    let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} events");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
