use bytes::Bytes;
use serde_json::Value;

/// One answer of a feed, in parts, so that a fault can take one out.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) cursor: String,
    pub(crate) has_more: bool,
    /// The text of the JSON array.
    pub(crate) items: String,
    /// The whole body, where it was recorded and has to go out as it is.
    pub(crate) verbatim: Option<Bytes>,
}

impl Page {
    pub(crate) fn empty(cursor: impl Into<String>, has_more: bool) -> Self {
        Self {
            cursor: cursor.into(),
            has_more,
            items: "[]".to_owned(),
            verbatim: None,
        }
    }

    pub(crate) fn body(self) -> Bytes {
        match self.verbatim {
            Some(body) => body,
            None => self.body_with_cursor(&self.cursor),
        }
    }

    pub(crate) fn body_with_cursor(&self, cursor: &str) -> Bytes {
        let cursor = Value::from(cursor);
        format!(
            r#"{{"cursor":{cursor},"has_more":{},"items":{}}}"#,
            self.has_more, self.items
        )
        .into()
    }

    pub(crate) fn body_without_cursor(&self) -> Bytes {
        format!(r#"{{"has_more":{},"items":{}}}"#, self.has_more, self.items).into()
    }
}
