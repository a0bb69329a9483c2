use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::Place;
use crate::place::place;

/// A file of content: one dashboard, rule, monitor, pipeline or widget.
#[derive(Clone, Debug)]
pub struct Asset {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) text: Cow<'static, str>,
    pub(crate) samples: Option<Samples>,
}

/// The logs that a rule or a pipeline is tried on: the file beside it, in its folder's `samples`.
#[derive(Clone, Debug)]
pub struct Samples {
    pub(crate) file: String,
    pub(crate) text: Cow<'static, str>,
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}{}: {problem}", place.map(|place| format!(":{place}")).unwrap_or_default())]
pub struct AssetError {
    file: String,
    place: Option<Place>,
    problem: String,
}

/// What a file is about, which is also the folder that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A dashboard, in the form of `POST /api/v1/dashboard`.
    Dashboard,
    /// One widget, in the form that it has within a dashboard.
    Widget,
    /// A detection rule, in the form of `POST /api/v2/security_monitoring/rules`.
    Rule,
    /// A monitor, in the form of `POST /api/v1/monitor`.
    Monitor,
    /// A log pipeline, in the form of `POST /api/v1/logs/config/pipelines`.
    Pipeline,
}

impl Asset {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The file's name without its ending, such as `mfa-disabled`: what one calls it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, such as `rules/mfa-disabled.json`: below this crate's `assets`, or a file of one's own.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether it is one of this crate's, as it is published.
    #[must_use]
    pub fn is_bundled(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The JSON, as it is in the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The logs that it is tried on, if there are any.
    #[must_use]
    pub fn samples(&self) -> Option<&Samples> {
        self.samples.as_ref()
    }

    /// The JSON object that the file has to be.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, AssetError> {
        serde_json::from_str(&self.text).map_err(|error| {
            let said = error.to_string();
            let problem = said.split(" at line ").next().unwrap_or_default();
            AssetError {
                file: self.file.clone(),
                place: Some(Place::of_error(&self.text, &error)),
                problem: format!("not a JSON object: {problem}"),
            }
        })
    }

    /// Something is wrong with what a JSON pointer names.
    pub(crate) fn fault(&self, pointer: &str, problem: impl Into<String>) -> AssetError {
        AssetError {
            file: self.file.clone(),
            place: place(&self.text, pointer),
            problem: problem.into(),
        }
    }
}

impl AssetError {
    /// The file, as [`Asset::file`] has it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where in it, if it is anywhere.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place
    }
}

impl Samples {
    /// Where they are, such as `rules/samples/mfa-disabled.json`: as for [`Asset::file`].
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The JSON, as it is in the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Kind {
    /// All of them, in the order in which they are installed.
    pub const ALL: [Self; 5] = [
        Self::Pipeline,
        Self::Rule,
        Self::Monitor,
        Self::Widget,
        Self::Dashboard,
    ];

    /// The folder that files of this kind are in.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboards",
            Self::Widget => "widgets",
            Self::Rule => "rules",
            Self::Monitor => "monitors",
            Self::Pipeline => "pipelines",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dashboard => "dashboard",
            Self::Widget => "widget",
            Self::Rule => "rule",
            Self::Monitor => "monitor",
            Self::Pipeline => "pipeline",
        })
    }
}
