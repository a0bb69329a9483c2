use op_dd_content::{Asset, Content};

use crate::exit::Failure;

/// The file of this name.
pub(super) fn find<'a>(content: &'a Content, name: &str) -> Result<&'a Asset, Failure> {
    content.find(name).ok_or_else(|| {
        Failure::configuration(format!(
            "no file of the content is called {name}: op-dd content list has the names"
        ))
    })
}
