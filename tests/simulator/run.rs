use std::fmt;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use onepassword_events::Position;
use op_dd_bridge::Outcome;
use tempfile::TempDir;
use tokio::time::{sleep, sleep_until, timeout};

use super::crash::Mortal;
use super::cursors::Cursors;
use super::dice::Dice;
use super::ear::Ear;
use super::figures::Figures;
use super::journal::Journal;
use super::ledger::Ledger;
use super::plan::{KEY_MARK, Plan, TOKEN_MARKS};
use super::process::Surroundings;
use super::property::{Property, Violation};
use super::sabotage::Sabotage;
use super::time::Time;
use super::world::{World, contains};

/// How long the rest may take once the faults have stopped: what a server has asked for, an hour at the
/// most, and then as many pages as there are, with some tries.
const RECOVERY: Duration = Duration::from_secs(2 * 3600);

/// How long healthy streams may take while others are under siege: the same, less what is left to them
/// before it ends.
const GRACE: Duration = Duration::from_secs(600);

/// How long a run may go on after it was asked to stop: both clients' patience, and a disk's.
const END: Duration = Duration::from_secs(120);

/// What came of a seed.
#[derive(Debug)]
pub struct Run {
    /// The number that all of it was made of.
    pub seed: u64,
    /// What was broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// The properties that did not hold, each with the first case of it.
    pub violations: Vec<Violation>,
    /// What happened, line by line.
    pub journal: Vec<String>,
    /// What happened, in numbers.
    pub figures: Figures,
}

/// Runs a seed, perhaps with something broken on purpose.
///
/// # Panics
///
/// If there is no room for a state folder, or no thread to be had.
#[must_use]
pub fn simulate(seed: u64, sabotage: Option<Sabotage>) -> Run {
    // What the clients draw for themselves.
    fastrand::seed(seed);
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        TempDir::with_prefix_in("op-dd-simulator-", memory)
    } else {
        TempDir::with_prefix("op-dd-simulator-")
    };
    let folder = folder.unwrap();
    let ear = Ear::default();
    let _listening = ear.listen();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    // In the runtime, or the time that it begins at would be the real one.
    runtime.block_on(async { Story::new(seed, sabotage, folder.path(), &ear).tell().await })
}

/// A run from its beginning to its end.
struct Story<'a> {
    seed: u64,
    folder: &'a Path,
    world: Arc<World>,
    surroundings: Surroundings,
    dice: Dice,
}

impl<'a> Story<'a> {
    fn new(seed: u64, sabotage: Option<Sabotage>, folder: &'a Path, ear: &Ear) -> Self {
        let plan = Plan::draw(seed);
        let time = Time::begin();
        let world = Arc::new(World {
            ledger: Ledger::new(time, Journal::new(time), &plan),
            cursors: Cursors::new(seed),
            plan,
        });
        Self {
            seed,
            folder,
            surroundings: Surroundings::new(&world, ear, seed, sabotage),
            world,
            dice: Dice::new(seed, "story"),
        }
    }

    async fn tell(mut self) -> Run {
        self.world
            .ledger
            .journal
            .note(format_args!("seed {}: {}", self.seed, self.world.plan));
        let world = self.world.clone();
        let mut watch: Pin<Box<dyn Future<Output = ()>>> = Box::pin(watch(world.clone()));
        let mut deaths = world.plan.deaths.clone().into_iter();
        loop {
            let disk = self.surroundings.disk(self.folder);
            self.look_at_files(&disk);
            let bridge = self.surroundings.bridge(&disk);
            let death = deaths.next().filter(|_| world.is_faulty());
            if self.live(&bridge, watch.as_mut(), death).await {
                break;
            }
            world.ledger.crashed();
            world.ledger.count(|figures| figures.crashes += 1);
            world.ledger.journal.note("CRASH");
            drop((bridge, disk));
            let pause = self.dice.pick(&[0, 0, 100, 3_000, 60_000]);
            sleep(Duration::from_millis(pause)).await;
        }
        self.look_back()
    }

