//! This implementation answers every vector as it must, and none is forgotten.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed, also in its helpers"
)]

mod coverage;

use countersign_vectors::{FILES, Vector, answer, suite};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn manifest() -> Value {
    serde_json::from_slice(&std::fs::read(root().join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn every_vector_is_answered_as_the_manifest_says() {
    let vectors = suite().unwrap();
    let wrong: Vec<String> = vectors
        .iter()
        .filter_map(|v| v.holds().err().map(|why| format!("{} {}: {why}", v.file(), v.name())))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn manifest_and_folder_and_what_is_built_in_tell_the_same() {
    let manifest = manifest();
    let files = manifest["files"].as_array().unwrap();
    let listed: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.retain(|path| path != "manifest.json");
    found.sort();
    assert_eq!(listed, found, "in order, each once");
    assert_eq!(FILES.map(|(path, _)| path).as_slice(), listed, "built in");
    let counted = suite().unwrap().into_iter().filter(|v| v.kind() != "published").count();
    assert_eq!(manifest["count"], json!(counted));
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

#[test]
fn most_vectors_are_bad_ones() {
    let vectors = suite().unwrap();
    let good = vectors.iter().filter(|v| ["accepted", "Valid"].contains(&v.expect())).count();
    assert!(vectors.len() >= 250, "{}", vectors.len());
    assert!(good * 2 < vectors.len(), "{good} of {}", vectors.len());
}

#[test]
fn no_two_vectors_are_the_same() {
    let mut seen = BTreeSet::new();
    for vector in suite().unwrap() {
        let mut question = vector.question().clone();
        question["name"] = Value::Null;
        let own = (vector.kind().to_owned(), question.to_string());
        assert!(seen.insert(own), "{} {} is there already", vector.file(), vector.name());
    }
}

/// A vector that lost a member is told as damaged: the check that asks it fails, and nothing panics.
#[test]
fn a_damaged_vector_is_told() {
    for vector in suite().unwrap() {
        for kind in [vector.kind(), "no such kind"] {
            assert!(answer(kind, &json!({})).is_err(), "{kind}");
        }
        let members = vector.question().as_object().unwrap();
        for name in members.keys() {
            let mut less = members.clone();
            less.remove(name);
            // Some members are only compared, or may be left out.
            let _ = answer(vector.kind(), &Value::Object(less));
        }
    }
}

/// Every outcome that some vector of these kinds has.
fn outcomes(kinds: &[&str]) -> BTreeSet<String> {
    let vectors = suite().unwrap();
    let of_kind = vectors.iter().filter(|v| kinds.contains(&v.kind()));
    of_kind.map(Vector::expect).map(str::to_owned).collect()
}
