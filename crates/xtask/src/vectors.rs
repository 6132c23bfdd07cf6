//! The signed vectors under `vectors/`: good objects of the core, and the same broken one way each.
//!
//! Seeds and times are fixed, so that every run writes the same bytes. Files that are written by
//! hand keep their lines in the manifest; this command writes its own files and their lines.
//!
//! # Rooms
//! * [`object`]: the people, keys and good objects that everything starts from.
//! * [`forge`]: signatures that the core would not make.
//! * one room for each kind of vector.

mod artifact;
#[path = "../../testkit/src/authenticator.rs"]
#[allow(unreachable_pub, reason = "it is a room of the testkit")]
mod authenticator;
mod bundle;
mod decision;
mod forge;
mod message;
mod object;
mod pairing;
mod passkey;
mod progress;
mod receipt;
mod reference;
mod sealed;
mod signed;
mod statement;
mod stop;
mod token;
mod trust;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Outcome;

/// What a step of making vectors comes to.
type Made<T> = Result<T, Box<dyn std::error::Error>>;

/// One file of vectors of one kind.
struct File {
    path: &'static str,
    kind: &'static str,
    note: &'static str,
    vectors: Vec<Vector>,
}

/// One vector, and the one outcome that it must have.
struct Vector {
    name: &'static str,
    expect: &'static str,
    members: Map<String, Value>,
}

impl Vector {
    fn new(name: &'static str, expect: &'static str) -> Self {
        Self { name, expect, members: Map::new() }
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}

fn files() -> Made<Vec<File>> {
    Ok(vec![
        artifact::file()?,
        bundle::bundles()?,
        bundle::courses()?,
        signed::checkpoints()?,
        decision::file()?,
        signed::disclosures()?,
        signed::domains()?,
        message::file()?,
        pairing::file()?,
        passkey::file()?,
        progress::file()?,
        receipt::file()?,
        reference::file()?,
        sealed::file()?,
        statement::file()?,
        stop::file()?,
        token::file()?,
        trust::file()?,
    ])
}

/// Writes the files and the manifest.
pub(crate) fn write() -> Outcome {
    in_words(|| {
        for (path, text) in texts()? {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    })
}

/// Says which files are not what this command would write.
pub(crate) fn check() -> Outcome {
    in_words(|| {
        let stale =
            |(path, text): &(PathBuf, String)| fs::read_to_string(path).ok().as_ref() != Some(text);
        let stale: Vec<String> = texts()?
            .iter()
            .filter(|f| stale(f))
            .map(|(path, _)| path.display().to_string())
            .collect();
        if stale.is_empty() {
            return Ok(());
        }
        Err(format!("not up to date, run `cargo xtask vectors`: {}", stale.join(", ")).into())
    })
}

fn in_words(work: impl FnOnce() -> Made<()>) -> Outcome {
    work().map_err(|why| format!("vectors: {why}"))
}

/// Every file that is written, with its text.
fn texts() -> Made<Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let files = files()?;
    let mut texts = Vec::new();
    for file in &files {
        texts.push((root.join(file.path), file.text()?));
    }
    let manifest = root.join("manifest.json");
    let text = Manifest::read(&manifest)?.with(&files)?.text()?;
    texts.push((manifest, text));
    Ok(texts)
}

impl File {
    fn text(&self) -> Made<String> {
        let whole = |vector: &Vector| {
            let mut members = vector.members.clone();
            members.insert("name".to_owned(), vector.name.into());
            members
        };
        let vectors: Vec<_> = self.vectors.iter().map(whole).collect();
        pretty(&serde_json::json!({"note": self.note, "vectors": vectors}))
    }

    fn line(&self) -> Made<Line> {
        let expect: BTreeMap<String, String> =
            self.vectors.iter().map(|v| (v.name.to_owned(), v.expect.to_owned())).collect();
        if expect.len() != self.vectors.len() {
            return Err(format!("`{}` has two vectors of one name", self.path).into());
        }
        Ok(Line { expect, kind: self.kind.to_owned(), path: self.path.to_owned() })
    }
}

/// `vectors/manifest.json`.
#[derive(Serialize, serde::Deserialize)]
struct Manifest {
    count: usize,
    files: Vec<Line>,
    note: String,
}

/// One file in the manifest.
#[derive(Serialize, serde::Deserialize)]
struct Line {
    expect: BTreeMap<String, String>,
    kind: String,
    path: String,
}

impl Manifest {
    fn read(path: &Path) -> Made<Self> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }

    fn with(mut self, made: &[File]) -> Made<Self> {
        self.files.retain(|line| made.iter().all(|file| file.path != line.path));
        for file in made {
            self.files.push(file.line()?);
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.count = self.files.iter().map(|line| line.expect.len()).sum();
        Ok(self)
    }

    fn text(&self) -> Made<String> {
        pretty(self)
    }
}

fn pretty(value: &impl Serialize) -> Made<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_write_the_same() {
        assert_eq!(texts().unwrap(), texts().unwrap());
    }

    #[test]
    fn lines_written_by_hand_stay() {
        let by_hand = Line {
            expect: BTreeMap::from([("one".to_owned(), "Syntax".to_owned())]),
            kind: "canonical".to_owned(),
            path: "by/hand.json".to_owned(),
        };
        let manifest = Manifest { count: 0, files: vec![by_hand], note: String::new() };
        let made = File {
            path: "a.json",
            kind: "domain",
            note: "",
            vectors: vec![Vector::new("two", "accepted")],
        };
        let manifest = manifest.with(&[made]).unwrap();
        let paths: Vec<_> = manifest.files.iter().map(|line| line.path.as_str()).collect();
        assert_eq!((manifest.count, paths), (2, vec!["a.json", "by/hand.json"]));
    }
}
