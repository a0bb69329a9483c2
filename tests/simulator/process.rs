use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

use datadog_logs::{ApiKey, Site};
use onepassword_events::AccessToken;
use op_dd_bridge::{Account, Bridge, FileStore, Name, Progress, StoreErrorKind};

use super::dice::Dice;
use super::disk::Disk;
use super::ear::Ear;
use super::intake::Intake;
use super::onepassword::OnePassword;
use super::sabotage::{Letters, Mapping, Sabotage, Sink, Source};
use super::world::World;

/// What the bridge deals with, made anew for each process out of what outlives it.
pub(crate) struct Surroundings {
    pub(crate) world: Arc<World>,
    pub(crate) servers: Vec<Arc<OnePassword>>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) luck: Arc<Mutex<Dice>>,
    pub(crate) ear: Ear,
    pub(crate) sabotage: Option<Sabotage>,
}

impl Surroundings {
    pub(crate) fn new(
        world: &Arc<World>,
        ear: &Ear,
        seed: u64,
        sabotage: Option<Sabotage>,
    ) -> Self {
        let accounts = 0..world.plan.accounts.len();
        let server = |account| Arc::new(OnePassword::new(world.clone(), account, seed));
        Self {
            servers: accounts.map(server).collect(),
            intake: Arc::new(Intake::new(world.clone(), seed)),
            luck: Arc::new(Mutex::new(Dice::new(seed, "disk"))),
            ear: ear.clone(),
            world: world.clone(),
            sabotage,
        }
    }

    /// Opens the state folder as a process does when it starts.
    pub(crate) fn disk(&self, folder: &Path) -> Arc<Disk> {
        let store = open(folder);
        Arc::new(Disk::new(store, self.world.clone(), self.luck.clone()))
    }

    /// A bridge as a program has it.
    pub(crate) fn bridge(&self, disk: &Arc<Disk>) -> Bridge {
        self.forgive();
        let letters = Letters {
            letters: disk.clone(),
            sabotage: self.sabotage,
        };
        let (time, clock) = (self.world.ledger.time, self.world.plan.clock.clone());
        let (ear, world) = (self.ear.clone(), self.world.clone());
        let builder = Bridge::builder(Arc::new(self.sink()), disk.clone(), Arc::new(letters))
            .mapper(Mapping {
                sabotage: self.sabotage,
            })
            .poll_interval(self.world.plan.poll_interval)
            .clock(Arc::new(move || clock.read(time)))
            .observer(move |progress| {
                if let Progress::Failure { stream, error, .. } = progress {
                    ear.hear(error);
                    let stream = world.stream(stream);
                    world
                        .ledger
                        .journal
                        .note(format_args!("-- {stream} fails: {error}"));
                }
            });
        let accounts = 0..self.servers.len();
        let builder = accounts.fold(builder, |builder, account| {
            builder.account(self.account(account))
        });
        builder.build().unwrap()
    }

    /// The servers forget who failed: what comes now knows nothing of it.
    pub(crate) fn forgive(&self) {
        for server in &self.servers {
            server.temper.forget();
        }
        self.intake.temper.forget();
    }

    fn sink(&self) -> Sink {
        let world = self.world.clone();
        let kept = move || {
            let now = world.ledger.time.now();
            ApiKey::new(world.plan.key.kept(now)).unwrap()
        };
        let client = datadog_logs::Client::builder(kept())
            .site(Site::EU1)
            .compression(self.world.plan.compression)
            .transport(self.intake.clone())
            .reread_key(move || std::future::ready(Ok::<_, Infallible>(kept())))
            .build();
        Sink {
            sink: Arc::new(client.unwrap()),
            sabotage: self.sabotage,
        }
    }

    fn account(&self, number: usize) -> Account {
        let world = self.world.clone();
        let kept = move || {
            let now = world.ledger.time.now();
            AccessToken::new(world.plan.accounts[number].token.kept(now)).unwrap()
        };
        let client = onepassword_events::Client::builder(kept())
            .transport(self.servers[number].clone())
            .reread_token(move || std::future::ready(Ok::<_, Infallible>(kept())))
            .build();
        let source = Source {
            source: Arc::new(client.unwrap()),
            sabotage: self.sabotage,
            newest: Mutex::new(HashMap::new()),
        };
        let plan = &self.world.plan.accounts[number];
        let account = Account::new(Name::new(&*plan.name).unwrap(), Arc::new(source));
        match plan.start {
            Some(start) => account.start(start),
            None => account,
        }
    }
}

/// A process that another test starts inherits the lock of the one that has just died, for as long as it
/// takes to become another program.
fn open(folder: &Path) -> FileStore {
    for _ in 0..1000 {
        match FileStore::open(folder) {
            Err(error) if error.kind() == StoreErrorKind::Held => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            store => return store.unwrap(),
        }
    }
    panic!("{} is held for seconds", folder.display());
}
