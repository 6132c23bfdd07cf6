//! stub
use super::{File, Made};
pub(super) fn file() -> Made<File> {
    Ok(File { path: "trust/stores.json", kind: "trust", note: "", vectors: vec![] })
}
