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
    pub(crate) passed_over: Vec<PathBuf>,
}

/// Why a folder isn't content.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The folder or a file in it can't be read.
    #[error("{} can't be read: {cause}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// None of the folders is in it that content is in.
    #[error(
        "{} holds no content: it has to have dashboards, widgets, rules, monitors or pipelines",
        _0.display()
    )]
    Empty(PathBuf),
}

impl Content {
    /// The files of this crate.
    #[must_use]
    pub fn bundled() -> Self {
        Self {
            assets: bundled::assets(),
            passed_over: Vec::new(),
        }
    }

    /// The files of a folder that is laid out as this crate's `assets` is: `dashboards/*.json`,
    /// `widgets/*.json`, `rules/*.json`, `monitors/*.json`, `pipelines/*.json`, and beside a rule or a
    /// pipeline its `samples/*.json`. Folders that are missing are empty. Files are read, not judged; what
    /// else is there is [passed over](Self::passed_over).
    ///
    /// # Errors
    ///
    /// If the folder isn't there, has none of these folders in it, or a file can't be read.
    pub fn read(folder: &Path) -> Result<Self, ContentError> {
        let mut assets = Vec::new();
        let mut passed_over = Vec::new();
        let there = list(folder)?;
        let folders = Kind::ALL.map(|kind| (kind, folder.join(kind.folder())));
        if !folders.iter().any(|(_, folder)| folder.is_dir()) {
            return Err(ContentError::Empty(folder.to_owned()));
        }
        for (kind, of_kind) in &folders {
            if !of_kind.is_dir() {
                continue;
            }
            let samples = of_kind.join("samples");
            let has_samples = matches!(kind, Kind::Rule | Kind::Pipeline) && samples.is_dir();
            for path in list(of_kind)? {
                match name(&path) {
                    Some(name) => assets.push(asset(*kind, name, &path)?),
                    None if has_samples && path == samples => {}
                    None => passed_over.push(path),
                }
            }
            if has_samples {
                let tried = |path: &Path| {
                    let mut of_kind = assets.iter().filter(|asset| asset.kind == *kind);
                    name(path).is_some_and(|name| of_kind.any(|asset| asset.name == name))
                };
                passed_over.extend(list(&samples)?.into_iter().filter(|path| !tried(path)));
            }
        }
        let known = |path: &Path| {
            folders
                .iter()
                .any(|(_, folder)| folder == path && path.is_dir())
        };
        passed_over.extend(there.into_iter().filter(|path| !known(path)));
        Ok(Self {
            assets,
            passed_over,
        })
    }

    /// The files and folders that were there and aren't content: in a folder of another name, with another
    /// ending than `.json`, samples of nothing. What is hidden and Markdown don't count.
    #[must_use]
    pub fn passed_over(&self) -> &[PathBuf] {
        &self.passed_over
    }

    /// Adds files of one's own; one of the same kind and name takes the place of that which is there.
    pub fn add(&mut self, own: Self) {
        self.assets.retain(|asset| {
            let mut others = own.assets.iter();
            !others.any(|other| (other.kind, &other.name) == (asset.kind, &asset.name))
        });
        self.assets.extend(own.assets);
        self.passed_over.extend(own.passed_over);
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

/// What is in a folder, sorted, but for what is hidden and Markdown.
fn list(folder: &Path) -> Result<Vec<PathBuf>, ContentError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))? {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.extension().is_none_or(|ending| ending != "md") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// What a JSON file is called without its ending.
fn name(path: &Path) -> Option<&str> {
    let is_json = path.extension()? == "json" && path.is_file();
    path.file_stem()?.to_str().filter(|_| is_json)
}

fn asset(kind: Kind, name: &str, path: &Path) -> Result<Asset, ContentError> {
    let samples = path.with_file_name(format!("samples/{name}.json"));
    let samples = samples.is_file().then(|| {
        Ok(Samples {
            file: samples.display().to_string(),
            text: Cow::Owned(read(&samples)?),
        })
    });
    Ok(Asset {
        kind,
        name: name.to_owned(),
        file: path.display().to_string(),
        text: Cow::Owned(read(path)?),
        samples: samples.transpose()?,
    })
}

fn read(path: &Path) -> Result<String, ContentError> {
    fs::read_to_string(path).map_err(|cause| unreadable(path, cause))
}

fn unreadable(path: &Path, cause: io::Error) -> ContentError {
    ContentError::Unreadable {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(files: &[&str]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        folder
    }

    #[test]
    fn what_is_no_content_is_named() {
        let folder = folder(&[
            "rules/a.json",
            "rules/b.yaml",
            "rules/more/c.json",
            "rules/samples/a.json",
            "rules/samples/d.json",
            "dashboards/samples/e.json",
            "dashboard/f.json",
            "g.json",
            "README.md",
            ".git/h.json",
        ]);
        let content = Content::read(folder.path()).unwrap();
        let [rule] = &content.assets[..] else {
            panic!("{content:?}");
        };
        assert!(rule.name == "a" && rule.samples.is_some());
        let passed_over: Vec<_> = content
            .passed_over()
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        let expected = [
            "rules/b.yaml",
            "rules/more",
            "rules/samples/d.json",
            "dashboards/samples",
            "dashboard",
            "g.json",
        ];
        assert_eq!(passed_over, expected);
    }

    #[test]
    fn a_folder_without_any_of_the_known_ones_is_a_slip() {
        let folder = folder(&["rule/a.json", "b.json"]);
        let error = Content::read(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(" holds no content: it has to have dashboards, widgets"),
            "{error}"
        );
    }
}
