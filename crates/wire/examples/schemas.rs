//! Writes the JSON Schemas of every object into a folder, or says which of them drifted:
//! `schemas FOLDER [--check]`. `cargo xtask schemas` runs it.
#![allow(clippy::print_stderr, reason = "its output is for a developer")]

use countersign_wire::schema;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let done = match given.as_slice() {
        [folder] => write(Path::new(folder)),
        [folder, "--check"] => check(Path::new(folder)),
        _ => Err("usage: schemas FOLDER [--check]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Every file with its text.
fn files(folder: &Path) -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let file = |name: &str| folder.join(format!("{name}.schema.json"));
    let text = |(name, schema): &(&str, serde_json::Value)| {
        Ok((file(name), serde_json::to_string_pretty(schema)? + "\n"))
    };
    schema::all().iter().map(text).collect()
}

fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    files(folder)?.into_iter().try_for_each(|(file, text)| Ok(std::fs::write(file, text)?))
}

fn check(folder: &Path) -> Result<(), Box<dyn Error>> {
    let files = files(folder)?;
    let stale = |(file, text): &&(PathBuf, String)| {
        std::fs::read_to_string(file).ok().as_ref() != Some(text)
    };
    let mut wrong: Vec<String> = files.iter().filter(stale).map(|(file, _)| name(file)).collect();
    let known: Vec<String> = files.iter().map(|(file, _)| name(file)).collect();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && !known.contains(&name(&path)) {
            wrong.push(name(&path));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("not as the types say it, run `cargo xtask schemas`: {}", wrong.join(", ")).into())
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
