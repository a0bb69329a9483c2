use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

use crate::{Asset, Kind, Samples, bundled};

/// A set of files: those of this crate, or a folder of one's own.
///
/// ```
/// use op_dd_content::{Content, Kind};
///
/// for asset in Content::bundled().of(Kind::Rule) {
///     println!("{}", asset.file());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Content {
    pub(crate) assets: Vec<Asset>,
}

/// A folder whose files can't be read.
#[derive(Debug, Error)]
#[error("{} can't be read: {cause}", path.display())]
pub struct ContentError {
    path: PathBuf,
    cause: io::Error,
}

impl Content {
    /// The files of this crate.
    #[must_use]
    pub fn bundled() -> Self {
        Self {
            assets: bundled::assets(),
        }
    }

    /// The files of a folder that is laid out as this crate's `assets` is: `dashboards/*.json`,
    /// `widgets/*.json`, `rules/*.json`, `monitors/*.json`, `pipelines/*.json`, and beside a rule or a
    /// pipeline its `samples/*.json`. Folders that are missing are empty. Files are read, not judged.
    ///
    /// # Errors
    ///
    /// If the folder isn't there, or a file in it can't be read.
    pub fn read(folder: &Path) -> Result<Self, ContentError> {
        let mut assets = Vec::new();
        list(folder)?;
        for kind in Kind::ALL {
            let of_kind = folder.join(kind.folder());
            if !of_kind.is_dir() {
                continue;
            }
            for name in list(&of_kind)? {
                let file = of_kind.join(format!("{name}.json"));
                let samples = of_kind.join(format!("samples/{name}.json"));
                let there = samples.is_file();
                assets.push(Asset {
                    kind,
                    text: Cow::Owned(read(&file)?),
                    samples: there
                        .then(|| {
                            read(&samples).map(|text| Samples {
                                file: samples.display().to_string(),
                                text: Cow::Owned(text),
                            })
                        })
                        .transpose()?,
                    file: file.display().to_string(),
                    name,
                });
            }
        }
        Ok(Self { assets })
    }

    /// Adds files of one's own; one of the same kind and name takes the place of that which is there.
    pub fn add(&mut self, own: Self) {
        self.assets.retain(|asset| {
            let mut others = own.assets.iter();
            !others.any(|other| (other.kind, &other.name) == (asset.kind, &asset.name))
        });
        self.assets.extend(own.assets);
    }

    /// All files, by kind in the order of [`Kind::ALL`].
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.assets.iter()
    }

    /// The files of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Asset> {
        self.assets().filter(move |asset| asset.kind == kind)
    }

    /// The file that has this name, whatever its kind.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Asset> {
        self.assets().find(|asset| asset.name == name)
    }
}

/// The names of a folder's JSON files without the ending, sorted.
fn list(folder: &Path) -> Result<Vec<String>, ContentError> {
    let failure = |cause| ContentError {
        path: folder.to_owned(),
        cause,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        if path.extension().is_some_and(|ending| ending == "json")
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<String, ContentError> {
    fs::read_to_string(path).map_err(|cause| ContentError {
        path: path.to_owned(),
        cause,
    })
}
