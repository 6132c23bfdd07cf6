//! The manifest and the folder, which must tell the same.

use countersign_core::encoding::Hash;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Answers one vector: the outcome, and the members of the vector that must be equal.
pub(crate) type Answer = fn(&Value) -> (String, Value);

pub(crate) struct Suite {
    manifest: Value,
}

/// One vector with the outcome that the manifest demands.
pub(crate) struct Vector {
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) expected: String,
    pub(crate) input: Value,
}

impl Suite {
    pub(crate) fn load() -> Self {
        Self { manifest: load("manifest.json") }
    }

    fn files(&self) -> &[Value] {
        self.manifest["files"].as_array().unwrap()
    }

    pub(crate) fn vectors(&self) -> Vec<Vector> {
        self.files().iter().flat_map(vectors_of).collect()
    }

    /// Every outcome that some vector of this kind has.
    pub(crate) fn outcomes(&self, kind: &str) -> BTreeSet<String> {
        self.vectors().into_iter().filter(|v| v.kind == kind).map(|v| v.expected).collect()
    }
}

fn vectors_of(file: &Value) -> Vec<Vector> {
    let (path, kind) = (text(file, "path"), text(file, "kind"));
    let expect = file["expect"].as_object().unwrap();
    if kind == "published" {
        assert!(expect.is_empty(), "{path}");
        return Vec::new();
    }
    let content = load(path);
    let vectors = content["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), expect.len(), "{path}: a line for each vector");
    let vector = |input: &Value| {
        let name = text(input, "name").to_owned();
        let expected = expect.get(&name).and_then(Value::as_str);
        let expected = expected.unwrap_or_else(|| panic!("{path} {name}: no line")).to_owned();
        Vector {
            path: path.to_owned(),
            kind: kind.to_owned(),
            name,
            expected,
            input: input.clone(),
        }
    };
    vectors.iter().map(vector).collect()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

pub(crate) fn load(path: &str) -> Value {
    let bytes = std::fs::read(root().join(path)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` is no text"))
}

/// The bytes of a text that is given as `text`, `hex` or `repeat`.
pub(crate) fn bytes_of(input: &Value) -> Vec<u8> {
    if let Some(hex) = input["hex"].as_str() {
        return unhex(hex);
    }
    let repeat = &input["repeat"];
    match repeat["times"].as_u64() {
        Some(times) => {
            let middle = text(repeat, "text").repeat(usize::try_from(times).unwrap());
            format!("{}{middle}{}", text(repeat, "before"), text(repeat, "after")).into_bytes()
        }
        None => text(input, "text").as_bytes().to_vec(),
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect()
}

/// The name of a variant, without what it holds.
pub(crate) fn name_of(variant: &impl std::fmt::Debug) -> String {
    let debug = format!("{variant:?}");
    debug.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// An accepted vector and what it gives.
pub(crate) fn accepted(output: Value) -> (String, Value) {
    ("accepted".into(), output)
}

/// A refused vector.
pub(crate) fn refused(why: &impl std::fmt::Debug) -> (String, Value) {
    (name_of(why), json!({}))
}

#[test]
fn manifest_and_folder_tell_the_same() {
    let suite = Suite::load();
    let listed: Vec<&str> = suite.files().iter().map(|f| text(f, "path")).collect();
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.retain(|path| path != "manifest.json");
    found.sort();
    assert_eq!(listed, found, "in order, each once");
    let vectors = suite.vectors();
    assert_eq!(Some(vectors.len() as u64), suite.manifest["count"].as_u64());
    for file in suite.files() {
        let kind = text(file, "kind");
        let known = crate::KINDS.iter().any(|(name, _)| *name == kind);
        assert!(known || kind == "published", "nobody answers `{kind}`");
    }
}

#[test]
fn no_two_vectors_are_the_same() {
    let mut seen = BTreeSet::new();
    for Vector { kind, name, mut input, .. } in Suite::load().vectors() {
        input["name"] = Value::Null;
        let hash = Hash::of(input.to_string().as_bytes());
        assert!(seen.insert((kind.clone(), hash)), "{kind} {name} is there already");
    }
}

fn walk(folder: &Path, below: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), found);
        } else {
            found.push(path);
        }
    }
}
