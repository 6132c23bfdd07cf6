//! What `install` wrote down in the home: which file it changed, and which program it put there.

use countersign_core::json;
use countersign_store::files::{self, Links};
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No record is longer; it may hold what a settings file was before.
const LONGEST: usize = 16 * 1024 * 1024;

/// One installed hook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    /// The host's name.
    pub(crate) host: String,
    /// The file of hooks.
    pub(crate) file: PathBuf,
    /// SHA-256 of the program that was installed.
    pub(crate) sha256: Option<String>,
}

/// Every record of a home, and what cannot be read of them.
pub(crate) fn all(root: &Path) -> (Vec<Record>, Vec<String>) {
    let dir = root.join("hosts");
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(e) => return (Vec::new(), vec![format!("`{}` cannot be listed: {e}", dir.display())]),
    };
    let (mut records, mut broken) = (Vec::new(), Vec::new());
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    // A name with a leading dot is what a crash left behind.
    let named = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.ends_with(".json") && !name.starts_with('.')
    };
    for path in paths.iter().filter(named) {
        match read(path) {
            Ok(record) => records.push(record),
            Err(why) => broken.push(format!("`{}` {why}", path.display())),
        }
    }
    (records, broken)
}

fn read(path: &Path) -> Result<Record, String> {
    let mut bytes = Vec::new();
    let file = files::open(path, Links::Followed).map_err(|e| format!("cannot be read: {e}"))?;
    let limit = LONGEST as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|e| format!("cannot be read: {e}"))?;
    let value: Value = json::read(&bytes, LONGEST).map_err(|e| format!("is damaged: {e}"))?;
    let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(host), Some(file)) = (text("host"), text("file")) else {
        return Err("is no record of an installed hook".to_owned());
    };
    Ok(Record { host, file: file.into(), sha256: text("binarySha256") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_record_is_named_and_the_others_are_read() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(all(dir.path()), (Vec::new(), Vec::new()));
        let hosts = dir.path().join("hosts");
        std::fs::create_dir(&hosts).unwrap();
        std::fs::write(hosts.join("a.json"), r#"{"host":"codex","file":"/f"}"#).unwrap();
        std::fs::write(hosts.join("b.json"), "{").unwrap();
        std::fs::write(hosts.join("c.json"), "{}").unwrap();
        std::fs::write(hosts.join(".d.json"), "{").unwrap();
        std::fs::create_dir(hosts.join("e.json")).unwrap();
        let (records, broken) = all(dir.path());
        let file = "/f".into();
        assert_eq!(records, [Record { host: "codex".into(), file, sha256: None }]);
        assert_eq!(broken.len(), 3, "{broken:?}");
    }
}
