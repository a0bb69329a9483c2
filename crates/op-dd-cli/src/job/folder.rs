use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FORMAT, Job, Standing};
use crate::exit::{Exit, Failure};

const PROGRESS: &str = ".progress.json";

/// The jobs of a state folder: `jobs/<id>.json` says what was asked, `jobs/<id>.progress.json` how far
/// it is. Whoever holds the folder does them, and others may put one there.
#[derive(Clone, Debug)]
pub(crate) struct Jobs(PathBuf);

impl Jobs {
    pub(crate) fn of(state: &Path) -> Self {
        Self(state.join("jobs"))
    }

    /// The ids of all jobs, in the order in which they were asked for.
    pub(crate) fn ids(&self) -> Result<Vec<String>, Failure> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(&self.0, &error)),
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let names = names.filter_map(|name| name.into_string().ok());
        let names = names.filter(|name| !name.starts_with('.') && !name.ends_with(PROGRESS));
        let ids = names.filter_map(|name| name.strip_suffix(".json").map(ToOwned::to_owned));
        let mut ids: Vec<_> = ids.collect();
        ids.sort();
        Ok(ids)
    }

    pub(crate) fn job(&self, id: &str) -> Result<Job, Failure> {
        let path = self.0.join(format!("{id}.json"));
        let job: Job = read(&path)?.ok_or_else(|| {
            let path = path.display();
            Failure::new(Exit::StateFolder, format!("the job {path} is gone"))
        })?;
        if job.format != FORMAT || job.id != id {
            let path = path.display();
            let line =
                format!("the job {path} is of another version of op-dd, or has another name");
            return Err(Failure::new(Exit::StateFolder, line));
        }
        Ok(job)
    }

    /// How far it is; none if nobody has begun.
    pub(crate) fn standing(&self, id: &str) -> Result<Option<Standing>, Failure> {
        read(&self.0.join(format!("{id}{PROGRESS}")))
    }

    /// Leaves a job to whoever holds the folder. Once this returns, it survives a crash.
    pub(crate) fn add(&self, job: &Job) -> Result<(), Failure> {
        let mut folder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder
            .recursive(true)
            .create(&self.0)
            .map_err(|error| unusable(&self.0, &error))?;
        self.write(&format!("{}.json", job.id), job)
    }

    pub(crate) fn note(&self, id: &str, standing: &Standing) -> Result<(), Failure> {
        self.write(&format!("{id}{PROGRESS}"), standing)
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), Failure> {
        let path = self.0.join(name);
        let text = serde_json::to_vec(value).map_err(io::Error::from);
        text.and_then(|text| replace(&self.0, &path, &text))
            .map_err(|error| unusable(&path, &error))
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    let value = serde_json::from_slice(&text).map_err(|error| {
        let path = path.display();
        let line = format!("the job {path} can't be read ({error}): remove it, and ask again");
        Failure::new(Exit::StateFolder, line)
    })?;
    Ok(Some(value))
}

/// A crash leaves the old or the new.
fn replace(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let mut aside = tempfile::Builder::new()
        .prefix(".tmp")
        .tempfile_in(folder)?;
    aside.write_all(text)?;
    aside.as_file().sync_all()?;
    aside.persist(path)?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    let line = format!("{path} can't be used ({error}): look at its rights and the disk's room");
    Failure::new(Exit::StateFolder, line)
}
