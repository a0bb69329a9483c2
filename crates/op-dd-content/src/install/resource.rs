use std::fmt;

use crate::Kind;

/// What Datadog keeps under an id of its own, in the order in which it is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Pipeline,
    Rule,
    Monitor,
    Dashboard,
}

/// A permission of Datadog's that an application key needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission(&'static str);

impl Permission {
    /// To find logs.
    pub const READ_LOGS: Self = Self("logs_read_data");
}

impl Resource {
    pub(super) const ALL: [Self; 4] = [Self::Pipeline, Self::Rule, Self::Monitor, Self::Dashboard];

    /// None for a widget, which is a part of a dashboard.
    pub(super) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Pipeline => Some(Self::Pipeline),
            Kind::Rule => Some(Self::Rule),
            Kind::Monitor => Some(Self::Monitor),
            Kind::Dashboard => Some(Self::Dashboard),
            Kind::Widget => None,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Pipeline => Kind::Pipeline,
            Self::Rule => Kind::Rule,
            Self::Monitor => Kind::Monitor,
            Self::Dashboard => Kind::Dashboard,
        }
    }

    /// Where all of them are listed, and new ones are posted to.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Pipeline => "api/v1/logs/config/pipelines",
            Self::Rule => "api/v2/security_monitoring/rules",
            Self::Monitor => "api/v1/monitor",
            Self::Dashboard => "api/v1/dashboard",
        }
    }

    /// Where one is judged without being kept, and which permission that takes.
    pub(super) fn validation(self) -> Option<(&'static str, Permission)> {
        match self {
            Self::Rule => Some((
                "api/v2/security_monitoring/rules/validation",
                self.writing(),
            )),
            Self::Monitor => Some(("api/v1/monitor/validate", self.reading())),
            Self::Pipeline | Self::Dashboard => None,
        }
    }

    pub(super) fn reading(self) -> Permission {
        Permission(match self {
            Self::Pipeline => "logs_read_config",
            Self::Rule => "security_monitoring_rules_read",
            Self::Monitor => "monitors_read",
            Self::Dashboard => "dashboards_read",
        })
    }

    pub(super) fn writing(self) -> Permission {
        Permission(match self {
            Self::Pipeline => "logs_write_pipelines",
            Self::Rule => "security_monitoring_rules_write",
            Self::Monitor => "monitors_write",
            Self::Dashboard => "dashboards_write",
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