    /// One process. Whether it came to its end, instead of dying.
    async fn live(
        &mut self,
        bridge: &op_dd_bridge::Bridge,
        mut watch: Pin<&mut (dyn Future<Output = ()> + '_)>,
        death: Option<super::crash::Death>,
    ) -> bool {
        let world = self.world.clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let mut life = pin!(Mortal::new(bridge.run(stopped), death));
        let calm = world.plan.drains.then(|| world.plan.calm_from());
        tokio::select! {
            biased;
            () = watch.as_mut() => {}
            () = world.reach(calm) => {
                let _ = stop.send(());
                match timeout(END, life).await {
                    Ok(Some(())) => {}
                    // It died on its last steps.
                    Ok(None) => return false,
                    Err(_) => world.ledger.violated(Property::Recovers, "run doesn't stop".to_owned()),
                }
                self.surroundings.forgive();
                self.drain(bridge).await;
                watch.await;
                return true;
            }
            lived = life.as_mut() => {
                if lived.is_none() {
                    return false;
                }
            }
        }
        let _ = stop.send(());
        if timeout(END, life).await.is_err() {
            world
                .ledger
                .violated(Property::Recovers, "run doesn't stop".to_owned());
        }
        true
    }

    /// Drains what is left, and looks whether a drain that says it is complete is.
    async fn drain(&self, bridge: &op_dd_bridge::Bridge) {
        let world = &self.world;
        let drain = bridge.drain(RECOVERY, std::future::pending());
        let Ok(drained) = timeout(2 * RECOVERY, drain).await else {
            let what = "a drain doesn't come to its end".to_owned();
            return world.ledger.violated(Property::Recovers, what);
        };
        for (stream, (_, outcome)) in drained.streams.iter().enumerate() {
            world
                .ledger
                .journal
                .note(format_args!("drained {stream}: {outcome:?}"));
            let left = world.left(stream, Duration::MAX);
            match (outcome, left) {
                (Outcome::Complete, Some(left)) => {
                    let what = format!("a drain is complete, and {stream}-{left} is left");
                    world.ledger.violated(Property::NothingLost, what);
                }
                (Outcome::Complete, None) => {}
                (outcome, _) => {
                    let what = format!("the drain of stream {stream} ends with {outcome:?}");
                    world.ledger.violated(Property::Recovers, what);
                }
            }
        }
    }

    /// The files say what was committed last, whatever has happened.
    fn look_at_files(&self, disk: &super::disk::Disk) {
        for stream in 0..self.world.plan.streams.len() {
            let committed = self.world.ledger.committed_at(stream);
            let stored = match disk.stored(stream) {
                Some(Position::After(cursor)) => self.world.cursors.place(cursor.as_str()),
                _ => None,
            };
            let stored = stored.map_or(0, |place| place.index);
            if stored != committed {
                let what =
                    format!("stream {stream}: the file says {stored} instead of {committed}");
                self.world.ledger.violated(Property::CursorNeverAhead, what);
            }
        }
    }

    /// What must hold in the end.
    fn look_back(self) -> Run {
        let ledger = &self.world.ledger;
        for stream in 0..self.world.plan.streams.len() {
            let plan = &self.world.plan.streams[stream];
            if let Some(lost) = ledger.lost(stream, plan).first() {
                ledger.violated(Property::NothingLost, format!("{lost} is lost"));
            }
            self.read_letters(stream);
        }
        self.look_for_secrets();
        let figures = Figures {
            seeds: 1,
            events: self
                .world
                .plan
                .streams
                .iter()
                .map(|stream| stream.items.len() as u64)
                .sum(),
            virtual_time: ledger.time.now(),
            ..ledger.figures()
        };
        Run {
            seed: self.seed,
            sabotage: self.surroundings.sabotage,
            violations: ledger.take_violations(),
            journal: ledger.journal.take(),
            figures,
        }
    }

    /// The file of dead letters holds what was written, with its reasons and exact texts.
    fn read_letters(&self, stream: usize) {
        let id = self.world.id(stream);
        let path = self.folder.join("dead-letters").join(id.account.as_str());
        let path = path.join(id.feed.as_str()).join("datadog.ndjson");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut found = std::collections::BTreeMap::new();
        for line in text.lines() {
            let letter: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            let raw = letter["raw"].as_str().unwrap_or_default().to_owned();
            if letter["reason"].as_str().is_none_or(str::is_empty) {
                let what = format!("a dead letter without a reason: {line:.300}");
                self.world.ledger.violated(Property::NothingLost, what);
            }
            *found.entry(raw).or_insert(0) += 1;
        }
        if found
            != self
                .world
                .ledger
                .letters(stream, &self.world.plan.streams[stream])
        {
            let what = format!("the dead letters of stream {stream} are others than were written");
            self.world.ledger.violated(Property::NothingLost, what);
        }
    }

    fn look_for_secrets(&self) {
        let heard = self.surroundings.ear.heard();
        let mut texts = vec![("a log line or an error".to_owned(), heard)];
        let mut folders = vec![self.folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = std::fs::read(&path).unwrap();
                    texts.push((path.display().to_string(), text));
                }
            }
        }
        for (place, text) in texts {
            let marks = || TOKEN_MARKS.into_iter().chain([KEY_MARK]);
            if marks().any(|mark| contains(&text, mark)) {
                let text = String::from_utf8_lossy(&text);
                let line = text
                    .lines()
                    .find(|line| marks().any(|mark| line.contains(mark)));
                let what = format!(
                    "a secret stands in {place}: {:.600}",
                    line.unwrap_or_default()
                );
                self.world.ledger.violated(Property::NoSecretLeaks, what);
            }
        }
    }
}

