use op_dd_content::install::{Action, Skip, Step};

/// A step as one line, with the argument that would make it another.
pub(super) fn line(step: &Step<'_>) -> String {
    let hint = match step.action() {
        Action::Skip(Skip::WatchLists(lists)) => {
            let watch = lists.iter().map(|list| format!(" --watch {list}=VALUE,…"));
            format!(": give{}", watch.collect::<String>())
        }
        Action::Skip(Skip::DatadogsPipeline) => {
            ": --with-pipeline installs ours as well".to_owned()
        }
        Action::LeftOver => "; --prune removes it".to_owned(),
        _ => String::new(),
    };
    format!("{step}{hint}")
}
