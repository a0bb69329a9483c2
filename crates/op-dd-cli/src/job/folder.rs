use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

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

    /// Leaves a job to whoever holds the folder, and returns it as it is kept: by another id if somebody
    /// asked for another one within the same second. Once this returns, it survives a crash.
    pub(crate) fn add(&self, planned: &Job) -> Result<Job, Failure> {
        let mut folder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder
            .recursive(true)
            .create(&self.0)
            .map_err(|error| unusable(&self.0, &error))?;
        let mut job = planned.clone();
        let mut number = 1;
        while !self.write_new(&job)? && self.job(&job.id).ok().as_ref() != Some(&job) {
            number += 1;
            job = planned.numbered(number)?;
        }
        Ok(job)
    }

    pub(crate) fn note(&self, id: &str, standing: &Standing) -> Result<(), Failure> {
        self.write(&format!("{id}{PROGRESS}"), standing)
    }

    /// Whether it is still to be done: somebody may have called it off.
    pub(crate) fn has(&self, id: &str) -> bool {
        let found = fs::metadata(self.0.join(format!("{id}.json")));
        !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Removes a job. Nobody begins it anew if that is broken off, and whoever is at it sees that it is gone.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Failure> {
        for name in [format!("{id}.json"), format!("{id}{PROGRESS}")] {
            let path = self.0.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unusable(&path, &error));
                }
                _ => sync(&self.0).map_err(|error| unusable(&self.0, &error))?,
            }
        }
        Ok(())
    }

    /// False if there is a job of this id.
    fn write_new(&self, job: &Job) -> Result<bool, Failure> {
        let path = self.0.join(format!("{}.json", job.id));
        let text = serde_json::to_vec(job).map_err(io::Error::from);
        match text.and_then(|text| put(&self.0, &path, &text)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(unusable(&path, &error)),
        }
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
    aside(folder, text)?.persist(path)?;
    sync(folder)
}

/// A crash leaves nothing or all of it. Fails if something is there.
fn put(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    aside(folder, text)?.persist_noclobber(path)?;
    sync(folder)
}

fn aside(folder: &Path, text: &[u8]) -> io::Result<NamedTempFile> {
    let mut aside = tempfile::Builder::new()
        .prefix(".tmp")
        .tempfile_in(folder)?;
    aside.write_all(text)?;
    aside.as_file().sync_all()?;
    Ok(aside)
}

/// Forces to the disk what a folder's files are called.
fn sync(folder: &Path) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, SystemTime};

    use op_dd_bridge::Name;

    use super::*;
    use crate::job::Asked;

    /// What somebody plans who asks in these words now.
    fn planned(from: &str, now: SystemTime) -> Job {
        let asked = Asked {
            account: Name::DEFAULT,
            feeds: Vec::new(),
            from: from.to_owned(),
            to: "now".to_owned(),
            redate: true,
            recent: true,
            archive: None,
        };
        let window = (now - Duration::from_secs(5 * 24 * 3600), now);
        Job::plan(asked, window, None, None, now).unwrap()
    }

    #[test]
    fn jobs_of_one_second_have_ids_and_streams_of_their_own() {
        let state = tempfile::tempdir().unwrap();
        let jobs = Jobs::of(state.path());
        let now = SystemTime::now();
        let words: Vec<_> = (0..20).map(|number| number.to_string()).collect();
        let mut added: Vec<_> = thread::scope(|scope| {
            let adding = words
                .iter()
                .map(|words| scope.spawn(|| jobs.add(&planned(words, now)).unwrap()));
            let adding: Vec<_> = adding.collect();
            adding.into_iter().map(|job| job.join().unwrap()).collect()
        });
        added.sort_by(|one, other| one.id.cmp(&other.id));
        let ids: Vec<_> = added.iter().map(|job| job.id.clone()).collect();
        assert_eq!(jobs.ids().unwrap(), ids);
        assert_eq!(ids.len(), words.len());
        let mut streams: Vec<_> = added
            .iter()
            .flat_map(|job| job.parts.iter().map(|part| part.name.as_str()))
            .collect();
        streams.sort_unstable();
        streams.dedup();
        assert_eq!(streams.len(), 2 * words.len(), "{streams:?}");
        for job in &added {
            assert_eq!(jobs.job(&job.id).unwrap(), *job, "it is kept as it is done");
            let is_its_own = |part: &crate::job::Part| part.name.as_str().starts_with(&job.id);
            assert!(job.parts.iter().all(is_its_own), "{job:?}");
        }
        let mut asked: Vec<_> = added.into_iter().map(|job| job.asked.from).collect();
        asked.sort_by_key(|words| words.parse::<usize>().unwrap());
        assert_eq!(asked, words);
    }

    #[test]
    fn the_same_asked_for_twice_within_a_second_is_one_job() {
        let state = tempfile::tempdir().unwrap();
        let jobs = Jobs::of(state.path());
        let planned = planned("5d", SystemTime::now());
        for _ in 0..2 {
            assert_eq!(jobs.add(&planned).unwrap(), planned);
        }
        assert_eq!(jobs.ids().unwrap(), [planned.id]);
    }
}