/// Ends when everything has come to rest, or should have.
async fn watch(world: Arc<World>) {
    let plan = &world.plan;
    sleep_until(world.ledger.time.at(plan.faults_end)).await;
    world.ledger.journal.note("the faults stop");
    if let Some(siege) = &plan.siege {
        sleep_until(world.ledger.time.at(siege.until.saturating_sub(GRACE))).await;
        for stream in 0..plan.streams.len() {
            let besieged = world.places_of(stream).contains(&siege.place);
            if !besieged && let Some(left) = world.left(stream, plan.faults_end) {
                let what = format!("{stream}-{left} waits for {:?}", siege.place);
                world.ledger.violated(Property::NoStreamStarved, what);
            }
        }
        sleep_until(world.ledger.time.at(siege.until)).await;
        world.ledger.journal.note("the siege is over");
    }
    let end = plan.calm_from() + RECOVERY;
    while world.ledger.time.now() < end {
        if (0..plan.streams.len()).all(|stream| world.is_at_rest(stream)) {
            // Nothing more must happen now.
            return sleep(2 * plan.poll_interval).await;
        }
        sleep(Duration::from_secs(5)).await;
    }
    for stream in (0..plan.streams.len()).filter(|stream| !world.is_at_rest(*stream)) {
        let left = world.left(stream, Duration::MAX);
        let what =
            format!("stream {stream} is not at rest {RECOVERY:?} after the faults: {left:?}");
        world.ledger.violated(Property::Recovers, what);
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LAST: usize = 25;
        let Self { seed, sabotage, .. } = self;
        for violation in &self.violations {
            writeln!(f, "seed {seed}: {violation}")?;
        }
        let told = self
            .journal
            .iter()
            .position(|line| line.contains("VIOLATED"));
        let end = told.map_or(self.journal.len(), |at| at + 1);
        for line in &self.journal[end.saturating_sub(LAST)..end] {
            writeln!(f, "    {line:.400}")?;
        }
        write!(
            f,
            "again: cargo run -p op-dd-tests --bin simulate -- --seed {seed} --trace"
        )?;
        match sabotage {
            Some(sabotage) => write!(f, " --sabotage {sabotage}"),
            None => Ok(()),
        }
    }
}
